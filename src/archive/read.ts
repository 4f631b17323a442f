/** Files to reports. A file may be anything: a pipe that never ends, a device, gigabytes, a report cut in the middle. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import type { KnownFacts } from '../encode/damaged.ts';
import { decodeHeader, decodeReport } from '../encode/decode.ts';
import type { ReportHeader } from '../encode/report-header.ts';
import { decodeGuiltyFrames } from '../encode/guilty-frames.ts';
import { SleeperError } from '../errors.ts';
import { limits } from '../limits.ts';
import { type Report, lostVerdicts, triggerKinds } from '../report/schema.ts';
import { functionsOf } from './facts.ts';
import { parseReportName } from './file-name.ts';
import type { IndexFacts } from './index-file.ts';
import { errnoOf } from './location.ts';

/** How to open. */
export interface ReadOptions {
  /** What a person names may be a link; what lies in an archive may not. */
  readonly followLinks?: boolean;
}

/**
 * Reads a report file.
 * @throws SleeperError ERR_SLEEPER_NO_SUCH_REPORT when there is no such file or it may not be read,
 *         ERR_SLEEPER_NOT_A_REPORT, ERR_SLEEPER_FORMAT_TOO_NEW
 */
export async function readReport(path: string, options?: ReadOptions): Promise<Report> {
  const bytes = await readBytes(path, limits.maxReportBytes + 1, options);
  return decodeReport(bytes, path, factsFromName(path));
}

/**
 * Reads only what a listing needs.
 * @throws SleeperError as readReport()
 */
export async function readHeader(path: string, options?: ReadOptions): Promise<ReportHeader> {
  return (await readBeginning(path, options)).header;
}

/**
 * Reads what the index tells of a report.
 * @throws SleeperError as readReport()
 */
export async function readFacts(path: string, options?: ReadOptions): Promise<IndexFacts> {
  const { header, start } = await readBeginning(path, options);
  const { thread } = header.verdict;
  const frames = decodeGuiltyFrames(start, typeof thread === 'number' ? thread : undefined);
  return { header, functions: functionsOf(frames) };
}

async function readBeginning(
  path: string,
  options?: ReadOptions,
): Promise<{ readonly header: ReportHeader; readonly start: Buffer }> {
  const start = await readBytes(path, limits.maxHeaderBytes, options);
  const known = factsFromName(path);
  const isWhole = start.length < limits.maxHeaderBytes;
  try {
    const header = decodeHeader(start, path, known);
    if (isWhole || header.verdict.kind !== lostVerdicts[0]) return { header, start };
  } catch (error) {
    if (isWhole) throw error;
  }
  // A header larger than any of ours: an error message of a megabyte became its summary.
  const all = await readBytes(path, limits.maxReportBytes, options);
  return { header: decodeHeader(all, path, known), start: all };
}

/** What the name tells of a file that is cut before it tells it itself. */
function factsFromName(path: string): KnownFacts | undefined {
  const name = parseReportName(basename(path));
  const triggerKind = triggerKinds.find((kind) => kind === name?.triggerKind);
  if (name === null || triggerKind === undefined) return undefined;
  const capturedAt = new Date(name.capturedAtMs).toISOString();
  return { ...name, triggerKind, capturedAt, id: name.shortId };
}

/**
 * The first bytes of a file.
 * @throws SleeperError ERR_SLEEPER_NO_SUCH_REPORT, ERR_SLEEPER_NOT_A_REPORT when it is no regular file
 */
export async function readBytes(
  path: string,
  maxBytes: number,
  { followLinks = true }: ReadOptions = {},
): Promise<Buffer> {
  let file: FileHandle;
  try {
    // Without O_NONBLOCK a named pipe would keep us waiting for a writer.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
    file = await open(path, followLinks ? flags : flags | constants.O_NOFOLLOW);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) {
      throw new SleeperError(
        'ERR_SLEEPER_NOT_A_REPORT',
        `Cannot read ${path} as a report: it is not a regular file.`,
        { path },
      );
    }
    return await readUpTo(file, Math.min(stats.size, maxBytes));
  } catch (cause) {
    throw cause instanceof SleeperError ? cause : unreadable(path, cause);
  } finally {
    await file.close();
  }
}

async function readUpTo(file: FileHandle, wantedBytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(wantedBytes);
  let filled = 0;
  while (filled < wantedBytes) {
    const { bytesRead } = await file.read(buffer, filled, wantedBytes - filled, filled);
    if (bytesRead === 0) {
      break;
    }
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function unreadable(path: string, cause: unknown): SleeperError {
  const errno = errnoOf(cause);
  const reason = errno === 'ENOENT' ? 'there is no such file' : errno;
  return new SleeperError(
    'ERR_SLEEPER_NO_SUCH_REPORT',
    `Cannot open the report ${path}: ${reason}.`,
    { path, errno },
    { cause },
  );
}
