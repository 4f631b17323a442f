/** Which isolate belongs to which thread. */
import { findIsolate, readIsolate } from '../frames/isolate.ts';
import { findMapping, type Mapping } from '../memory/maps.ts';
import { PagedMemory } from '../memory/paged.ts';
import { type Address, type MemorySource, UnreadableMemory } from '../memory/source.ts';
import type { Program } from '../target.ts';

export interface IsolateOfThread {
  readonly tid: number;
  /** Address of the v8::Isolate. */
  readonly address: Address;
}

/** A thread, and where its thread-local variables are. */
export interface ThreadPointer {
  readonly tid: number;
  readonly fsBase: Address;
}

/** The isolates that these threads work for: the same one more than once where V8's helper threads are among them. */
export function findIsolates(
  target: Program,
  source: MemorySource,
  mappings: readonly Mapping[],
  threads: readonly ThreadPointer[],
): IsolateOfThread[] {
  const memory = new PagedMemory(source);
  const { loadBias } = target.codeSpace(mappings);
  return threads.flatMap(({ tid, fsBase }) => {
    try {
      const address = findIsolate(memory, target, loadBias, fsBase);
      return address === 0 ? [] : [{ tid, address }];
    } catch (error) {
      if (error instanceof UnreadableMemory) return [];
      throw error;
    }
  });
}

/**
 * Each isolate once, with the thread that owns it: the one whose stack its JavaScript is on; of an idle one the main thread, or
 * the thread that was there first. V8's helper threads enter the isolate they work for.
 */
export function findOwnedIsolates(
  target: Program,
  source: MemorySource,
  mappings: readonly Mapping[],
  threads: readonly ThreadPointer[],
): IsolateOfThread[] {
  const all = findIsolates(target, source, mappings, threads);
  const memory = new PagedMemory(source);
  return [...new Set(all.map(({ address }) => address))].flatMap((address) => {
    const rivals = all.filter((one) => one.address === address);
    const stack = stackOf(target, memory, mappings, address);
    const pointerOf = (tid: number) => threads.find((one) => one.tid === tid)?.fsBase ?? 0;
    const owner =
      rivals.find(({ tid }) => stack !== null && isOnStack(tid, pointerOf(tid), stack)) ??
      rivals.find(({ tid }) => tid === target.pid) ??
      rivals[0];
    return owner === undefined ? [] : [owner];
  });

  /** A thread's stack ends with its thread-local variables; the main thread's is marked by the kernel. */
  function isOnStack(tid: number, fsBase: Address, stack: Mapping): boolean {
    if (stack.path === '[stack]') return tid === target.pid;
    return fsBase >= stack.start && fsBase < stack.end;
  }
}

/** The mapping in which JavaScript was entered; null: none runs, or the isolate is torn. */
function stackOf(
  target: Program,
  memory: PagedMemory,
  mappings: readonly Mapping[],
  isolate: Address,
): Mapping | null {
  try {
    const { jsEntrySp } = readIsolate(memory, target.layout, isolate);
    return jsEntrySp === 0 ? null : findMapping(mappings, jsEntrySp);
  } catch (error) {
    if (error instanceof UnreadableMemory) return null;
    throw error;
  }
}
