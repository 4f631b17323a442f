/** Bytes to report. The bytes are hostile: whatever they hold, the answer is a report or a SleeperError. */
import { Unpackr } from 'msgpackr/unpack-no-eval';
import * as v from 'valibot';
import { SleeperError } from '../errors.ts';
import { limits } from '../limits.ts';
import { Report, formatVersion } from '../report/schema.ts';
import { ScanFault, scanEntries } from './scan.ts';
import type { EntrySpan } from './scan.ts';

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' });

/**
 * The fields a report begins with: enough to list it, without decoding the rest. Kinds are plain strings here: a
 * report from a newer version can be listed even when it cannot be opened.
 */
export const ReportHeader = v.looseObject({
  formatVersion: v.number(),
  minReaderVersion: v.number(),
  id: v.string(),
  capturedAt: v.string(),
  trigger: v.looseObject({ kind: v.string(), reason: v.string() }),
  verdict: v.looseObject({ kind: v.string(), summary: v.string(), confidence: v.string() }),
  signature: v.string(),
});
export type ReportHeader = v.InferOutput<typeof ReportHeader>;

/** In the order in which `encodeReport` writes them. */
export const headerKeys = Object.keys(ReportHeader.entries) as (keyof ReportHeader)[];

/**
 * Reads a report.
 * @param origin what the messages call it: a path
 * @throws SleeperError ERR_SLEEPER_NOT_A_REPORT, ERR_SLEEPER_FORMAT_TOO_NEW
 */
export function decodeReport(input: Uint8Array, origin: string): Report {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  if (bytes.length > limits.maxReportBytes) {
    const problem = `it has ${bytes.length} bytes, and a report has ${limits.maxReportBytes} at most`;
    throw notAReport(origin, problem, {});
  }
  const fields = unpackEntries(bytes, origin);
  const result = v.safeParse(Report, fields);
  if (result.success) {
    return result.output;
  }
  const isNewer = Number(fields['formatVersion']) > formatVersion;
  if (isNewer && result.issues.every((issue) => issue.type === 'picklist')) {
    return result.output as Report; // a kind that we do not know yet is shown by its name
  }
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? 'the report';
  throw notAReport(origin, `${path}: ${sentence(issue.message)}`, { field: path });
}

/**
 * Reads the header fields from the first bytes of a report; the rest may be missing.
 * @throws SleeperError ERR_SLEEPER_NOT_A_REPORT
 */
export function decodeHeader(prefix: Uint8Array, origin: string): ReportHeader {
  const bytes = Buffer.from(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const fields: Record<string, unknown> = {};
  try {
    for (const entry of scanEntries(bytes)) {
      if (!(headerKeys as string[]).includes(entry.key)) {
        break;
      }
      fields[entry.key] = unpackEntry(bytes, entry);
    }
  } catch (cause) {
    throw describeFault(cause, origin);
  }
  const result = v.safeParse(ReportHeader, fields);
  if (!result.success) {
    const path = v.getDotPath(result.issues[0]) ?? 'the header';
    throw notAReport(origin, `${path}: ${sentence(result.issues[0].message)}`, { field: path });
  }
  return result.output;
}

/** Decodes field by field, so that a report too new to be understood says so before anything else is looked at. */
function unpackEntries(bytes: Buffer, origin: string): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  try {
    for (const entry of scanEntries(bytes)) {
      if (entry.key !== '__proto__') {
        fields[entry.key] = unpackEntry(bytes, entry);
      }
      if (entry.key === 'minReaderVersion') {
        checkVersion(fields['minReaderVersion'], origin);
      }
    }
  } catch (cause) {
    throw describeFault(cause, origin);
  }
  return fields;
}

function unpackEntry(bytes: Buffer, entry: EntrySpan): unknown {
  return unpackr.unpack(bytes.subarray(entry.start, entry.end)) as unknown;
}

function checkVersion(minReaderVersion: unknown, origin: string): void {
  if (typeof minReaderVersion === 'number' && minReaderVersion > formatVersion) {
    throw new SleeperError(
      'ERR_SLEEPER_FORMAT_TOO_NEW',
      `Cannot open ${origin}: it needs a reader of format ${minReaderVersion}, and this is a reader of format ${formatVersion}.`,
      { origin, minReaderVersion, formatVersion },
    );
  }
}

function describeFault(cause: unknown, origin: string): SleeperError {
  if (cause instanceof SleeperError) {
    return cause;
  }
  if (cause instanceof ScanFault) {
    const problem = cause.cut
      ? `it was cut: ${cause.message}, after ${cause.offset} bytes`
      : `${cause.message} (byte ${cause.offset})`;
    return notAReport(origin, problem, { offset: cause.offset, cut: cause.cut }, cause);
  }
  return notAReport(origin, cause instanceof Error ? cause.message : String(cause), {}, cause);
}

function notAReport(
  origin: string,
  problem: string,
  details: Record<string, unknown>,
  cause?: unknown,
): SleeperError {
  return new SleeperError(
    'ERR_SLEEPER_NOT_A_REPORT',
    `Cannot read ${origin} as a report: ${problem}.`,
    { origin, ...details },
    cause === undefined ? {} : { cause },
  );
}

/** valibot says "Invalid type: Expected string but received undefined". */
function sentence(message: string): string {
  return message.replace(/^Invalid \w+: /, '').replace(/^Expected/, 'expected');
}
