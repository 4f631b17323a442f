/**
 * What a thread's V8 and event loop do, read again and again from the running process without stopping it: a few words
 * each time, some microseconds of ours, nothing of the target's.
 *
 *   Isolate          current_vm_state                       what V8 says it does
 *   MicrotaskQueue   finished_microtask_count_              how many microtasks have run (src/execution/microtask-queue.h)
 *   uv_loop_t        time                                   set at each turn of the loop
 *     └ internal_fields  loop_metrics.metrics.loop_count    turns, from libuv 1.45 on (src/uv-common.h)
 *                        loop_metrics.provider_entry_time   not 0 while the loop waits in its poll
 *
 * The Isolate's pointer to its queue is found as the spaces of its heap are (heap/sizes.ts): by the table of virtual
 * functions it leads to. The queue's members stand in the same order in V8 10.2 to 14.6. Those of libuv's private structures
 * were read off the machine code of uv_metrics_info() and uv__metrics_set_provider_entry_time() in 1.44 (Node 18) and 1.52
 * (Node 26); a binary that has uv_metrics_info() has the longer one.
 */
import { learnedOf } from './layout/learned.ts';
import { readIsolate } from './frames/isolate.ts';
import { microtaskQueueTable } from './heap/sizes.ts';
import type { LoopPlace } from './loop/handles.ts';
import { uvLoop } from './loop/uv.ts';
import { LiveMemory } from './memory/live.ts';
import { PagedMemory } from './memory/paged.ts';
import { type Address, UnreadableMemory } from './memory/source.ts';
import type { Target } from './target.ts';
import type { IsolateOfThread } from './tasks/isolates.ts';

/** One reading. What could not be read is absent. */
export interface Pulse {
  readonly vmState?: string;
  /** Microtasks that have run since the isolate began. */
  readonly microtasks?: number;
  /** When the loop turned last, by CLOCK_MONOTONIC in whole milliseconds. */
  readonly turnedAtMs?: number;
  /** Turns since the loop began. */
  readonly turns?: number;
  /** The loop waits in its poll. */
  readonly isPolling?: boolean;
}

const microtaskQueue = { finishedCount: 40 } as const;
const internalFields = {
  before: { flags: 0, entryTime: 8, loopCount: null },
  since: { flags: 0, entryTime: 136, loopCount: 8 },
} as const;
/** UV_METRICS_IDLE_TIME as it stands in the flags; Node sets it for every loop. */
const idleTimeFlag = 1;
/** Itanium C++ ABI: two words stand before the first function of a table. */
const tableHeader = 16;
const isolateBytes = 128 << 10;

/** Reads the pulse of the threads of one process. */
export class PulseReader {
  readonly #target: Target;
  readonly #loadBias: number;
  readonly #isolates: ReadonlyMap<number, Address>;
  readonly #loops: ReadonlyMap<number, Address>;
  readonly #queues = new Map<number, Address | null>();

  constructor(
    target: Target,
    loadBias: number,
    isolates: readonly IsolateOfThread[],
    loops: readonly LoopPlace[],
  ) {
    this.#target = target;
    this.#loadBias = loadBias;
    this.#isolates = new Map(isolates.map(({ tid, address }) => [tid, address]));
    this.#loops = new Map(loops.map(({ tid, address }) => [tid, address]));
  }

  /** Never throws on bad memory. @throws SleeperError ERR_SLEEPER_TARGET_GONE */
  read(tid: number): Pulse {
    const memory = new PagedMemory(new LiveMemory(this.#target.pid));
    return { ...this.#readIsolate(memory, tid), ...this.#readLoop(memory, tid) };
  }

  #readIsolate(memory: PagedMemory, tid: number): Pulse {
    const isolate = this.#isolates.get(tid);
    if (isolate === undefined) return {};
    try {
      const { vmState } = readIsolate(memory, this.#target.layout, isolate);
      let queue = this.#queues.get(tid);
      if (queue === undefined) {
        queue = this.#findQueue(memory, isolate);
        this.#queues.set(tid, queue);
      }
      if (queue === null) return { vmState };
      return { vmState, microtasks: memory.u64(queue + microtaskQueue.finishedCount) };
    } catch (error) {
      if (error instanceof UnreadableMemory) return {};
      throw error;
    }
  }

  #findQueue(memory: PagedMemory, isolate: Address): Address | null {
    const { binary } = this.#target;
    const symbol = binary.heapSymbols.get(microtaskQueueTable);
    if (symbol === undefined) return null;
    const table = symbol.value + this.#loadBias + tableHeader;
    const queueAt = (offset: number): Address | null => {
      const address = memory.u64(isolate + offset);
      if (address === 0 || address % 8 !== 0 || !memory.isReadable(address)) return null;
      return memory.u64(address) === table ? address : null;
    };
    // Searching an Isolate takes milliseconds; the place is the same in all isolates of a binary.
    const learned = learnedOf(binary.identity);
    const known = learned.microtaskQueue;
    const found = known === null ? null : queueAt(known);
    if (found !== null) return found;
    for (let offset = 0; offset < isolateBytes; offset += 8) {
      if (!memory.isReadable(isolate + offset)) break;
      const queue = queueAt(offset);
      if (queue === null) continue;
      learned.microtaskQueue = offset;
      return queue;
    }
    return null;
  }

  #readLoop(memory: PagedMemory, tid: number): Pulse {
    const loop = this.#loops.get(tid);
    if (loop === undefined) return {};
    try {
      const turnedAtMs = memory.u64(loop + uvLoop.time);
      const fields = memory.u64(loop + uvLoop.internalFields);
      const has = this.#target.binary.loopSymbols.has('uv_metrics_info');
      const { flags, entryTime, loopCount } = has ? internalFields.since : internalFields.before;
      return {
        turnedAtMs,
        ...(loopCount !== null && { turns: memory.u64(fields + loopCount) }),
        ...((memory.u32(fields + flags) & idleTimeFlag) !== 0 && {
          isPolling: memory.u64(fields + entryTime) !== 0,
        }),
      };
    } catch (error) {
      if (error instanceof UnreadableMemory) return {};
      throw error;
    }
  }
}
