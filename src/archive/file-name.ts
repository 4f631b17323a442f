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
  /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-([A-Za-z0-9_.-]{1,64})-([1-9]\d{0,6})-([a-z]+(?:-[a-z]+)*)-([0-9a-f]{8})(?:\.\d{1,3})?\.msgpack$/;

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
  const time = `${String(year)}-${String(month)}-${String(day)}T${String(hour)}:${String(minute)}:${String(second)}Z`;
  const capturedAtMs = Date.parse(time);
  if (Number.isNaN(capturedAtMs)) {
    return null;
  }
  return {
    capturedAtMs,
    hostname: String(hostname),
    pid: Number(pid),
    triggerKind: String(triggerKind),
    shortId: String(shortId),
  };
}

/** The eight hexadecimal digits people type: the first of the id, or of its hash when it has none. */
export function shortIdOf(id: string): string {
  const digits = id.toLowerCase().replaceAll('-', '').slice(0, 8);
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

/** True for the logs that lie beside the reports: what the agent's helper wrote, and what the agent could not report. */
export function isLogName(fileName: string): boolean {
  return fileName === 'sleeper.log' || fileName === 'agent-errors.log';
}
