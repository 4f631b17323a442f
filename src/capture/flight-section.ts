/** What the flight recorder tells, as sections of a report. Pure. */
import type { FlightRecord } from '../probe/flight-layout.ts';
import type { Breadcrumb, Capture, HttpRequest, Missing, TimelineEntry } from '../report/schema.ts';

type FlightSection = Partial<
  Pick<Capture, 'timeline' | 'breadcrumbs' | 'annotations' | 'httpRequests'>
>;

/** Sections of the recorder; empty ones are left out. @param nowMs wall clock of the capture */
export function flightSection(record: FlightRecord | null, nowMs: number): FlightSection {
  if (record === null) return {};
  const { timeline, requests, breadcrumbs, annotations } = record;
  return {
    ...(timeline.length > 0 && { timeline: timeline.map((second) => entryOf(second, nowMs)) }),
    ...(requests.length > 0 && { httpRequests: httpRequestsOf(record, nowMs) }),
    ...(breadcrumbs.length > 0 && { breadcrumbs: breadcrumbs.map(toBreadcrumb) }),
    ...(Object.keys(annotations).length > 0 && { annotations: { ...annotations } }),
  };
}

/** pino's numbers (lib/constants.js), of loggers that do not write labels. */
const levelNames = new Map([
  [10, 'trace'],
  [20, 'debug'],
  [30, 'info'],
  [40, 'warn'],
  [50, 'error'],
  [60, 'fatal'],
]);

/** A breadcrumb as the agent keeps it, in report form: a line of pino is taken apart. */
export function toBreadcrumb(kept: Record<string, unknown>): Breadcrumb {
  const { line } = kept;
  if (kept['source'] !== 'pino' || typeof line !== 'object' || line === null) return kept;
  const { level, time, msg, ...rest } = line as Record<string, unknown>;
  const name = typeof level === 'number' ? (levelNames.get(level) ?? `${level}`) : level;
  const at = typeof time === 'number' || typeof time === 'string' ? new Date(time) : null;
  return {
    source: 'pino',
    ...(at !== null && !Number.isNaN(at.getTime()) && { at: at.toISOString() }),
    ...(typeof name === 'string' && { level: name }),
    text: typeof msg === 'string' ? msg : '',
    ...(Object.keys(rest).length > 0 && { data: rest }),
  };
}

/** Says that something was being written at the moment. */
export function noteTorn(record: FlightRecord, missing: Missing[]): void {
  if (record.torn === 0) return;
  const reason = `${record.torn} of its records were being written at that moment`;
  missing.push({ what: 'part of the flight recorder', reason });
}

function entryOf(second: FlightRecord['timeline'][number], nowMs: number): TimelineEntry {
  const { workerId, atMs, spanMs, longestBusyMs, busyMs, gcMs, rssBytes, heapUsedBytes } = second;
  return {
    atMs: Math.min(0, Math.round(atMs - nowMs)),
    ...(workerId !== 0 && { workerId }),
    loopDelayMs: longestBusyMs,
    gcMs,
    ...(rssBytes > 0 && { rssBytes }),
    ...(heapUsedBytes > 0 && { heapUsedBytes }),
    ...(spanMs > 0 && { utilization: Math.min(1, Number((busyMs / spanMs).toFixed(3))) }),
  };
}

function httpRequestsOf(record: FlightRecord, nowMs: number): HttpRequest[] {
  return record.requests.map(({ kind, method, url, startedAtMs, status, workerId }) => ({
    kind,
    method,
    url,
    ageMs: Math.max(0, Math.round(nowMs - startedAtMs)),
    ...(status !== null && { status }),
    ...(workerId !== 0 && { workerId }),
  }));
}
