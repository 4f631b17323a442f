/**
 * What the event loops of a process are busy with: handles, requests, thread pool and timers.
 *
 * Handles stay where they are, so they are read from the running process; a list that changed meanwhile is walked again.
 * The pool's threads take their work within microseconds, and timers of JavaScript are objects that the collector moves:
 * these are read from the copy of a look, or while the process stands still (moment.ts).
 */
import type { Handle, HeapSizes, Missing, Request } from '../../report/schema.ts';
import { findIsolate } from '../frames/isolate.ts';
import { Heap } from '../heap/heap.ts';
import { readHeapSizes } from '../heap/sizes.ts';
import { LiveMemory } from '../memory/live.ts';
import type { Mapping } from '../memory/maps.ts';
import { PagedMemory } from '../memory/paged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import type { EventLoopReading, LoopActivity } from '../reading.ts';
import type { Program, Target } from '../target.ts';
import { type CallbackHandle, findTimerCallback } from './environment.ts';
import { findMainLoop, monotonicMs, readLoop, toClock } from './event-loop.ts';
import { findLoopOnStack, type StackBounds } from './find-loops.ts';
import { type HandlesReading, type LoopPlace, readHandles } from './handles.ts';
import { addOwners, type Wraps } from './owners.ts';
import { runTimers } from './symbols.ts';
import { type PoolReading, readThreadpool } from './threadpool.ts';
import { readTimers } from './timers.ts';

/** A moment of a process: its memory, and threads as they stood. */
export interface Moment {
  /** What it does not hold is read from the running process. */
  readonly memory: PagedMemory;
  readonly threads: readonly StackBounds[];
}

/** The process whose loops are read, live or as a core has it. */
export interface Subject {
  readonly program: Program;
  readonly loadBias: number;
  /** Memory as it is now: a live process gives a new copy each time. */
  readonly readAgain: () => PagedMemory;
  /** False: what is read is the past, and nobody knows how long ago. */
  readonly isLive: boolean;
  /** Whether objects of the program's own classes are told, with values of theirs. */
  readonly withValues: boolean;
}

/** A live process. */
export function liveSubject(
  target: Target,
  mappings: readonly Mapping[],
  withValues: boolean,
): Subject {
  return {
    program: target,
    loadBias: target.codeSpace(mappings).loadBias,
    readAgain: () => new PagedMemory(new LiveMemory(target.pid)),
    isLive: true,
    withValues,
  };
}

/** A queue that is torn each time belongs to a process that moves too fast. */
const maxAttempts = 3;

export interface KnownLoop extends LoopPlace {
  /** Null: the loop has no timers of JavaScript, or they cannot be found. */
  readonly timers: CallbackHandle | null;
}

/** Everything but timers, pool and the owners of handles, and the loops whose timers can be read. */
export interface PreparedActivity extends Omit<LoopActivity, 'timers' | 'threadpool'> {
  readonly loops: readonly KnownLoop[];
  readonly wraps: Wraps;
  readonly missing: readonly Missing[];
}

/**
 * Reads handles and their requests from the running process, and finds the timers. Never throws on bad memory.
 * @param workers threads with an isolate of their own, but the main thread
 */
export function prepareActivity(
  subject: Subject,
  moment: Moment,
  workers: readonly number[],
): PreparedActivity {
  const { program, loadBias, isLive } = subject;
  const missing: Missing[] = [];
  const places = findLoops(subject, moment, workers, missing);
  const loops: KnownLoop[] = [];
  const handles: Handle[] = [];
  const wraps = new Map<Handle, Address>();
  const requests: Request[] = [];
  const clocks = new Map<number, EventLoopReading>();
  const symbol = program.binary.loopSymbols.get(runTimers);
  for (const place of places) {
    const memory = subject.readAgain();
    const loop = readLoop(memory, place.address);
    const reading = repeatTorn(subject, (fresh) =>
      readHandles(fresh, place, {
        runTimers: symbol === undefined ? null : symbol.value + loadBias,
        nowMs: isLive ? monotonicMs() : (loop?.turnedAtMs ?? 0),
      }),
    );
    if (reading === null) {
      missing.push({ what: `event loop of thread ${place.tid}`, reason: 'unreadable' });
      continue;
    }
    noteEnd(`handles of thread ${place.tid}`, reading.end, missing);
    handles.push(...reading.handles);
    requests.push(...reading.requests);
    for (const [handle, wrap] of reading.wraps) wraps.set(handle, wrap);
    if (loop !== null && isLive) clocks.set(place.tid, toClock(loop));
    const timer = reading.environmentTimer;
    const heap = new Heap(memory, program.layout);
    loops.push({
      ...place,
      timers: timer === null ? null : findTimerCallback(heap, program.binary, loadBias, timer),
    });
  }
  const heaps = readHeaps(subject, moment, [program.pid, ...workers]);
  return { handles, requests, clocks, heaps, loops, wraps, missing };
}

export interface ActivityReading {
  readonly activity: LoopActivity;
  readonly missing: readonly Missing[];
  /** True: something changed while it was read; in a moment that holds all of it there is more to see. */
  readonly isTorn: boolean;
}

/**
 * Reads pool and timers.
 * @param endsAtMs performance.now() after which no more timers are read
 */
export function readActivity(
  subject: Subject,
  prepared: PreparedActivity,
  moment: Moment,
  endsAtMs: number,
): ActivityReading {
  const { loops, missing: before, handles, wraps, requests, clocks, heaps } = prepared;
  const missing = [...before];
  const pool = readPool(subject, loops, moment, missing);
  let isTorn = pool?.end === 'torn';
  const heap = new Heap(moment.memory, subject.program.layout);
  const timers: LoopActivity['timers'][number][] = [];
  for (const { tid, timers: handle } of loops) {
    if (handle === null) {
      missing.push({
        what: `timers of thread ${tid}`,
        reason: 'not-supported: the function that runs them was not found',
      });
      continue;
    }
    const { program, withValues } = subject;
    const reading = readTimers(heap, program.scripts, { handle, tid, endsAtMs, withValues });
    timers.push(...reading.timers);
    isTorn ||= reading.isTorn;
    if (reading.incomplete !== null)
      missing.push({ what: `some timers of thread ${tid}`, reason: reading.incomplete });
  }
  const threadpool = pool?.threadpool ?? null;
  const activity = {
    handles: addOwners(handles, wraps, heap, subject.program.scripts, endsAtMs),
    requests: [...(pool?.requests ?? []), ...requests],
    timers,
    ...(threadpool !== null && { threadpool }),
    clocks,
    heaps,
  };
  return { activity, missing, isTorn };
}

function readPool(
  { program, loadBias }: Subject,
  loops: readonly LoopPlace[],
  moment: Moment,
  missing: Missing[],
): PoolReading | null {
  const symbols = program.binary.loopSymbols;
  try {
    const pool = readThreadpool({ ...moment, loops, symbols, loadBias });
    if (pool === null)
      missing.push({
        what: 'thread pool',
        reason: 'not-supported: this binary does not say where it is',
      });
    else noteEnd('requests of the thread pool', pool.end, missing);
    return pool;
  } catch (error) {
    if (!(error instanceof UnreadableMemory)) throw error;
    missing.push({ what: 'thread pool', reason: 'unreadable' });
    return null;
  }
}

function readHeaps(
  { program, loadBias, readAgain }: Subject,
  moment: Moment,
  tids: readonly number[],
): Map<number, HeapSizes> {
  const { binary, layout } = program;
  const memory = readAgain();
  const heaps = new Map<number, HeapSizes>();
  for (const { tid, fsBase } of moment.threads) {
    if (!tids.includes(tid)) continue;
    try {
      const isolate = findIsolate(memory, program, loadBias, fsBase);
      if (isolate === 0) continue;
      const sizes = readHeapSizes(memory, binary, layout, loadBias, isolate);
      if (sizes !== null) heaps.set(tid, sizes);
    } catch (error) {
      if (!(error instanceof UnreadableMemory)) throw error;
    }
  }
  return heaps;
}

function findLoops(
  { program, loadBias, readAgain }: Subject,
  moment: Moment,
  workers: readonly number[],
  missing: Missing[],
): LoopPlace[] {
  const main = findMainLoop(program, readAgain(), loadBias);
  if (main === null)
    missing.push({
      what: 'main event loop',
      reason: 'not-supported: this binary does not name it',
    });
  const places: LoopPlace[] = main === null ? [] : [{ tid: program.pid, address: main }];
  for (const tid of workers) {
    const thread = moment.threads.find((candidate) => candidate.tid === tid);
    const address = thread === undefined ? null : findLoopOnStack(moment.memory, thread);
    if (address === null)
      missing.push({
        what: `event loop of thread ${tid}`,
        reason: 'unreadable: not found on its stack',
      });
    else places.push({ tid, address });
  }
  return places;
}

/** Reads from fresh copies until nothing is torn; null when the memory cannot be read. */
function repeatTorn(
  subject: Subject,
  read: (memory: PagedMemory) => HandlesReading,
): HandlesReading | null {
  let reading: HandlesReading | null = null;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    try {
      reading = read(subject.readAgain());
    } catch (error) {
      if (!(error instanceof UnreadableMemory)) throw error;
    }
    if (reading?.end !== 'torn') break;
  }
  return reading;
}

function noteEnd(what: string, end: HandlesReading['end'], missing: Missing[]): void {
  if (end === 'torn')
    missing.push({
      what: `some ${what}`,
      reason: 'unreadable: the list changed while it was read, or is corrupt',
    });
  if (end === 'over-limit') missing.push({ what: `some ${what}`, reason: 'over-limit' });
}
