/**
 * The clock of an event loop: whether it turns. Read again and again by the watchdog, so it is a few words, without
 * stopping anything.
 */
import { LiveMemory } from '../memory/live.ts';
import { PagedMemory } from '../memory/paged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import type { EventLoopClock, EventLoopReading } from '../reading.ts';
import { Target } from '../target.ts';
import { uvLoop } from './uv.ts';

/** Finds the main loop of a process; cheap to read afterwards. @throws SleeperError as readProcess() */
export function openEventLoop(pid: number): Promise<EventLoopClock> {
  return Promise.resolve().then(() => {
    const target = new Target(pid);
    return { read: () => readEventLoop(target) };
  });
}

/** Reads the main loop; null when this binary or process has none to be found. */
export function readEventLoop(target: Target): EventLoopReading | null {
  const memory = new PagedMemory(new LiveMemory(target.pid));
  const loop = findMainLoop(target, memory);
  return loop === null ? null : readClock(memory, loop);
}

/** Address of the main thread's uv_loop_t; null when it is not to be found. */
export function findMainLoop(target: Target, memory: PagedMemory): Address | null {
  const { defaultLoopPointer } = target.binary;
  if (defaultLoopPointer === null) return null;
  const bias = target.binary.isRelocatable ? target.codeSpace(target.readMappings()).loadBias : 0;
  const address = defaultLoopPointer + bias;
  const loop = memory.isReadable(address) ? memory.u64(address) : 0;
  return loop === 0 ? null : loop;
}

/** Null when there is no readable loop at the address. */
export function readClock(memory: PagedMemory, loop: Address): EventLoopReading | null {
  try {
    // uv_now(): CLOCK_MONOTONIC in milliseconds, as process.hrtime.
    const turnedAtMs = memory.u64(loop + uvLoop.time);
    return {
      lastTurnAgoMs: Math.max(0, monotonicMs() - turnedAtMs),
      backendFd: memory.i32(loop + uvLoop.backendFd),
      activeHandles: memory.u32(loop + uvLoop.activeHandles),
      activeRequests: memory.u32(loop + uvLoop.activeRequests),
    };
  } catch (error) {
    if (error instanceof UnreadableMemory) return null;
    throw error;
  }
}

/** The clock libuv uses. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
