/** Bytes to report. The bytes are hostile: whatever they hold, the answer is a report or a SleeperError. */
import * as v from 'valibot';
import { SleeperError } from '../errors.ts';
import { limits } from '../limits.ts';
import { compileCheck } from '../report/check.ts';
import { Report, formatVersion } from '../report/schema.ts';
import { upgradeReport } from '../report/upgrade.ts';
import { Assembly } from './assemble.ts';
import { inflate, isCompressed } from './compress.ts';
import { type KnownFacts, completeFields } from './damaged.ts';
import { type EntrySpan, ScanFault, scanEntries } from './scan.ts';
import { SectionReader, hasSections } from './section-reader.ts';
import { ReportHeader } from './report-header.ts';
import { unpack } from './unpack.ts';

const headerKeys = Object.keys(ReportHeader.entries);

/**
 * Reads a report, as far as it was written: what is missing of it is said in `missing`.
 * @param origin what the messages call it: a path
 * @param known  facts from elsewhere, such as the name of the file, for a file that holds not even these
 * @throws SleeperError ERR_SLEEPER_NOT_A_REPORT, ERR_SLEEPER_FORMAT_TOO_NEW
 */
export function decodeReport(input: Uint8Array, origin: string, known?: KnownFacts): Report {
  const given = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  if (given.length > limits.maxReportBytes) {
    const problem = `it has ${given.length} bytes, and a report has ${limits.maxReportBytes} at most`;
    throw notAReport(origin, problem, {});
  }
  const fields = readFields(given, origin, known);
  upgradeReport(fields);
  if (isReport(fields)) return inSchemaOrder(fields as Report);
  const result = v.safeParse(Report, fields);
  if (result.success) {
    return inSchemaOrder(result.output);
  }
  const isNewer = Number(fields['formatVersion']) > formatVersion;
  if (isNewer && result.issues.every((issue) => issue.type === 'picklist')) {
    return inSchemaOrder(result.output as Report); // a kind that we do not know yet is shown by its name
  }
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? 'the report';
  throw notAReport(origin, `${path}: ${sentence(issue.message)}`, { field: path });
}

/**
 * Reads the header fields from the first bytes of a report; the rest may be missing.
 * @throws SleeperError ERR_SLEEPER_NOT_A_REPORT
 */
export function decodeHeader(prefix: Uint8Array, origin: string, known?: KnownFacts): ReportHeader {
  const given = Buffer.from(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const fields = readHeaderFields(given, origin, known);
  const result = v.safeParse(ReportHeader, fields);
  if (!result.success) {
    const path = v.getDotPath(result.issues[0]) ?? 'the header';
    throw notAReport(origin, `${path}: ${sentence(result.issues[0].message)}`, { field: path });
  }
  return result.output;
}

type Fields = Record<string, unknown>;

const isReport = compileCheck(Report);

function readFields(given: Buffer, origin: string, known: KnownFacts | undefined): Fields {
  try {
    const { bytes, isCut } = isCompressed(given) ? inflate(given) : { bytes: given, isCut: false };
    return hasSections(bytes) && (bytes.length > 0 || known !== undefined)
      ? readSections(bytes, origin, known, isCut)
      : readEntries(bytes, origin);
  } catch (cause) {
    throw describeFault(cause, origin);
  }
}

/** Format 2 and later: sections. */
function readSections(
  bytes: Buffer,
  origin: string,
  known: KnownFacts | undefined,
  isCut: boolean,
): Fields {
  const reader = new SectionReader(bytes);
  const assembly = new Assembly();
  const seen = new Set<string>();
  for (const { head, value } of reader.sections()) {
    seen.add(head.section);
    if (head.section === 'end') continue;
    assembly.add(head, value);
    if (head.section === 'report') checkVersion(assembly.fields['minReaderVersion'], origin);
  }
  const { damages } = reader;
  return completeFields(assembly.finish(), {
    seen,
    damages,
    orphans: assembly.orphans,
    bytes: bytes.length,
    isCut,
    ...(known !== undefined && { known }),
  });
}

/** Format 1: one map. Field by field, so that a report too new to be understood says so before anything else is looked at. */
function readEntries(bytes: Buffer, origin: string): Fields {
  const fields: Fields = {};
  for (const entry of scanEntries(bytes)) {
    if (entry.key !== '__proto__') {
      fields[entry.key] = unpackEntry(bytes, entry);
    }
    if (entry.key === 'minReaderVersion') {
      checkVersion(fields['minReaderVersion'], origin);
    }
  }
  return fields;
}

function readHeaderFields(given: Buffer, origin: string, known: KnownFacts | undefined): Fields {
  try {
    const bytes = isCompressed(given) ? inflate(given).bytes : given;
    const fields: Fields = {};
    if (!hasSections(bytes)) {
      for (const entry of scanEntries(bytes)) {
        if (!headerKeys.includes(entry.key)) break;
        fields[entry.key] = unpackEntry(bytes, entry);
      }
      return fields;
    }
    const reader = new SectionReader(bytes);
    for (const { head, value } of reader.sections()) {
      if (head.into !== undefined) break;
      Object.assign(fields, value);
      if (headerKeys.every((key) => key in fields)) return fields;
    }
    return completeFields(fields, {
      seen: new Set(),
      damages: reader.damages,
      orphans: 0,
      bytes: bytes.length,
      isCut: true,
      ...(known !== undefined && { known }),
    });
  } catch (cause) {
    throw describeFault(cause, origin);
  }
}

function unpackEntry(bytes: Buffer, entry: EntrySpan): unknown {
  return unpack(bytes.subarray(entry.start, entry.end));
}

/** Fields in the order of the schema, then those that it does not know: `view --json` is the same whatever the file's order. */
function inSchemaOrder(report: Report): Report {
  const ordered: Fields = {};
  const fields: Fields = report;
  for (const key of Object.keys(Report.entries)) {
    if (key in fields) ordered[key] = fields[key];
  }
  return Object.assign(ordered, report);
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
