/**
 * The libuv loop of the main thread. Its structure is part of libuv's ABI and the same in all 1.x versions
 * (include/uv.h, include/uv/unix.h; offsets computed with offsetof on x86-64 Linux).
 */
import { LiveMemory } from './memory/live.ts';
import type { Mapping } from './memory/maps.ts';
import { PagedMemory } from './memory/paged.ts';
import { UnreadableMemory } from './memory/source.ts';
import type { EventLoopClock, EventLoopReading } from './reading.ts';
import { type Program, Target } from './target.ts';

const uvLoop = { activeHandles: 8, activeRequests: 32, backendFd: 64, time: 544 } as const;

/** Finds the main loop of a process; cheap to read afterwards. @throws SleeperError as readProcess() */
export function openEventLoop(pid: number): Promise<EventLoopClock> {
  return Promise.resolve().then(() => {
    const target = new Target(pid);
    return { read: () => readEventLoop(target) };
  });
}

/** Reads the loop without stopping anything; null when this binary or process has none to be found. */
export function readEventLoop(target: Target): EventLoopReading | null {
  const mappings = target.binary.isRelocatable ? target.readMappings() : [];
  const loop = readMainLoop(target, new PagedMemory(new LiveMemory(target.pid)), mappings);
  if (loop === null) return null;
  const { turnedAtMs, ...facts } = loop;
  return {
    lastTurnAgoMs: Math.max(0, Number(process.hrtime.bigint() / 1_000n) / 1_000 - turnedAtMs),
    ...facts,
  };
}

/** The main loop as it stands in memory. */
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
  const { defaultLoopPointer } = program.binary;
  if (defaultLoopPointer === null) return null;
  try {
    const loop = memory.u64(defaultLoopPointer + program.codeSpace(mappings).loadBias);
    if (loop === 0) return null;
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
