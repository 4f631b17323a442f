/**
 * The looks as a pprof profile: the protocol buffer of github.com/google/pprof/proto/profile.proto, gzipped, as `go tool pprof`,
 * Grafana and others read it. Two values a sample: looks, and nanoseconds; the thread is a label. Each place is a Location without
 * an address; functions and places are told once. Our few fields take less code than a protobuf library has configuration.
 */
import { gzipSync } from 'node:zlib';
import type { Report } from '../report/schema.ts';
import { sanitize } from '../report/sanitize.ts';
import type { LookFrame, ThreadLook } from './model/samples.ts';

/** Field numbers of profile.proto. */
const profile = {
  sampleType: 1,
  sample: 2,
  location: 4,
  function: 5,
  stringTable: 6,
  timeNanos: 9,
  durationNanos: 10,
  periodType: 11,
  period: 12,
  comment: 13,
} as const;
const valueType = { type: 1, unit: 2 } as const;
const sample = { locationId: 1, value: 2, label: 3 } as const;
const label = { key: 1, string: 2, number: 3 } as const;
const location = { id: 1, line: 4 } as const;
const line = { functionId: 1, line: 2, column: 3 } as const;
const code = { id: 1, name: 2, systemName: 3, filename: 4 } as const;

const maxNameChars = 1_000;
const nanosPerMs = 1e6;

/** One thread's looks, with the time that each stands for. */
export interface WeighedLooks {
  readonly tid: number;
  readonly title: string;
  readonly looks: readonly ThreadLook[];
  /** Of each look, in milliseconds. */
  readonly weights: readonly number[];
}

/** The gzipped file. */
export function renderPprof(report: Report, threads: readonly WeighedLooks[]): Buffer {
  const tables = new Tables();
  const nanos = tables.valueType('wall', 'nanoseconds');
  const samples = threads.flatMap(({ tid, title, looks, weights }) => {
    const labels = [
      message([label.key, tables.string('thread')], [label.string, tables.string(title)]),
      message([label.key, tables.string('tid')], [label.number, tid]),
    ];
    return looks.map(({ frames }, index) =>
      message(
        // Innermost first, as looks have them.
        [sample.locationId, packed(frames.map((frame) => tables.location(frame)))],
        [sample.value, packed([1, Math.round((weights[index] ?? 0) * nanosPerMs)])],
        ...labels.map((one): Field => [sample.label, one]),
      ),
    );
  });
  const totalMs = Math.max(0, ...threads.map(({ weights }) => sum(weights)));
  const count = sum(threads.map(({ looks }) => looks.length));
  const startedAtMs = Date.parse(report.capturedAt);
  const fields: Field[] = [
    [profile.sampleType, tables.valueType('looks', 'count')],
    [profile.sampleType, nanos],
    ...samples.map((one): Field => [profile.sample, one]),
    ...tables.locations.map((one): Field => [profile.location, one]),
    ...tables.functions.map((one): Field => [profile.function, one]),
    [profile.timeNanos, Number.isFinite(startedAtMs) ? BigInt(startedAtMs) * 1_000_000n : 0],
    [profile.durationNanos, Math.round(totalMs * nanosPerMs)],
    [profile.periodType, nanos],
    [profile.period, count === 0 ? 0 : Math.round((totalMs * nanosPerMs * threads.length) / count)],
    [profile.comment, tables.string(sanitize(report.verdict.summary, maxNameChars))],
  ];
  const strings = tables.strings.map((text): Field => [profile.stringTable, Buffer.from(text)]);
  return gzipSync(message(...fields, ...strings));
}

/** What samples refer to by number: from 1, as 0 means none. */
class Tables {
  /** The first one must be empty. */
  readonly strings = [''];
  readonly functions: Buffer[] = [];
  readonly locations: Buffer[] = [];
  readonly #strings = new Map([['', 0]]);
  readonly #functions = new Map<string, number>();
  readonly #locations = new Map<string, number>();

  string(text: string): number {
    let index = this.#strings.get(text);
    if (index === undefined) {
      index = this.strings.push(text) - 1;
      this.#strings.set(text, index);
    }
    return index;
  }

  valueType(type: string, unit: string): Buffer {
    return message([valueType.type, this.string(type)], [valueType.unit, this.string(unit)]);
  }

  location(frame: LookFrame): number {
    const functionId = this.#function(frame);
    const key = `${functionId}:${frame.line ?? 0}:${frame.column ?? 0}`;
    let id = this.#locations.get(key);
    if (id === undefined) {
      id = this.locations.length + 1;
      const at = message(
        [line.functionId, functionId],
        [line.line, frame.line ?? 0],
        [line.column, frame.column ?? 0],
      );
      this.locations.push(message([location.id, id], [location.line, at]));
      this.#locations.set(key, id);
    }
    return id;
  }

  #function({ function: name, file = '' }: LookFrame): number {
    const shown = sanitize(name === '' ? '(anonymous)' : name, maxNameChars);
    const path = sanitize(file, maxNameChars);
    const key = `${shown}\0${path}`;
    let id = this.#functions.get(key);
    if (id === undefined) {
      id = this.functions.length + 1;
      const named = this.string(shown);
      this.functions.push(
        message(
          [code.id, id],
          [code.name, named],
          [code.systemName, named],
          [code.filename, this.string(path)],
        ),
      );
      this.#functions.set(key, id);
    }
    return id;
  }
}

/** A number (wire type 0, left out when 0) or bytes (wire type 2). */
type Field = readonly [number: number, value: number | bigint | Buffer];

function message(...fields: readonly Field[]): Buffer {
  const parts: Buffer[] = [];
  for (const [number, value] of fields) {
    if (Buffer.isBuffer(value)) parts.push(varint((number << 3) | 2), varint(value.length), value);
    else if (Number(value) !== 0) parts.push(varint(number << 3), varint(value));
  }
  return Buffer.concat(parts);
}

/** Several numbers of one repeated field. */
function packed(numbers: readonly number[]): Buffer {
  return Buffer.concat(numbers.map(varint));
}

/** Seven bits a byte, the lowest first; negative and broken numbers have no place in a profile. */
function varint(value: number | bigint): Buffer {
  let rest = typeof value === 'bigint' ? value : toInteger(value);
  const bytes: number[] = [];
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function toInteger(value: number): bigint {
  return Number.isFinite(value) && value > 0
    ? BigInt(Math.floor(Math.min(value, Number.MAX_SAFE_INTEGER)))
    : 0n;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
