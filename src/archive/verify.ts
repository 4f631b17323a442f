/** Looks at every file of an archive: whole, readable, its owner's alone? Mends what can be mended without losing anything. */
import { chmod, lstat, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { SleeperError } from '../errors.ts';
import { isOwnName } from './file-name.ts';
import { indexName } from './index-file.ts';
import { type SafeDirectory, errnoOf, openSafeDirectory } from './location.ts';
import { signaturesName } from './occurrences.ts';
import { readReport } from './read.ts';
import { defaultPolicy } from './choose.ts';
import { policyName } from './kept-policy.ts';
import { pruneArchive } from './rotation.ts';
import { type ArchiveFile, readDirectory } from './scan.ts';

/** One thing that is not as it should be. */
export interface Finding {
  readonly fileName: string;
  readonly problem: string;
  /** `error`: something is lost or open to others · `note`: worth knowing. */
  readonly severity: 'error' | 'note';
  /** True: it was mended. */
  readonly isMended: boolean;
}

/** What a check found. */
export interface Verification {
  readonly reports: number;
  readonly bytes: number;
  readonly findings: readonly Finding[];
}

/**
 * Reads every report.
 * @param mend narrows permissions, makes the index anew
 * @throws SleeperError ERR_SLEEPER_NO_SUCH_REPORT when the directory cannot be read
 */
export async function verifyArchive(path: string, mend: boolean): Promise<Verification> {
  const findings: Finding[] = [];
  const add = (
    fileName: string,
    problem: string,
    severity: Finding['severity'],
    isMended = false,
  ): void => {
    findings.push({ fileName, problem, severity, isMended });
  };
  const { files, others } = await readDirectory(path);
  await checkDirectory(path, mend, add);
  let bytes = 0;
  for (const file of files) bytes += await checkReport(file, mend, add);
  for (const { fileName, reason } of others) {
    const words = {
      unfinished:
        'left by a writer that died or is at work; `sleeper prune` recovers or deletes it',
      twice: 'there is the same report uncompressed; `sleeper prune` deletes this one',
      'foreign name': 'not of sleeper; left alone',
      'not a regular file': 'not a regular file; left alone',
    };
    add(fileName, words[reason], 'note');
  }
  const strangers = files.filter(({ line }) => line === undefined).length;
  if (strangers > 0) add(indexName, `it does not know ${strangers} of the reports`, 'note', mend);
  if (mend) await makeIndexAnew(path);
  return { reports: files.length, bytes, findings };
}

type Add = (
  fileName: string,
  problem: string,
  severity: Finding['severity'],
  isMended?: boolean,
) => void;

async function checkDirectory(path: string, mend: boolean, add: Add): Promise<void> {
  const stats = await lstat(path).catch(() => null);
  if (stats === null) return;
  if (stats.isSymbolicLink())
    add('.', 'the archive is a symbolic link: nothing will be written to it', 'error');
  await checkMode(path, '.', 0o700, mend, add);
  for (const name of [indexName, '.rotation', policyName, 'sleeper.log', 'agent-errors.log']) {
    if (isOwnName(name)) await checkMode(join(path, name), name, 0o600, mend, add);
  }
  await checkMode(join(path, signaturesName), signaturesName, 0o700, mend, add);
}

/** @returns the size */
async function checkReport(file: ArchiveFile, mend: boolean, add: Add): Promise<number> {
  const { fileName, path } = file;
  const stats = await lstat(path).catch(() => null);
  if (stats === null) return 0; // pruned meanwhile
  if (!stats.isFile()) {
    add(fileName, 'not a regular file: it is not followed', 'error');
    return 0;
  }
  await checkMode(path, fileName, 0o600, mend, add);
  try {
    const { missing, id } = await readReport(path, { followLinks: false });
    const damages = missing.filter(({ reason }) => reason.startsWith('unreadable: the file '));
    for (const { what, reason } of damages) add(fileName, `${what}: ${reason}`, 'error');
    if (!isIdOf(id, file.shortId)) add(fileName, `the report in it is ${id}`, 'error');
  } catch (error) {
    if (!(error instanceof SleeperError)) throw error;
    add(fileName, error.message, 'error');
  }
  return stats.size;
}

function isIdOf(id: string, shortId: string): boolean {
  const digits = id.toLowerCase().replaceAll('-', '').slice(0, 8);
  return digits === shortId || !/^[0-9a-f]{8}$/.test(digits);
}

async function checkMode(
  path: string,
  name: string,
  allowed: number,
  mend: boolean,
  add: Add,
): Promise<void> {
  const stats = await lstat(path).catch(() => null);
  if (stats === null || stats.isSymbolicLink()) return;
  const uid = process.geteuid?.();
  if (stats.uid !== uid)
    add(name, `it belongs to user ${stats.uid}, and this is user ${String(uid)}`, 'error');
  const wide = stats.mode & 0o777 & ~allowed;
  if (wide === 0) return;
  const isMended =
    mend &&
    stats.uid === uid &&
    (await chmod(path, stats.mode & allowed).then(
      () => true,
      () => false,
    ));
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
  add(name, `others may use it (mode ${mode})`, 'error', isMended);
}

/** The old one goes aside first: should we die now, there is none, and the next look makes one. */
async function makeIndexAnew(path: string): Promise<void> {
  let directory: SafeDirectory;
  try {
    directory = await openSafeDirectory(path);
  } catch (error) {
    if (error instanceof SleeperError) return;
    throw error;
  }
  try {
    await rename(
      directory.pathOf(indexName),
      directory.pathOf(`.${indexName}.0000000000000000.tmp`),
    ).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
    });
  } finally {
    await directory.handle.close();
  }
  const unlimited = {
    maxReports: Infinity,
    maxAgeMs: Infinity,
    maxBytes: Infinity,
    maxShare: 1,
    keepFreeShare: 0,
  };
  await pruneArchive(path, { ...defaultPolicy, ...unlimited });
}
