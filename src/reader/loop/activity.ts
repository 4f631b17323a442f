/**
 * What the event loops of a process are busy with: handles, requests, thread pool and timers.
 *
 * libuv's structures stay where they are, so they are read from the running process; a queue that changed meanwhile is
 * walked again. Timers of JavaScript are objects that the collector moves: they are read from the copy of a look.
 */
import type { Missing } from '../../report/schema.ts';
import { Heap } from '../heap/heap.ts';
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
import { readThreadpool } from './threadpool.ts';
import { readTimers } from './timers.ts';

/** The threads of a process as they stood, and which of them run JavaScript. */
export interface LoopScene {
  /** Stacks as they stood. */
  readonly stacks: PagedMemory;
  readonly threads: readonly StackBounds[];
  /** Threads with an isolate of their own, but the main thread. */
  readonly workers: readonly number[];
}

/** A queue that is torn each time belongs to a process that moves too fast. */
const maxAttempts = 3;

export interface KnownLoop extends LoopPlace {
  /** Null: the loop has no timers of JavaScript, or they cannot be found. */
  readonly timers: CallbackHandle | null;
}

/** Everything but the timers, and the loops whose timers can be read. */
export interface PreparedActivity extends Omit<LoopActivity, 'timers'> {
  readonly loops: readonly KnownLoop[];
  readonly missing: readonly Missing[];
}

/** Reads handles, requests and the pool from the running process, and finds the timers. Never throws on bad memory. */
export function prepareActivity(target: Target, scene: LoopScene): PreparedActivity {
  const missing: Missing[] = [];
  const loadBias = target.codeSpace(target.readMappings()).loadBias;
  const places = findLoops(target, scene, missing);
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
  const pool = repeatTorn(target, (memory) =>
    readThreadpool({
      ...scene,
      memory,
      loops: places,
      symbols: target.binary.loopSymbols,
      loadBias,
    }),
  );
  if (pool === null)
    missing.push({
      what: 'thread pool',
      reason: target.binary.loopSymbols.has('wq')
        ? 'unreadable'
        : 'not-supported: this binary does not say where it is',
    });
  else noteEnd('requests of the thread pool', pool.end, missing);
  return {
    handles,
    requests: [...(pool?.requests ?? []), ...requests],
    ...(pool?.threadpool && { threadpool: pool.threadpool }),
    clocks: new Map(clocks) satisfies LoopClocks,
    loops,
    missing,
  };
}

/**
 * Reads the timers of the loops that were found.
 * @param memory of a look; what it does not hold is read from the running process
 */
export function readActivity(
  target: Target,
  prepared: PreparedActivity,
  memory: PagedMemory,
): { activity: LoopActivity; missing: Missing[] } {
  const { loops, missing: before, ...rest } = prepared;
  const missing = [...before];
  const heap = new Heap(memory, target.layout);
  const timers: LoopActivity['timers'][number][] = [];
  for (const { tid, timers: handle } of loops) {
    if (handle === null) {
      missing.push({
        what: `timers of thread ${tid}`,
        reason: 'not-supported: the function that runs them was not found',
      });
      continue;
    }
    const reading = readTimers(heap, target.scripts, handle, tid);
    timers.push(...reading.timers);
    if (reading.incomplete !== null)
      missing.push({ what: `some timers of thread ${tid}`, reason: reading.incomplete });
  }
  return { activity: { ...rest, timers }, missing };
}

function findLoops(target: Target, scene: LoopScene, missing: Missing[]): LoopPlace[] {
  const main = findMainLoop(target, new PagedMemory(new LiveMemory(target.pid)));
  if (main === null)
    missing.push({
      what: 'main event loop',
      reason: 'not-supported: this binary does not name it',
    });
  const places: LoopPlace[] = main === null ? [] : [{ tid: target.pid, address: main }];
  for (const tid of scene.workers) {
    const thread = scene.threads.find((candidate) => candidate.tid === tid);
    const address = thread === undefined ? null : findLoopOnStack(scene.stacks, thread);
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
function repeatTorn<Reading extends { readonly end: HandlesReading['end'] } | null>(
  target: Target,
  read: (memory: PagedMemory) => Reading,
): Reading | null {
  let reading: Reading | null = null;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    try {
      reading = read(new PagedMemory(new LiveMemory(target.pid)));
    } catch (error) {
      if (!(error instanceof UnreadableMemory)) throw error;
    }
    if (reading === null || reading.end !== 'torn') break;
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
