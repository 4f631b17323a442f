/**
 * One look at a live process: its threads stand still while registers, stacks and the wanted pages are copied, and run
 * on before anything is decoded. The copy is one consistent moment.
 */
import { limits } from '../../limits.ts';
import { pageBytes, registerSetBytes, requireNative } from '../../native.ts';
import { LiveMemory } from './live.ts';
import { findMapping, type Mapping } from './maps.ts';
import { PagedMemory } from './paged.ts';
import { parseRegisters, type Registers } from './registers.ts';
import type { Address } from './source.ts';

export interface StoppedThread {
  readonly tid: number;
  readonly registers: Registers;
  /** All of them, as Native.stopThreads() fills them. */
  readonly registerSet: Buffer;
}

export interface Look {
  readonly memory: PagedMemory;
  readonly threads: readonly StoppedThread[];
  /** Threads that could not be stopped, with the errno. */
  readonly refused: readonly { readonly tid: number; readonly errno: number }[];
}

export interface TakenLook<Result> {
  readonly result: Result;
  /** How long the threads stood still. */
  readonly pausedMs: number;
  /** False: they ran on before `decode` was done, because the hold limit had passed. */
  readonly isConsistent: boolean;
}

export interface LookWishes {
  readonly tids: readonly number[];
  readonly mappings: readonly Mapping[];
  /** Pages to copy besides the stacks. */
  readonly pages: Iterable<Address>;
  /** True: the threads stand still until `decode` has returned, so that every read is of the same moment. */
  readonly holdWhileDecoding: boolean;
}

/** Stops, copies, resumes, decodes; whatever `decode` throws, the target runs on. */
export function takeLook<Result>(
  pid: number,
  wishes: LookWishes,
  decode: (look: Look) => Result,
): TakenLook<Result> {
  const native = requireNative();
  const tids = Int32Array.from(wishes.tids.slice(0, limits.maxThreads));
  const registers = Buffer.alloc(tids.length * registerSetBytes);
  const results = new Int32Array(tids.length);
  const wanted = [...wishes.pages].slice(0, limits.maxWantedPages);
  const stop = new HeldStop();
  native.stopThreads(tids, registers, results, limits.stopTimeoutMs, limits.holdLimitMs);
  try {
    const look: Look = {
      memory: new PagedMemory(new LiveMemory(pid)),
      ...sortResults(tids, registers, results),
    };
    const pages = new Set(wanted);
    for (const thread of look.threads) addStack(pages, thread.registers.rsp, wishes.mappings);
    copyPages(pid, look.memory, [...pages]);
    if (!wishes.holdWhileDecoding) stop.resume();
    const result = decode(look);
    const us = stop.resume();
    return { result, pausedMs: Math.abs(us) / 1000, isConsistent: us >= 0 };
  } finally {
    stop.resume();
  }
}

/** The threads stand still from the call of stopThreads() on, and run on at the first resume(). */
class HeldStop {
  #stoodStillUs: number | null = null;

  /** @returns as Native.resumeThreads(), the same at every call */
  resume(): number {
    this.#stoodStillUs ??= requireNative().resumeThreads();
    return this.#stoodStillUs;
  }
}

function sortResults(
  tids: Int32Array,
  registers: Buffer,
  results: Int32Array,
): Pick<Look, 'threads' | 'refused'> {
  const threads: StoppedThread[] = [];
  const refused: { tid: number; errno: number }[] = [];
  tids.forEach((tid, i) => {
    const errno = results[i] ?? 0;
    if (errno !== 0) refused.push({ tid, errno });
    else {
      const bytes = registers.subarray(i * registerSetBytes, (i + 1) * registerSetBytes);
      threads.push({ tid, registers: parseRegisters(bytes), registerSet: bytes });
    }
  });
  return { threads, refused };
}

function addStack(pages: Set<Address>, stackPointer: Address, mappings: readonly Mapping[]): void {
  const mapping = findMapping(mappings, stackPointer);
  const from = stackPointer - (stackPointer % pageBytes);
  // The main thread's stack may have grown since the map was read: then a little above the pointer is taken.
  const to = Math.min(mapping?.end ?? from + 16 * pageBytes, from + limits.maxStackBytes);
  for (let page = from; page < to; page += pageBytes) pages.add(page);
}

function copyPages(pid: number, memory: PagedMemory, pages: readonly Address[]): void {
  const bytes = Buffer.allocUnsafe(pages.length * pageBytes);
  const readable = new Uint8Array(pages.length);
  requireNative().readPages(pid, Float64Array.from(pages), bytes, readable);
  pages.forEach((page, i) => {
    const isReadable = readable[i] === 1;
    memory.preload(page, isReadable ? bytes.subarray(i * pageBytes, (i + 1) * pageBytes) : null);
  });
}
