/** Files to reports. A file may be anything: a pipe that never ends, a device, gigabytes, a report cut in the middle. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { decodeHeader, decodeReport } from '../encode/decode.ts';
import type { ReportHeader } from '../encode/decode.ts';
import { SleeperError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Report } from '../report/schema.ts';
import { errnoOf } from './location.ts';

/**
 * Reads a report file.
 * @throws SleeperError ERR_SLEEPER_NO_SUCH_REPORT when there is no such file or it may not be read,
 *         ERR_SLEEPER_NOT_A_REPORT, ERR_SLEEPER_FORMAT_TOO_NEW
 */
export async function readReport(path: string): Promise<Report> {
  const bytes = await readStart(path, limits.maxReportBytes + 1);
  return decodeReport(bytes, path);
}

/**
 * Reads only what a listing needs.
 * @throws SleeperError as readReport()
 */
export async function readHeader(path: string): Promise<ReportHeader> {
  const start = await readStart(path, limits.maxHeaderBytes);
  try {
    return decodeHeader(start, path);
  } catch (error) {
    if (start.length < limits.maxHeaderBytes) {
      throw error;
    }
    // A header larger than any of ours: an error message of a megabyte became its summary.
    return decodeHeader(await readStart(path, limits.maxReportBytes), path);
  }
}

async function readStart(path: string, maxBytes: number): Promise<Buffer> {
  let file: FileHandle;
  try {
    // Without O_NONBLOCK a named pipe would keep us waiting for a writer.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
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
