/**
 * What the event loops of a process are busy with: handles, requests, thread pool and timers.
 *
 * Handles stay where they are, so they are read from the running process; a list that changed meanwhile is walked again.
 * The pool's threads take their work within microseconds, and timers of JavaScript are objects that the collector moves:
 * these are read from the copy of a look, or while the process stands still (moment.ts).
 */
import type { HeapSizes, Missing } from '../../report/schema.ts';
import { findIsolate } from '../frames/isolate.ts';
import { Heap } from '../heap/heap.ts';
import { readHeapSizes } from '../heap/sizes.ts';
import { LiveMemory } from '../memory/live.ts';
import { PagedMemory } from '../memory/paged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import type { LoopActivity, LoopClocks } from '../reading.ts';
import type { Target } from '../target.ts';
import { type CallbackHandle, findTimerCallback } from './environment.ts';
import { findMainLoop, monotonicMs, readClock } from './event-loop.ts';
import { findLoopOnStack, type StackBounds } from './find-loops.ts';
import { type HandlesReading, type LoopPlace, readHandles } from './handles.ts';
import { runTimers } from './symbols.ts';
import { type PoolReading, readThreadpool } from './threadpool.ts';
import { readTimers } from './timers.ts';

/** A moment of a process: its memory, and threads as they stood. */
export interface Moment {
  /** What it does not hold is read from the running process. */
  readonly memory: PagedMemory;
  readonly threads: readonly StackBounds[];
}

/** A queue that is torn each time belongs to a process that moves too fast. */
const maxAttempts = 3;

export interface KnownLoop extends LoopPlace {
  /** Null: the loop has no timers of JavaScript, or they cannot be found. */
  readonly timers: CallbackHandle | null;
}

/** Everything but timers and pool, and the loops whose timers can be read. */
export interface PreparedActivity extends Omit<LoopActivity, 'timers' | 'threadpool'> {
  readonly loops: readonly KnownLoop[];
  readonly missing: readonly Missing[];
}

/**
 * Reads handles and their requests from the running process, and finds the timers. Never throws on bad memory.
 * @param workers threads with an isolate of their own, but the main thread
 */
export function prepareActivity(
  target: Target,
  moment: Moment,
  workers: readonly number[],
): PreparedActivity {
  const missing: Missing[] = [];
  const loadBias = target.codeSpace(target.readMappings()).loadBias;
  const places = findLoops(target, moment, workers, missing);
  const loops: KnownLoop[] = [];
  const handles: HandlesReading['handles'][number][] = [];
  const requests: HandlesReading['requests'][number][] = [];
  const clocks: [number, NonNullable<ReturnType<typeof readClock>>][] = [];
  const symbol = target.binary.loopSymbols.get(runTimers);
  for (const place of places) {
    const reading = repeatTorn(target, (memory) =>
      readHandles(
        memory,
        place,
        symbol === undefined ? null : symbol.value + loadBias,
        monotonicMs(),
      ),
    );
    if (reading === null) {
      missing.push({ what: `event loop of thread ${place.tid}`, reason: 'unreadable' });
      continue;
    }
    noteEnd(`handles of thread ${place.tid}`, reading.end, missing);
    handles.push(...reading.handles);
    requests.push(...reading.requests);
    const memory = new PagedMemory(new LiveMemory(target.pid));
    const clock = readClock(memory, place.address);
    if (clock !== null) clocks.push([place.tid, clock]);
    const timer = reading.environmentTimer;
    const heap = new Heap(memory, target.layout);
    loops.push({
      ...place,
      timers: timer === null ? null : findTimerCallback(heap, target.binary, loadBias, timer),
    });
  }
  return {
    handles,
    requests,
    clocks: new Map(clocks) satisfies LoopClocks,
    heaps: readHeaps(target, moment, [target.pid, ...workers], loadBias),
    loops,
    missing,
  };
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
  target: Target,
  prepared: PreparedActivity,
  moment: Moment,
  endsAtMs: number,
): ActivityReading {
  const { loops, missing: before, handles, requests, clocks, heaps } = prepared;
  const missing = [...before];
  const pool = readPool(target, loops, moment, missing);
  let isTorn = pool?.end === 'torn';
  const heap = new Heap(moment.memory, target.layout);
  const timers: LoopActivity['timers'][number][] = [];
  for (const { tid, timers: handle } of loops) {
    if (handle === null) {
      missing.push({
        what: `timers of thread ${tid}`,
        reason: 'not-supported: the function that runs them was not found',
      });
      continue;
    }
    const reading = readTimers(heap, target.scripts, { handle, tid, endsAtMs });
    timers.push(...reading.timers);
    isTorn ||= reading.isTorn;
    if (reading.incomplete !== null)
      missing.push({ what: `some timers of thread ${tid}`, reason: reading.incomplete });
  }
  const threadpool = pool?.threadpool ?? null;
  const activity = {
    handles,
    requests: [...(pool?.requests ?? []), ...requests],
    timers,
    ...(threadpool !== null && { threadpool }),
    clocks,
    heaps,
  };
  return { activity, missing, isTorn };
}

function readPool(
  target: Target,
  loops: readonly LoopPlace[],
  moment: Moment,
  missing: Missing[],
): PoolReading | null {
  const symbols = target.binary.loopSymbols;
  const loadBias = target.codeSpace(target.readMappings()).loadBias;
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
  target: Target,
  moment: Moment,
  tids: readonly number[],
  loadBias: number,
): Map<number, HeapSizes> {
  const memory = new PagedMemory(new LiveMemory(target.pid));
  const heaps = new Map<number, HeapSizes>();
  for (const { tid, fsBase } of moment.threads) {
    if (!tids.includes(tid)) continue;
    try {
      const isolate = findIsolate(memory, target.binary, loadBias, fsBase);
      if (isolate === 0) continue;
      const sizes = readHeapSizes(memory, target.binary, target.layout, loadBias, isolate);
      if (sizes !== null) heaps.set(tid, sizes);
    } catch (error) {
      if (!(error instanceof UnreadableMemory)) throw error;
    }
  }
  return heaps;
}

function findLoops(
  target: Target,
  moment: Moment,
  workers: readonly number[],
  missing: Missing[],
): LoopPlace[] {
  const main = findMainLoop(target, new PagedMemory(new LiveMemory(target.pid)));
  if (main === null)
    missing.push({
      what: 'main event loop',
      reason: 'not-supported: this binary does not name it',
    });
  const places: LoopPlace[] = main === null ? [] : [{ tid: target.pid, address: main }];
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
  target: Target,
  read: (memory: PagedMemory) => HandlesReading,
): HandlesReading | null {
  let reading: HandlesReading | null = null;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    try {
      reading = read(new PagedMemory(new LiveMemory(target.pid)));
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
