/** The archive: a directory of sealed reports. */
import { resolve } from 'node:path';
import { SleeperError } from '../errors.ts';
import type { Report } from '../report/schema.ts';
import { atomicWrite } from './atomic-write.ts';
import type { PrunePolicy } from './choose.ts';
import { readPolicy } from './kept-policy.ts';
import {
  type Delivery,
  type OutgoingReport,
  type ReportDestination,
  deliver,
  fallbackDirectories,
} from './destination.ts';
import type { ReportFacts } from './facts.ts';
import { formatReportName, numberedName, parseReportName, stemOf } from './file-name.ts';
import { findReport } from './find.ts';
import { appendToIndex, formatIndexLine } from './index-file.ts';
import { type Listing, listArchive } from './list.ts';
import { type SafeDirectory, errnoOf, openSafeDirectory } from './location.ts';
import {
  type RepeatPolicy,
  type SignatureHistory,
  addOccurrence,
  isRepeat,
  readOccurrences,
  signaturesName,
} from './occurrences.ts';
import { readReport } from './read.ts';
import { type PruneOptions, type PruneResult, pruneArchive, rotate } from './rotation.ts';

export { factsOf as namePartsOf } from './facts.ts';

/** Reports of the same name tried before giving up; names hold a random id, so that two are rare. */
const maxSameNames = 100;

/** How to seal. */
export interface SealOptions {
  /** A name promised to somebody before the report existed; taken already, the report is sealed under it with a number. */
  readonly fileName?: string;
  /** The same trouble again within the cool-down is counted, not written. */
  readonly repeats?: RepeatPolicy;
  /** Without it, a report that the archive does not take is lost. */
  readonly fallback?: boolean;
}

/** What became of a report. */
export interface Sealed extends Delivery {
  /** True: it was counted; `path` is the newest report of the same signature. */
  readonly isCounted: boolean;
}

/** An archive directory. Reading never creates it; the first seal does. */
export interface Archive extends ReportDestination {
  readonly path: string;
  /**
   * Makes encoded bytes a file of the archive, on the disk when this returns, then rotates.
   * @param content bytes, or a function that gives them piece by piece
   * @returns the path
   * @throws SleeperError ERR_SLEEPER_ARCHIVE_UNSAFE, ERR_SLEEPER_ARCHIVE_WRITE: nothing was left behind
   */
  seal: (
    content: Uint8Array | OutgoingReport['content'],
    facts: ReportFacts,
    options?: SealOptions,
  ) => Promise<string>;
  /** The same, and says what became of it. @throws SleeperError ERR_SLEEPER_ARCHIVE_WRITE saying what is lost */
  keep: (
    content: OutgoingReport['content'],
    facts: ReportFacts,
    options?: SealOptions,
  ) => Promise<Sealed>;
  /** Counts one more occurrence without a report. Fails silently: no report depends on it. */
  count: (facts: ReportFacts) => Promise<void>;
  /** Newest first. */
  list: () => Promise<Listing>;
  /** How often a trouble was seen. */
  history: (signature: string) => Promise<SignatureHistory | null>;
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

/**
 * Opens an archive; nothing is touched yet.
 * @param path absolute, from locateArchive()
 * @param policy instead of the limits that the archive keeps
 */
export function openArchive(path: string, policy?: PrunePolicy): Archive {
  const archive: Archive = {
    path,
    name: path,
    take: async (report) => takeReport(path, policy ?? (await readPolicy(path)), report),
    seal: async (content, facts, options) =>
      (await keepReport(archive, outgoing(content, facts, options), options ?? {})).path,
    keep: (content, facts, options) =>
      keepReport(archive, outgoing(content, facts, options), options ?? {}),
    count: (facts) => countOnly(path, facts),
    list: () => listArchive(path),
    history: (signature) => readOccurrences(`${path}/${signaturesName}`, signature),
    find: (selector) => findReport(path, selector),
    read: async (selector) => readReport(await findReport(path, selector)),
    prune: async (options) => pruneArchive(path, policy ?? (await readPolicy(path)), options),
  };
  return archive;
}

function outgoing(
  content: Uint8Array | OutgoingReport['content'],
  facts: ReportFacts,
  options: SealOptions | undefined,
): OutgoingReport {
  const fileName = options?.fileName;
  return {
    facts,
    content: typeof content === 'function' ? content : () => [content],
    ...(fileName !== undefined && { fileName }),
  };
}

async function keepReport(
  archive: Archive,
  report: OutgoingReport,
  { repeats, fallback = false }: SealOptions,
): Promise<Sealed> {
  const { signature } = report.facts.header;
  if (repeats !== undefined && report.fileName === undefined) {
    const history = await archive.history(signature);
    const example = history?.occurrences.findLast((one) => one.report !== undefined)?.report;
    if (example !== undefined && isRepeat(history, repeats, Date.parse(report.facts.capturedAt))) {
      await countOnly(archive.path, report.facts);
      return { path: resolve(archive.path, `${example}.msgpack`), refusals: [], isCounted: true };
    }
  }
  const others = fallback ? fallbackDirectories().map(fallbackDestination) : [];
  return { ...(await deliver(report, [archive, ...others])), isCounted: false };
}

/** The directory is asked for when it is needed: asking may make one. */
function fallbackDestination(directory: () => Promise<string>): ReportDestination {
  return {
    name: 'the fallback directory',
    take: async (report) => {
      const path = await directory().catch((cause: unknown) => {
        const errno = errnoOf(cause);
        throw new SleeperError(
          'ERR_SLEEPER_ARCHIVE_WRITE',
          `Cannot make a directory in the temporary directory: ${errno}.`,
          { errno },
          { cause },
        );
      });
      return openArchive(path).take(report);
    },
  };
}

async function countOnly(path: string, facts: ReportFacts): Promise<void> {
  const directory = await openSafeDirectory(path).catch(() => null);
  if (directory === null) return;
  try {
    await note(directory, facts);
  } finally {
    await directory.handle.close();
  }
}

function note(directory: SafeDirectory, facts: ReportFacts, report?: string): Promise<void> {
  const { capturedAt, pid, hostname, triggerKind, header } = facts;
  const occurrence = {
    ...{ at: capturedAt, pid, host: hostname, trigger: triggerKind },
    ...(report !== undefined && { report }),
  };
  return addOccurrence(directory, header.signature, occurrence).catch(() => undefined);
}

async function takeReport(
  path: string,
  policy: PrunePolicy,
  { facts, content, fileName: promised }: OutgoingReport,
): Promise<string> {
  const wanted = promised ?? formatReportName(facts);
  if (parseReportName(wanted) === null || wanted.endsWith('.gz')) {
    throw new SleeperError(
      'ERR_SLEEPER_ARCHIVE_WRITE',
      `Cannot seal a report as ${wanted}: that is not the name of a report.`,
      { fileName: wanted },
    );
  }
  const directory = await openSafeDirectory(path);
  try {
    const { fileName, bytes } = await writeMakingRoom(directory, policy, wanted, content);
    await afterSeal(directory, policy, fileName, bytes, facts);
    return resolve(path, fileName);
  } catch (cause) {
    if (cause instanceof SleeperError) throw cause;
    const errno = errnoOf(cause);
    throw new SleeperError(
      'ERR_SLEEPER_ARCHIVE_WRITE',
      `Cannot write the report of process ${facts.pid} (${wanted}) into ${path}: ${errno}.`,
      { path, fileName: wanted, errno },
      { cause },
    );
  } finally {
    await directory.handle.close();
  }
}

/** The report is safe. What goes wrong from here on costs an index that is made again, or is told by the next `sleeper prune`. */
async function afterSeal(
  directory: SafeDirectory,
  policy: PrunePolicy,
  fileName: string,
  bytes: number,
  facts: ReportFacts,
): Promise<void> {
  const stem = stemOf(fileName);
  const { signature } = facts.header;
  const history = await readOccurrences(directory.pathOf(signaturesName), signature);
  const previous = history?.occurrences.findLast((one) => one.report !== undefined)?.report ?? '';
  await note(directory, facts, stem);
  await appendToIndex(directory, [formatIndexLine(stem, bytes, previous, facts)]);
  await rotate(directory, policy, Date.now()).catch(() => undefined);
}

/** A full disk costs old reports before it costs the new one. */
async function writeMakingRoom(
  directory: SafeDirectory,
  policy: PrunePolicy,
  wanted: string,
  content: OutgoingReport['content'],
): Promise<{ fileName: string; bytes: number }> {
  try {
    return await writeUnderFreeName(directory, wanted, content);
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes(errnoOf(error))) {
      throw error;
    }
    let neededBytes = 64 * 1024; // a little for the directory
    for (const part of content()) neededBytes += part.length;
    const { choices } = await pruneArchive(directory.path, policy, { neededBytes });
    if (choices.length === 0) {
      throw error;
    }
    return writeUnderFreeName(directory, wanted, content);
  }
}

async function writeUnderFreeName(
  directory: SafeDirectory,
  wanted: string,
  content: OutgoingReport['content'],
): Promise<{ fileName: string; bytes: number }> {
  for (let attempt = 1; ; attempt++) {
    const fileName = numberedName(wanted, attempt);
    try {
      return { fileName, bytes: await atomicWrite(directory, fileName, content()) };
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST' || attempt === maxSameNames) {
        throw error;
      }
    }
  }
}
