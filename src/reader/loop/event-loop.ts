/**
 * The clock of an event loop: whether it turns. Read again and again by the watchdog, so it is a few words, without
 * stopping anything.
 */
import { LiveMemory } from '../memory/live.ts';
import type { Mapping } from '../memory/maps.ts';
import { PagedMemory } from '../memory/paged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import type { EventLoopClock, EventLoopReading } from '../reading.ts';
import { type Program, Target } from '../target.ts';
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
  const mappings = target.binary.isRelocatable ? target.readMappings() : [];
  const loop = readMainLoop(target, new PagedMemory(new LiveMemory(target.pid)), mappings);
  return loop === null ? null : toClock(loop);
}

/** A loop as it stands in memory. */
export interface MainLoop extends Omit<EventLoopReading, 'lastTurnAgoMs'> {
  /** When it turned last by the CLOCK_MONOTONIC of the target's machine, as process.hrtime. */
  readonly turnedAtMs: number;
}

/** The main loop of a live process or a core; null when this binary or process has none to be found. */
export function readMainLoop(
  program: Program,
  memory: PagedMemory,
  mappings: readonly Mapping[],
): MainLoop | null {
  const address = findMainLoop(program, memory, program.codeSpace(mappings).loadBias);
  return address === null ? null : readLoop(memory, address);
}

/** Address of the main thread's uv_loop_t; null when it is not to be found. */
export function findMainLoop(
  { binary: { defaultLoopPointer } }: Program,
  memory: PagedMemory,
  loadBias: number,
): Address | null {
  const address = defaultLoopPointer === null ? null : defaultLoopPointer + loadBias;
  const loop = address !== null && memory.isReadable(address) ? memory.u64(address) : 0;
  return loop === 0 ? null : loop;
}

/** Null when there is no readable loop at the address. */
export function readLoop(memory: PagedMemory, loop: Address): MainLoop | null {
  try {
    return {
      turnedAtMs: memory.u64(loop + uvLoop.time),
      backendFd: memory.i32(loop + uvLoop.backendFd),
      activeHandles: memory.u32(loop + uvLoop.activeHandles),
      activeRequests: memory.u32(loop + uvLoop.activeRequests),
    };
  } catch (error) {
    if (error instanceof UnreadableMemory) return null;
    throw error;
  }
}

/** Of a loop on this machine. */
export function toClock({ turnedAtMs, ...facts }: MainLoop): EventLoopReading {
  return { lastTurnAgoMs: Math.max(0, monotonicMs() - turnedAtMs), ...facts };
}

/** The clock libuv uses, of this machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
