/**
 * Report to bytes: sections, most valuable first, within a size limit. What a section is stands in sections.ts. The order and the
 * shares are one table: in a report that is too large each section may take its share of what the ones before it have left, so
 * that nothing a target holds – a million tasks, arrays of 200 MB – costs what matters more.
 */
import { limits } from '../limits.ts';
import type { Report, Thread } from '../report/schema.ts';
import { copyPlain } from './plain.ts';
import { SectionWriter } from './section-writer.ts';
import type { SectionName } from './sections.ts';

export interface EncodeOptions {
  /** Size of the whole, before any compression. */
  readonly maxBytes?: number;
}

/** Frames of a thread that is not blamed, written with the thread; the others follow when all threads are told. */
const firstFrames = 32;
/** Kept for the last two sections. */
const reserveBytes = 16 << 10;

/** Fields that are written as a whole, before the threads. */
const firstMaps: readonly {
  readonly section: SectionName;
  readonly fields: readonly string[];
  readonly share: number;
}[] = [
  {
    section: 'report',
    fields: [
      'formatVersion',
      'minReaderVersion',
      'id',
      'capturedAt',
      'durationMs',
      'pausedMs',
      'trigger',
    ],
    share: 0.02,
  },
  { section: 'verdict', fields: ['verdict', 'signature'], share: 0.05 },
];
/** Of the process: at the front what names it, the rest with the environment. */
const processIdentity = [
  'pid',
  'startTime',
  'argv',
  'execPath',
  'cwd',
  'nodeVersion',
  'v8Version',
  'uptimeMs',
];

/** Lists behind the threads, in the order of their worth. */
const lists: readonly {
  readonly section: SectionName;
  readonly field: string;
  readonly share: number;
}[] = [
  { section: 'tasks', field: 'tasks', share: 0.5 },
  { section: 'event loop', field: 'requests', share: 0.25 },
  { section: 'event loop', field: 'httpRequests', share: 0.25 },
  { section: 'event loop', field: 'handles', share: 0.33 },
  { section: 'event loop', field: 'timers', share: 0.33 },
  { section: 'history', field: 'samples', share: 0.33 },
  { section: 'history', field: 'breadcrumbs', share: 0.33 },
  { section: 'history', field: 'timeline', share: 0.33 },
];

/** Writes a report. The bytes decode again: what was too much is left out and named in `missing`. */
export function encodeReport(report: Report, options: EncodeOptions = {}): Buffer {
  return Buffer.concat([...encodeSections(report, options)]);
}

/** The same, section by section: each is worth having when the next is never written. */
export function* encodeSections(
  report: Report,
  { maxBytes = limits.maxEncodedBytes }: EncodeOptions = {},
): Generator<Buffer, void> {
  const writer = new SectionWriter(maxBytes - reserveBytes, fits(report, maxBytes - reserveBytes));
  const { process, host, error, missing, redactions, threads, ...others } = report;
  const rest: Record<string, unknown> = others;
  for (const { section, fields, share } of firstMaps) {
    yield* writer.map(section, section, take(rest, fields), share);
  }
  const environment: Record<string, unknown> = { ...process };
  const identity = take(environment, processIdentity);
  yield* writer.map('process', 'the process', { process: identity, host, redactions }, 0.05);
  const trouble = { ...(error && { error }), ...take(rest, ['fault']) };
  yield* writer.map('error', 'the error', trouble, 0.2);
  const entries = { section: 'missing', what: 'entries of what is missing' } as const;
  yield* writer.list({ ...entries, elements: missing, into: ['missing'] }, 0.1);
  yield* writeThreads(writer, threads, guiltyIndex(report));
  const empty: Record<string, unknown> = { ...(threads.length === 0 && { threads }) };
  for (const { section, field, share } of lists) {
    const { [field]: list } = take(rest, [field]);
    if (!Array.isArray(list)) continue;
    if (list.length === 0) empty[field] = list;
    yield* writer.list({ section, what: field, elements: list, into: [field] }, share);
  }
  yield* writer.map('environment', 'the environment', environment, 0.5, ['process']);
  for (const [field, value] of Object.entries(rest)) {
    yield* writer.map('rest', field, { [field]: value }, 0.5);
  }
  if (missing.length === 0) empty['missing'] = missing;
  yield* writer.map('rest', 'empty lists', empty, 1);
  yield* writer.more();
  const losses = writer.lossSection(missing.length);
  if (losses !== null) yield losses;
  yield writer.end();
}

/** True for all reports but the rarest: nothing need be shared out. */
function fits(report: Report, maxBytes: number): boolean {
  // Heads take one part in two hundred, and some hundred bytes for each list.
  const allowed = { bytes: maxBytes * 0.98 - 4_096, nodes: limits.maxReportNodes * 0.98 };
  return copyPlain(report, {}, allowed) !== null;
}

/** The blamed thread whole, then the others with their first frames; their other frames come at the end. */
function* writeThreads(
  writer: SectionWriter,
  threads: readonly Thread[],
  guilty: number,
): Generator<Buffer, void> {
  const blamed = threads[guilty];
  if (blamed !== undefined) {
    const thread = { section: 'guilty thread', what: 'guilty threads', from: guilty } as const;
    const bare = [{ ...blamed, frames: [] }];
    yield* writer.list({ ...thread, elements: bare, into: ['threads'] }, 0.2);
    const frames = { section: 'guilty thread', what: 'frames of the guilty thread' } as const;
    const into = ['threads', guilty, 'frames'];
    yield* writer.list({ ...frames, elements: blamed.frames, into }, 0.6);
  }
  for (const [from, to] of [
    [0, guilty],
    [guilty + 1, threads.length],
  ] as const) {
    const elements = threads
      .slice(from, to)
      .map((thread) => ({ ...thread, frames: thread.frames.slice(0, firstFrames) }));
    yield* writer.list(
      { section: 'threads', what: 'threads', elements, into: ['threads'], from },
      0.3,
    );
  }
  for (const [index, { tid, frames }] of threads.entries()) {
    if (index === guilty || frames.length <= firstFrames) continue;
    writer.later({
      section: 'threads',
      what: `frames of thread ${tid} behind the first ${firstFrames}`,
      elements: frames.slice(firstFrames),
      into: ['threads', index, 'frames'],
      from: firstFrames,
    });
  }
}

/** Position of the thread that the verdict blames; the main thread when it blames none; 0 when there is none. */
function guiltyIndex({ threads, verdict }: Report): number {
  const blamed = threads.findIndex(({ tid }) => tid === verdict.thread);
  return Math.max(0, blamed >= 0 ? blamed : threads.findIndex(({ kind }) => kind === 'main'));
}

/** Takes fields out of a map, in the given order; those that are there. */
function take(map: Record<string, unknown>, fields: readonly string[]): Record<string, unknown> {
  const taken: Record<string, unknown> = {};
  for (const field of fields) {
    if (map[field] === undefined) continue;
    taken[field] = map[field];
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a copy made for this
    delete map[field];
  }
  return taken;
}
