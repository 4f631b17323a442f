/**
 * Names of report files: `20261123T004831Z-web1-4242-hang-1f3a9c2e.msgpack`. They sort by time, and a listing without
 * opening a file tells when, where, which process, why. Pure.
 */
import { createHash } from 'node:crypto';

/** What a name is made of. */
export interface ReportNameParts {
  /** RFC 3339; the name keeps whole seconds of UTC. */
  readonly capturedAt: string;
  readonly hostname: string;
  readonly pid: number;
  readonly triggerKind: string;
  /** The report's id. */
  readonly id: string;
}

/** What a name tells. */
export interface ParsedReportName {
  /** Wall clock, milliseconds since 1970, whole seconds. */
  readonly capturedAtMs: number;
  readonly hostname: string;
  readonly pid: number;
  readonly triggerKind: string;
  readonly shortId: string;
}

const maxHostChars = 64;
const pattern =
  /^(\d{4})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])([0-5]\d)([0-5]\d)Z-([A-Za-z0-9_.-]{1,64})-([1-9]\d{0,6})-([a-z]+(?:-[a-z]+)*)-([0-9a-f]{8})(?:\.\d{1,3})?\.msgpack(?:\.gz)?$/;

/** True for the names that formatReportName makes, and those of compressed reports. */
export function isReportName(fileName: string): boolean {
  return fileName.includes('.msgpack') && pattern.test(fileName);
}

/** Makes the name of a report. The host's name may hold letters, digits, `_`, `.` and `-`; the rest becomes `_`. */
export function formatReportName(parts: ReportNameParts): string {
  const time = new Date(parts.capturedAt).toISOString().replace(/[-:]|\.\d+/g, '');
  const host = parts.hostname.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, maxHostChars);
  return `${time}-${host === '' ? '_' : host}-${parts.pid}-${parts.triggerKind}-${shortIdOf(parts.id)}.msgpack`;
}

/** @returns null when the name is not one that formatReportName makes */
export function parseReportName(fileName: string): ParsedReportName | null {
  const match = pattern.exec(fileName);
  if (match === null) {
    return null;
  }
  const [, year, month, day, hour, minute, second, hostname, pid, triggerKind, shortId] = match;
  const capturedAtMs = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return {
    capturedAtMs,
    hostname: String(hostname),
    pid: Number(pid),
    triggerKind: String(triggerKind),
    shortId: String(shortId),
  };
}

/** Digits of an id in a name. */
export const shortIdDigits = 8;

/** The eight hexadecimal digits people type: the first of the id, or of its hash when it has none. */
export function shortIdOf(id: string): string {
  const digits = id.toLowerCase().replaceAll('-', '').slice(0, shortIdDigits);
  return /^[0-9a-f]{8}$/.test(digits)
    ? digits
    : createHash('sha256').update(id).digest('hex').slice(0, 8);
}

/**
 * The name with a number, for the case that it is taken.
 * @param attempt 1 gives the name itself, 2 `….2.msgpack`
 */
export function numberedName(fileName: string, attempt: number): string {
  return attempt <= 1 ? fileName : fileName.replace(/\.msgpack$/, `.${attempt}.msgpack`);
}

/** The name without `.msgpack` and `.gz`: the same before and after compression. */
export function stemOf(fileName: string): string {
  return fileName.replace(/\.msgpack(?:\.gz)?$/, '');
}

/** Files of the archive that are no reports: its index and plan, counts, logs of the agent and its helper. */
const ownNames = new Set([
  '.index',
  '.rotation',
  '.limits',
  'signatures',
  'sleeper.log',
  'agent-errors.log',
]);

/** True for the files that lie beside the reports. */
export function isOwnName(fileName: string): boolean {
  return ownNames.has(fileName);
}
