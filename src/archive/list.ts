/** What an archive holds, told by file names, sizes, and on demand the first bytes of each file. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReportHeader } from '../encode/decode.ts';
import { SleeperError } from '../errors.ts';
import { isTemporaryName } from './atomic-write.ts';
import { isLogName, parseReportName } from './file-name.ts';
import type { ParsedReportName } from './file-name.ts';
import { errnoOf } from './location.ts';
import { readHeader } from './read.ts';

/** A report file, as its name and the directory tell. */
export interface ArchiveFile extends ParsedReportName {
  readonly fileName: string;
  readonly path: string;
  readonly bytes: number;
  /** Owner. Reading is for everybody who may; deleting is for the owner. */
  readonly uid: number;
}

/** A report file whose first bytes were read. */
export interface ArchiveEntry extends ArchiveFile {
  /** Absent when the file cannot be read as a report; then `problem` says why. */
  readonly header?: ReportHeader;
  readonly problem?: string;
}

/** What is in the directory but is no report. */
export interface SkippedFile {
  readonly fileName: string;
  readonly path: string;
  readonly reason: 'unfinished' | 'foreign name' | 'not a regular file';
  readonly uid: number;
  /** Wall clock, milliseconds since 1970. */
  readonly modifiedAtMs: number;
}

export interface Directory {
  /** Newest first. */
  readonly files: readonly ArchiveFile[];
  readonly skipped: readonly SkippedFile[];
}

export interface Listing {
  /** Newest first. */
  readonly entries: readonly ArchiveEntry[];
  readonly skipped: readonly SkippedFile[];
}

/** Headers read at a time: enough to keep the thread pool busy, few enough for every descriptor limit. */
const headersAtOnce = 16;

/**
 * Names and sizes. A directory that is not there is an empty archive.
 * @throws SleeperError ERR_SLEEPER_NO_SUCH_REPORT when the directory cannot be read
 */
export async function readArchiveDirectory(directory: string): Promise<Directory> {
  const files: ArchiveFile[] = [];
  const skipped: SkippedFile[] = [];
  for (const fileName of await readNames(directory)) {
    if (isLogName(fileName)) continue;
    const path = join(directory, fileName);
    const stats = await lstat(path).catch(() => null);
    if (stats === null) {
      continue; // pruned meanwhile
    }
    const name = parseReportName(fileName);
    const skip = (reason: SkippedFile['reason']): void => {
      skipped.push({ fileName, path, reason, uid: stats.uid, modifiedAtMs: stats.mtimeMs });
    };
    if (!stats.isFile()) {
      skip('not a regular file');
    } else if (name === null) {
      skip(isTemporaryName(fileName) ? 'unfinished' : 'foreign name');
    } else {
      files.push({ ...name, fileName, path, bytes: stats.size, uid: stats.uid });
    }
  }
  files.sort((a, b) => b.capturedAtMs - a.capturedAtMs || compareText(b.fileName, a.fileName));
  return { files, skipped };
}

/**
 * Everything with its header.
 * @throws SleeperError ERR_SLEEPER_NO_SUCH_REPORT when the directory cannot be read
 */
export async function listArchive(directory: string): Promise<Listing> {
  const { files, skipped } = await readArchiveDirectory(directory);
  const entries: ArchiveEntry[] = [];
  for (let start = 0; start < files.length; start += headersAtOnce) {
    entries.push(...(await Promise.all(files.slice(start, start + headersAtOnce).map(readEntry))));
  }
  return { entries: entries.sort(newestFirst), skipped };
}

async function readEntry(file: ArchiveFile): Promise<ArchiveEntry> {
  try {
    return { ...file, header: await readHeader(file.path) };
  } catch (error) {
    if (error instanceof SleeperError) {
      return { ...file, problem: error.message };
    }
    throw error;
  }
}

/** Names have whole seconds; headers tell the order within one. */
function newestFirst(a: ArchiveEntry, b: ArchiveEntry): number {
  return (
    b.capturedAtMs - a.capturedAtMs ||
    compareText(b.header?.capturedAt ?? '', a.header?.capturedAt ?? '') ||
    compareText(b.fileName, a.fileName)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function readNames(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === 'ENOENT') {
      return [];
    }
    throw new SleeperError(
      'ERR_SLEEPER_NO_SUCH_REPORT',
      `Cannot read the archive ${directory}: ${errno}.`,
      { directory, errno },
      { cause },
    );
  }
}
