/** The archive: a directory of sealed reports. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SleeperError } from '../errors.ts';
import type { Report } from '../report/schema.ts';
import { atomicWrite } from './atomic-write.ts';
import { formatReportName, numberedName, parseReportName } from './file-name.ts';
import type { ReportNameParts } from './file-name.ts';
import { listArchive } from './list.ts';
import type { ArchiveEntry, Listing } from './list.ts';
import { errnoOf, openSafeDirectory } from './location.ts';
import type { SafeDirectory } from './location.ts';
import { defaultPolicy, pruneArchive } from './prune.ts';
import type { PruneOptions, PrunePolicy, PruneResult } from './prune.ts';
import { readReport } from './read.ts';

/** Reports of the same name tried before giving up; names hold a random id, so that two are rare. */
const maxSameNames = 100;

/** An archive directory. Reading never creates it; the first seal does. */
export interface Archive {
  readonly path: string;
  /**
   * Makes encoded bytes a file of the archive, on the disk when this returns, then prunes.
   * @param options.fileName a name promised to somebody before the report existed; taken already, the report is
   *                         sealed under that name with a number
   * @returns the path
   * @throws SleeperError ERR_SLEEPER_ARCHIVE_UNSAFE, ERR_SLEEPER_ARCHIVE_WRITE: nothing was left behind
   */
  seal: (
    bytes: Uint8Array,
    header: ReportNameParts,
    options?: { readonly fileName?: string },
  ) => Promise<string>;
  /** Newest first. */
  list: () => Promise<Listing>;
  /**
   * Finds one report's path.
   * @param selector `last`, the beginning of an id, a file name of the archive, or a path
   * @throws SleeperError ERR_SLEEPER_NO_SUCH_REPORT, ERR_SLEEPER_USAGE when several begin so
   */
  find: (selector: string) => Promise<string>;
  /** @throws SleeperError as find(), and ERR_SLEEPER_NOT_A_REPORT, ERR_SLEEPER_FORMAT_TOO_NEW */
  read: (selector: string) => Promise<Report>;
  prune: (options?: PruneOptions) => Promise<PruneResult>;
}

/** The facts of a report that its file name is made of. */
export function namePartsOf(report: Report): ReportNameParts {
  return {
    id: report.id,
    capturedAt: report.capturedAt,
    hostname: report.host.hostname,
    pid: report.process.pid,
    triggerKind: report.trigger.kind,
  };
}

/**
 * Opens an archive; nothing is touched yet.
 * @param path absolute, from locateArchive()
 */
export function openArchive(path: string, policy: PrunePolicy = defaultPolicy): Archive {
  return {
    path,
    seal: (bytes, header, options) => sealReport(path, policy, bytes, header, options?.fileName),
    list: () => listArchive(path),
    find: (selector) => findReport(path, selector),
    read: async (selector) => readReport(await findReport(path, selector)),
    prune: (options) => pruneArchive(path, policy, options),
  };
}

async function sealReport(
  path: string,
  policy: PrunePolicy,
  bytes: Uint8Array,
  header: ReportNameParts,
  promisedName: string | undefined,
): Promise<string> {
  const wanted = promisedName ?? formatReportName(header);
  if (parseReportName(wanted) === null) {
    throw new SleeperError(
      'ERR_SLEEPER_ARCHIVE_WRITE',
      `Cannot seal a report as ${wanted}: that is not the name of a report.`,
      { fileName: wanted },
    );
  }
  const directory = await openSafeDirectory(path);
  let fileName: string;
  try {
    fileName = await writeMakingRoom(directory, policy, wanted, bytes);
  } catch (cause) {
    const errno = errnoOf(cause);
    throw new SleeperError(
      'ERR_SLEEPER_ARCHIVE_WRITE',
      `Cannot write the report of process ${header.pid} (${wanted}, ${bytes.length} bytes) into ${path}: ${errno}. This report is lost.`,
      { path, fileName: wanted, bytes: bytes.length, errno },
      { cause },
    );
  } finally {
    await directory.handle.close();
  }
  // The report is safe. That an old one could not be deleted is told by the next `sleeper prune`.
  await pruneArchive(path, policy).catch(() => undefined);
  return resolve(path, fileName);
}

/** A full disk costs old reports before it costs the new one. */
async function writeMakingRoom(
  directory: SafeDirectory,
  policy: PrunePolicy,
  wanted: string,
  bytes: Uint8Array,
): Promise<string> {
  try {
    return await writeUnderFreeName(directory, wanted, bytes);
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes(errnoOf(error))) {
      throw error;
    }
    const neededBytes = bytes.length + 64 * 1024; // and a little for the directory
    const { choices } = await pruneArchive(directory.path, policy, { neededBytes });
    if (choices.length === 0) {
      throw error;
    }
    return writeUnderFreeName(directory, wanted, bytes);
  }
}

async function writeUnderFreeName(
  directory: SafeDirectory,
  wanted: string,
  bytes: Uint8Array,
): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const fileName = numberedName(wanted, attempt);
    try {
      await atomicWrite(directory, fileName, bytes);
      return fileName;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST' || attempt === maxSameNames) {
        throw error;
      }
    }
  }
}

async function findReport(path: string, selector: string): Promise<string> {
  if (selector.includes('/')) {
    return resolve(selector);
  }
  const { entries } = await listArchive(path);
  if (selector === 'last') {
    const [newest] = entries;
    return newest?.path ?? failToFind(path, 'The archive holds no report');
  }
  const sameName = entries.find((entry) => entry.fileName === selector);
  if (sameName !== undefined) {
    return sameName.path;
  }
  if (await isFile(selector)) {
    return resolve(selector);
  }
  const found = entries.filter((entry) => isNamedBy(entry, selector.toLowerCase()));
  const [first, second] = found;
  if (first === undefined) {
    failToFind(path, `No report has an id that begins with ${JSON.stringify(selector)}`);
  }
  if (second !== undefined) {
    throw new SleeperError(
      'ERR_SLEEPER_USAGE',
      `${found.length} reports have an id that begins with ${JSON.stringify(selector)}; give more of it.`,
      { selector, fileNames: found.map((entry) => entry.fileName) },
    );
  }
  return first.path;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}

function isNamedBy(entry: ArchiveEntry, selector: string): boolean {
  if (selector === '') {
    return false;
  }
  const id = entry.header?.id.toLowerCase() ?? '';
  return (
    id.startsWith(selector) ||
    id.replaceAll('-', '').startsWith(selector) ||
    entry.shortId.startsWith(selector)
  );
}

function failToFind(path: string, problem: string): never {
  throw new SleeperError('ERR_SLEEPER_NO_SUCH_REPORT', `${problem} (${path}).`, { path });
}
