/** What is done after each look at a whole archive: smaller files, fewer lines. All of it may fail and is done again the next time. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { compressReport } from '../encode/compress.ts';
import { limits } from '../limits.ts';
import { atomicWrite } from './atomic-write.ts';
import { appendToIndex, indexName, withBytes } from './index-file.ts';
import { readLines } from './index-reader.ts';
import type { SafeDirectory } from './location.ts';
import { signaturesName } from './occurrences.ts';
import { readBytes } from './read.ts';
import { removeFile } from './remove.ts';
import type { ArchiveFile, Directory } from './scan.ts';

const dayMs = 86_400_000;
/** Reports of this age are compressed, so many after each look at everything. */
const compressAfterMs = dayMs;
const maxCompressed = 200;
/** An index with more useless lines than useful ones is written anew, from this length on. */
const minWasteLines = 2_000;

/** Gives a file new content at once; not synced. @throws the system's error */
export async function replaceFile(
  directory: SafeDirectory,
  name: string,
  text: string,
): Promise<void> {
  const temporary = `.${name}.${randomBytes(8).toString('hex')}.tmp`;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  try {
    const file = await open(directory.pathOf(temporary), flags, 0o600);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    await rename(directory.pathOf(temporary), directory.pathOf(name));
  } catch (error) {
    await unlink(directory.pathOf(temporary)).catch(() => undefined);
    throw error;
  }
}

/** A line that another writer appends between reading and renaming is lost with the old file; its report is looked into again. */
export async function rewriteIndex(
  directory: SafeDirectory,
  found: Directory,
  kept: readonly ArchiveFile[],
): Promise<void> {
  if (found.indexLines < minWasteLines || found.indexLines < 3 * kept.length) return;
  const known = await readLines(
    directory.path,
    kept.map(({ stem }) => stem),
  );
  const lines = kept.flatMap(({ stem }) => known.get(stem) ?? []);
  const text = lines.reverse().join('\n');
  await replaceFile(directory, indexName, `${text}\n`).catch(() => undefined);
}

/** Reports to compress, the newest first. */
export function findOld(newestFirst: readonly ArchiveFile[], nowMs: number): ArchiveFile[] {
  return newestFirst
    .filter((file) => !file.fileName.endsWith('.gz') && nowMs - file.capturedAtMs > compressAfterMs)
    .slice(-maxCompressed);
}

/** Old reports are read rarely: they are kept at a sixth of their size. What came today stays plain, whenever it was captured. */
export async function compressOld(
  directory: SafeDirectory,
  newestFirst: readonly ArchiveFile[],
  nowMs: number,
): Promise<void> {
  const old = findOld(newestFirst, nowMs);
  if (old.length === 0) return;
  const known = await readLines(
    directory.path,
    old.map(({ stem }) => stem),
  );
  for (const { fileName, stem } of old) {
    try {
      const { mtimeMs } = await lstat(directory.pathOf(fileName));
      if (nowMs - mtimeMs < compressAfterMs) continue;
      const bytes = await readBytes(directory.pathOf(fileName), limits.maxReportBytes);
      const packed = compressReport(bytes);
      await atomicWrite(directory, `${fileName}.gz`, [packed]);
      await removeFile(directory.pathOf(fileName));
      const line = known.get(stem);
      if (line !== undefined) await appendToIndex(directory, [withBytes(line, packed.length)]);
    } catch {
      return; // a full disk, most likely; the plain report is there
    }
  }
}

/** Counts of trouble that was not seen for so long that no report of it is left; and what writers of sums left that died. */
export async function forgetSignatures(
  directory: SafeDirectory,
  maxAgeMs: number,
  nowMs: number,
): Promise<void> {
  const path = directory.pathOf(signaturesName);
  for (const name of await readdir(path).catch(() => [])) {
    const own = join(path, name);
    const stats = await lstat(own).catch(() => null);
    if (stats?.isDirectory() !== true) continue;
    let isKept = false;
    for (const file of await readdir(own).catch(() => [])) {
      const { mtimeMs } = (await lstat(join(own, file)).catch(() => null)) ?? { mtimeMs: nowMs };
      const limitMs = file.endsWith('.tmp') ? dayMs : maxAgeMs;
      if (nowMs - mtimeMs > limitMs) await removeFile(join(own, file));
      else isKept = true;
    }
    if (!isKept) await rmdir(own).catch(() => undefined);
  }
}
