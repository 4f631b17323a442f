/**
 * Where the event loops are. libuv keeps a pointer to the main one. A worker's is a local variable of the function that
 * starts its thread (node::worker::WorkerThreadData, src/node_worker.cc): it lies at the outer end of the thread's stack.
 * It is known there by its first handle, which names its loop.
 */
import { limits } from '../../limits.ts';
import type { PagedMemory } from '../memory/paged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import { uvHandle, uvLoop } from './uv.ts';

/** A thread as it stood in a look. */
export interface StackBounds {
  readonly tid: number;
  /** Stack pointer. */
  readonly rsp: Address;
  /** Thread pointer: glibc puts the thread's descriptor at the outer end of its stack. */
  readonly fsBase: Address;
}

/** The loop on a worker's stack; null when there is none to be found. */
export function findLoopOnStack(memory: PagedMemory, { rsp, fsBase }: StackBounds): Address | null {
  const inner = Math.max(rsp, fsBase - limits.maxStackSearchBytes);
  for (let at = fsBase - 8; at > inner; at -= 8) if (isLoop(memory, at)) return at;
  return null;
}

/** @param address any address; what stands there need not be a loop */
function isLoop(memory: PagedMemory, address: Address): boolean {
  try {
    const first = memory.u64(address + uvLoop.handleQueue);
    const head = address + uvLoop.handleQueue;
    if (first === head || first % 8 !== 0 || !memory.isReadable(first)) return false;
    return (
      memory.u64(first - uvHandle.queue + uvHandle.loop) === address &&
      memory.u64(first + 8) === head
    );
  } catch (error) {
    if (error instanceof UnreadableMemory) return false;
    throw error;
  }
}
