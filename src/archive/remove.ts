/** Deletes, and tidies up behind writers that died. Only what belongs to us, only regular files, never through a link. */
import { lstat, link, unlink } from 'node:fs/promises';
import { SleeperError } from '../errors.ts';
import { lostVerdicts } from '../report/schema.ts';
import { parseReportName } from './file-name.ts';
import { appendToIndex, formatGoneLine } from './index-file.ts';
import { type SafeDirectory, errnoOf } from './location.ts';
import { readHeader } from './read.ts';
import type { OtherFile } from './names.ts';
import { noteSuffix, pinSuffix } from './sidecars.ts';

/** A writer needs seconds. What is unfinished after this time was left by one that died. */
const leftoverAgeMs = 10 * 60_000;

/** What happened to a leftover. */
export interface Leftover {
  readonly fileName: string;
  /** `recovered`: enough of a report was written to be worth its name. */
  readonly fate: 'deleted' | 'recovered';
}

/** A report to delete: its two possible names. */
export interface Removal {
  readonly stem: string;
  readonly bytes: number;
}

/** A file that should have gone and could not. */
export interface RemovalFailure {
  readonly fileName: string;
  readonly errno: string;
}

/** Deletes reports with what was kept beside them. Somebody else may have been quicker: that is no failure. */
export async function removeReports(
  directory: SafeDirectory,
  removals: readonly Removal[],
): Promise<RemovalFailure[]> {
  const failures: RemovalFailure[] = [];
  const gone: string[] = [];
  for (const { stem, bytes } of removals) {
    let isGone = true;
    for (const fileName of [`${stem}.msgpack`, `${stem}.msgpack.gz`]) {
      const errno = await removeFile(directory.pathOf(fileName));
      if (errno !== null) {
        isGone = false;
        failures.push({ fileName, errno });
      }
    }
    if (!isGone) continue;
    gone.push(formatGoneLine(stem, bytes));
    for (const suffix of [noteSuffix, pinSuffix]) await removeFile(directory.pathOf(stem + suffix));
  }
  await appendToIndex(directory, gone);
  return failures;
}

/**
 * Writers that died left these: half of two names for one file, a report in the middle, nothing of worth.
 * @param isDry only says what would happen
 */
export async function clearLeftovers(
  directory: SafeDirectory,
  others: readonly OtherFile[],
  nowMs: number,
  isDry: boolean,
): Promise<Leftover[]> {
  const cleared: Leftover[] = [];
  for (const { fileName, reason } of others) {
    if (reason !== 'unfinished' && reason !== 'twice') continue;
    const path = directory.pathOf(fileName);
    const stats = await lstat(path).catch(() => null);
    if (stats === null || !stats.isFile() || stats.uid !== process.geteuid?.()) continue;
    if (reason === 'unfinished' && nowMs - stats.mtimeMs < leftoverAgeMs) continue;
    const isRecovered = reason === 'unfinished' && (await recover(directory, fileName, isDry));
    if (!isDry) await removeFile(path);
    cleared.push({ fileName, fate: isRecovered ? 'recovered' : 'deleted' });
  }
  return cleared;
}

/** Gives an unfinished report its name when it tells at least its verdict. */
async function recover(
  directory: SafeDirectory,
  fileName: string,
  isDry: boolean,
): Promise<boolean> {
  const wanted = /^\.(.*)\.[0-9a-f]{16}\.tmp$/.exec(fileName)?.[1] ?? '';
  if (parseReportName(wanted) === null || wanted.endsWith('.gz')) return false;
  try {
    const header = await readHeader(directory.pathOf(fileName));
    if (header.verdict.kind === lostVerdicts[0]) return false;
    if (!isDry) await link(directory.pathOf(fileName), directory.pathOf(wanted));
    return true;
  } catch (error) {
    // EEXIST: it was sealed, and only its second name was left.
    if (error instanceof SleeperError || ['EEXIST', 'EPERM'].includes(errnoOf(error))) return false;
    throw error;
  }
}

/** @returns null when the file is gone, however that came; else the system's error */
export async function removeFile(path: string): Promise<string | null> {
  try {
    const stats = await lstat(path);
    if (!stats.isFile() || stats.uid !== process.geteuid?.()) return 'not ours';
    await unlink(path);
    return null;
  } catch (error) {
    const errno = errnoOf(error);
    return errno === 'ENOENT' ? null : errno;
  }
}
