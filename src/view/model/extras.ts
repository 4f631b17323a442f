/** What only the agent or a crash can tell, and not every report holds, in words. */
import type { Breadcrumb, HttpRequest, Report, Value } from '../../report/schema.ts';
import { formatBytes, formatDuration } from './units.ts';

/** HTTP requests that were begun and are not answered, the oldest first. */
export function httpRequestsOf({ httpRequests = [] }: Report): HttpRequest[] {
  return [...httpRequests].sort((a, b) => b.ageMs - a.ageMs);
}

/** `server GET /orders/17, 12 s old, status 200, worker 3, 10.0.0.7:4242`. */
export function httpRequestWords(request: HttpRequest): string {
  const { kind, method, url, ageMs, status, workerId, peer, taskId } = request;
  return [
    [kind, method, url].filter((word) => word !== '').join(' '),
    `${formatDuration(ageMs)} old`,
    ...(status === undefined ? [] : [`status ${status}`]),
    ...(workerId === undefined ? [] : [`worker ${workerId}`]),
    ...(peer === undefined ? [] : [peer]),
    ...(taskId === undefined ? [] : [`task #${taskId}`]),
  ].join(', ');
}

/** One line the program left behind. */
export interface Crumb {
  /** RFC 3339. */
  readonly at?: string;
  readonly level?: string;
  readonly text: string;
  readonly data?: Value;
  readonly source?: string;
}

/** Oldest first, as they stand. */
export function crumbsOf({ breadcrumbs = [] }: Pick<Report, 'breadcrumbs'>): Crumb[] {
  return breadcrumbs.map((crumb) => {
    const { at, level, source, text, data } = crumb;
    return {
      ...(at !== undefined && { at }),
      ...(level !== undefined && { level }),
      ...(source !== undefined && { source }),
      text: text ?? shortJson(crumb),
      ...(text !== undefined && data !== undefined && { data: valueOf(data) }),
    };
  });
}

/** A Value, or plain data of the agent as its JSON. */
function valueOf(data: NonNullable<Breadcrumb['data']>): Value {
  return isValue(data) ? data : { type: 'object', preview: shortJson(data) };
}

function isValue(data: NonNullable<Breadcrumb['data']>): data is Value {
  return typeof data['type'] === 'string' && typeof data['preview'] === 'string';
}

/** What the kernel said when native code crashed. */
export interface FaultWords {
  readonly words: string;
  readonly registers: readonly (readonly [string, string])[];
}

const maxRegisters = 100;

export function faultOf({ fault }: Report): FaultWords | undefined {
  if (fault === undefined) return undefined;
  const { signal, code, address, mapping, message, registers = {} } = fault;
  const words = [
    signal,
    ...(code === undefined ? [] : [code]),
    ...(address === undefined ? [] : [`at address ${address}`]),
    ...(mapping === undefined ? [] : [`in ${mapping}`]),
    ...(message === undefined ? [] : [message]),
  ];
  return { words: words.join(' '), registers: Object.entries(registers).slice(0, maxRegisters) };
}

/** `31 MiB in 200000 × Order`. */
export function heapObjectWords(row: NonNullable<Report['heapObjects']>[number]): string {
  return `${formatBytes(row.bytes)} in ${row.count} × ${row.className}`;
}

const maxEntries = 12;

/** Not JSON.stringify: what a program leaves behind may be megabytes deep, and a replacer cannot bound it either. */
function shortJson(record: object): string {
  return Object.entries(record)
    .slice(0, maxEntries)
    .map(([key, inner]: [string, unknown]) => `${key}: ${shortWords(inner)}`)
    .join(', ');
}

function shortWords(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length} elements]`;
  if (typeof value === 'object' && value !== null) return '{…}';
  return String(value).slice(0, 200);
}
