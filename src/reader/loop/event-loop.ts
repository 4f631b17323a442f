/**
 * The clock of an event loop: whether it turns. Read again and again by the watchdog, so it is a few words, without
 * stopping anything.
 */
import { SleeperError } from '../../errors.ts';
import { LiveMemory } from '../memory/live.ts';
import type { Mapping } from '../memory/maps.ts';
import { PagedMemory } from '../memory/paged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import type { EventLoopClock, EventLoopReading, LoopUse } from '../reading.ts';
import { type Program, Target } from '../target.ts';
import { type LoopMetricsOffsets, findLoopMetrics, uvLoop } from './uv.ts';

/** Finds the main loop of a process; cheap to read afterwards. @throws SleeperError as readProcess() */
export function openEventLoop(pid: number): Promise<EventLoopClock> {
  return Promise.resolve().then(() => {
    const target = new Target(pid);
    const { binary } = target;
    const mappings = binary.isRelocatable ? target.readMappings() : [];
    const { loadBias } = target.codeSpace(mappings);
    const pointer = binary.defaultLoopPointer;
    return new MainLoopClock(pid, {
      pointer: pointer === null ? null : pointer + loadBias,
      metrics: findLoopMetrics(binary.v8MajorMinor),
    });
  });
}

/** What a clock needs of the binary; kept for each of a thousand processes, so it is little. */
interface LoopPlace {
  /** Address of libuv's pointer to the loop. */
  readonly pointer: Address | null;
  readonly metrics: LoopMetricsOffsets | null;
}

/** Bytes of uv_loop_t up to and with its time. */
const loopBytes = uvLoop.time + 8;
/** One look is done with them before the next begins. */
const loopBuffer = Buffer.alloc(loopBytes);
const metricsBuffer = Buffer.alloc(256);

class MainLoopClock implements EventLoopClock {
  readonly #memory: LiveMemory;
  readonly #place: LoopPlace;
  /** 0: the loop does not exist yet. It never moves afterwards. */
  #loop: Address = 0;

  constructor(pid: number, place: LoopPlace) {
    this.#memory = new LiveMemory(pid);
    this.#place = place;
  }

  read(): EventLoopReading | null {
    if (!this.#readLoop()) return null;
    return toClock({
      turnedAtMs: wordAt(loopBuffer, uvLoop.time),
      backendFd: loopBuffer.readInt32LE(uvLoop.backendFd),
      activeHandles: loopBuffer.readUInt32LE(uvLoop.activeHandles),
      activeRequests: loopBuffer.readUInt32LE(uvLoop.activeRequests),
    });
  }

  readUse(): LoopUse | null {
    const { metrics } = this.#place;
    if (metrics === null || !this.#readLoop()) return null;
    const fields = wordAt(loopBuffer, uvLoop.internalFields);
    const part = metricsBuffer.subarray(0, metrics.bytes);
    if (fields === 0 || !this.#fill(fields, part)) return null;
    const enteredAtNs = wordAt(part, metrics.entryTime);
    const sinceMs = enteredAtNs === 0 ? 0 : Math.max(0, monotonicMs() - enteredAtNs / 1e6);
    return {
      atMs: monotonicMs(),
      idleMs: wordAt(part, metrics.idleTime) / 1e6 + sinceMs,
      ...(metrics.turns !== null && { turns: wordAt(part, metrics.turns) }),
    };
  }

  #readLoop(): boolean {
    if (this.#loop === 0) {
      const { pointer } = this.#place;
      const word = loopBuffer.subarray(0, 8);
      if (pointer === null || !this.#fill(pointer, word)) return false;
      this.#loop = wordAt(word, 0);
    }
    return this.#loop !== 0 && this.#fill(this.#loop, loopBuffer);
  }

  #fill(address: Address, out: Uint8Array): boolean {
    try {
      return this.#memory.read(address, out) === out.byteLength;
    } catch (error) {
      if (error instanceof SleeperError) return false; // gone, or not ours any more
      throw error;
    }
  }
}

function wordAt(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 2 ** 32;
}

/** Reads the main loop; null when this binary or process has none to be found. */
export function readEventLoop(target: Target): EventLoopReading | null {
  const mappings = target.binary.isRelocatable ? target.readMappings() : [];
  const loop = readMainLoop(target, new PagedMemory(new LiveMemory(target.pid)), mappings);
  return loop === null ? null : toClock(loop);
}

/** A loop as it stands in memory. */
export type MainLoop = Omit<EventLoopReading, 'lastTurnAgoMs'>;

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
  { binary: { defaultLoopPointer }, loopPointer }: Program,
  memory: PagedMemory,
  loadBias: number,
): Address | null {
  const address =
    loopPointer ?? (defaultLoopPointer === null ? null : defaultLoopPointer + loadBias);
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
export function toClock(loop: MainLoop): EventLoopReading {
  return { lastTurnAgoMs: Math.max(0, monotonicMs() - loop.turnedAtMs), ...loop };
}

/** The clock libuv uses, of this machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
