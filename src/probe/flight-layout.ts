/**
 * Reads the bytes of a flight recorder (native/agent/flight_layout.h has the same offsets). Pure. The bytes may be those of
 * a process that died in the middle of a record, or of one that is writing right now: a record counts only when its
 * sequence number is even, and the same in both readings where there are two.
 */
import * as v from 'valibot';

/** Of the file. Version 1 is read, too. */
export const flightVersion = 2;
export const flightFileBytes = 117_008;
/** Offset and values of the file's state. */
export const flightState = { offset: 20, open: 1, closed: 2, claimed: 3 } as const;

const magic = Buffer.from('SLPRFLT\0', 'latin1');
const layout = {
  loops: { at: 256, bytes: 64, count: 32 },
  timeline: { at: 2_304, bytes: 64, count: 120 },
  requests: { at: 9_984, bytes: 256, count: 64 },
  identity: { at: 26_368, textBytes: 8_192 },
  annotations: { at: 34_568, textBytes: 16_384 },
  crumbs: { at: 50_960, bytes: 1_032, count: 64, textBytes: 1_024 },
} as const;
/** A request's thread (version 1 had none) and text. */
interface RequestLayout {
  readonly owner: number | null;
  readonly text: number;
  readonly textBytes: number;
}
const requestLayouts: ReadonlyMap<number, RequestLayout> = new Map([
  [1, { owner: null, text: 24, textBytes: 232 }],
  [flightVersion, { owner: 24, text: 28, textBytes: 228 }],
]);

const Identity = v.looseObject({
  argv: v.exactOptional(v.array(v.string())),
  execArgv: v.exactOptional(v.array(v.string())),
  execPath: v.exactOptional(v.string()),
  cwd: v.exactOptional(v.string()),
  nodeVersion: v.exactOptional(v.string()),
  v8Version: v.exactOptional(v.string()),
  archive: v.exactOptional(v.string()),
  oom: v.exactOptional(v.nullable(v.looseObject({ file: v.string(), kills: v.number() }))),
});
export type FlightIdentity = v.InferOutput<typeof Identity>;

/** The event loop of one thread at its last sign of life. Times: milliseconds since 1970. */
export interface FlightLoop {
  readonly tid: number;
  readonly workerId: number;
  readonly state: 'polling' | 'busy';
  readonly sinceMs: number;
  readonly turns: number;
  readonly isCollecting: boolean;
}

/** A second, or more, in which a loop did some work. */
export interface FlightSecond {
  readonly workerId: number;
  readonly atMs: number;
  readonly spanMs: number;
  readonly longestBusyMs: number;
  readonly busyMs: number;
  readonly gcMs: number;
  readonly collections: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly turns: number;
}

/** An HTTP request that was under way. */
export interface FlightRequest {
  readonly kind: 'server' | 'client';
  readonly method: string;
  readonly url: string;
  readonly startedAtMs: number;
  readonly status: number | null;
  /** 0: the main thread's. */
  readonly workerId: number;
}

/** What the recorder of one process tells. */
export interface FlightRecord {
  readonly state: number;
  readonly pid: number;
  readonly startTicks: number;
  readonly armedAtMs: number;
  readonly identity: FlightIdentity;
  readonly loops: readonly FlightLoop[];
  /** Oldest first. */
  readonly timeline: readonly FlightSecond[];
  readonly requests: readonly FlightRequest[];
  readonly annotations: Readonly<Record<string, string>>;
  /** Oldest first. */
  readonly breadcrumbs: readonly Record<string, unknown>[];
  /** Records that were being written. */
  readonly torn: number;
}

/** Where one record lies. */
interface Place {
  readonly at: number;
  readonly view: DataView;
}

class FlightBytes {
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly #again: DataView;
  torn = 0;

  constructor(bytes: Buffer, again: Buffer) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.#again = viewOf(again);
  }

  /** True for a record that is whole. */
  isWhole(at: number): boolean {
    const sequence = this.view.getUint32(at, true);
    if (sequence === 0) return false;
    if (sequence % 2 === 0 && this.#again.getUint32(at, true) === sequence) return true;
    this.torn += 1;
    return false;
  }

  /** The JSON of a text record; undefined when there is none. */
  json(at: number, textBytes: number): unknown {
    if (!this.isWhole(at)) return undefined;
    const length = this.view.getUint32(at + 4, true);
    if (length > textBytes) return undefined;
    try {
      return JSON.parse(this.bytes.toString('utf8', at + 8, at + 8 + length)) as unknown;
    } catch {
      this.torn += 1;
      return undefined;
    }
  }

  count(at: number): number {
    return Number(this.view.getBigUint64(at, true));
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * @param again the same file read once more, right after, when its process lives
 * @returns null when the bytes are not a recorder of a version we know
 */
export function parseFlight(bytes: Buffer, again: Buffer = bytes): FlightRecord | null {
  if (bytes.length < flightFileBytes || again.length < flightFileBytes) return null;
  if (!bytes.subarray(0, magic.length).equals(magic)) return null;
  const file = new FlightBytes(bytes, again);
  const { view } = file;
  const requestLayout = requestLayouts.get(view.getUint32(8, true));
  if (requestLayout === undefined) return null;
  const clockOffsetUs = Number(view.getBigInt64(40, true));
  const identity = v.safeParse(Identity, file.json(layout.identity.at, layout.identity.textBytes));
  return {
    state: view.getUint32(flightState.offset, true),
    pid: view.getInt32(16, true),
    startTicks: file.count(24),
    armedAtMs: Number(view.getBigInt64(32, true)),
    identity: identity.success ? identity.output : {},
    loops: readLoops(view, clockOffsetUs),
    timeline: readTimeline(file),
    requests: readRequests(file, requestLayout),
    annotations: readAnnotations(file),
    breadcrumbs: readCrumbs(file),
    torn: file.torn,
  };
}

function readLoops(view: DataView, clockOffsetUs: number): FlightLoop[] {
  const loops: FlightLoop[] = [];
  for (let index = 0; index < layout.loops.count; index++) {
    const at = layout.loops.at + index * layout.loops.bytes;
    const state = view.getUint32(at, true);
    if (state !== 1 && state !== 2) continue;
    loops.push({
      tid: view.getInt32(at + 4, true),
      workerId: view.getInt32(at + 8, true),
      state: state === 1 ? 'polling' : 'busy',
      isCollecting: view.getUint32(at + 12, true) === 1,
      sinceMs: (Number(view.getBigInt64(at + 16, true)) + clockOffsetUs) / 1000,
      turns: Number(view.getBigUint64(at + 24, true)),
    });
  }
  return loops;
}

/** Indexes of a ring that was written `next` times, oldest first. */
function ringIndexes(next: number, count: number): number[] {
  const first = Math.max(0, next - count);
  return Array.from({ length: Math.min(next, count) }, (_, index) => (first + index) % count);
}

function readTimeline(file: FlightBytes): FlightSecond[] {
  return ringIndexes(file.count(48), layout.timeline.count)
    .map((index) => layout.timeline.at + index * layout.timeline.bytes)
    .filter((at) => file.isWhole(at))
    .map((at) => readSecond({ at, view: file.view }));
}

function readSecond({ at, view }: Place): FlightSecond {
  return {
    workerId: view.getInt32(at + 4, true),
    atMs: Number(view.getBigInt64(at + 8, true)),
    spanMs: view.getUint32(at + 16, true),
    longestBusyMs: view.getUint32(at + 20, true) / 1000,
    busyMs: Number(view.getBigUint64(at + 24, true)) / 1000,
    gcMs: view.getUint32(at + 32, true) / 1000,
    collections: view.getUint32(at + 36, true),
    rssBytes: Number(view.getBigUint64(at + 40, true)),
    heapUsedBytes: Number(view.getBigUint64(at + 48, true)),
    turns: view.getUint32(at + 56, true),
  };
}

function readRequests(file: FlightBytes, fields: RequestLayout): FlightRequest[] {
  const { view, bytes } = file;
  const requests: FlightRequest[] = [];
  for (let index = 0; index < layout.requests.count; index++) {
    const at = layout.requests.at + index * layout.requests.bytes;
    const kind = view.getUint32(at + 4, true);
    const owner = fields.owner === null ? 1 : view.getUint32(at + fields.owner, true);
    // A free place has an even sequence number, too.
    if (owner === 0 || (kind !== 1 && kind !== 2) || !file.isWhole(at)) continue;
    const length = Math.min(view.getUint32(at + 20, true), fields.textBytes);
    const begin = at + fields.text;
    const text = bytes.toString('latin1', begin, begin + length);
    const space = text.indexOf(' ');
    const status = view.getUint32(at + 16, true);
    requests.push({
      kind: kind === 1 ? 'server' : 'client',
      method: text.slice(0, Math.max(0, space)),
      url: text.slice(space + 1),
      startedAtMs: view.getFloat64(at + 8, true),
      status: status === 0 ? null : status,
      workerId: owner - 1,
    });
  }
  return requests.sort((a, b) => a.startedAtMs - b.startedAtMs);
}

function readAnnotations(file: FlightBytes): Record<string, string> {
  const json = file.json(layout.annotations.at, layout.annotations.textBytes);
  const parsed = v.safeParse(v.record(v.string(), v.string()), json);
  return parsed.success ? parsed.output : {};
}

function readCrumbs(file: FlightBytes): Record<string, unknown>[] {
  const { at, bytes, count, textBytes } = layout.crumbs;
  return ringIndexes(file.count(56), count)
    .map((index) => file.json(at + index * bytes, textBytes))
    .filter((crumb) => typeof crumb === 'object' && crumb !== null && !Array.isArray(crumb))
    .map((crumb) => crumb as Record<string, unknown>);
}
