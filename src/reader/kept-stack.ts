/**
 * A stack of the past: the agent has copied it, and the fields of the isolate that tell where it begins, at the moment of a
 * throw. The heap is read as it is now. What one scavenge has moved since then is followed; after more than that, or after a
 * collection of the whole heap, the copy leads nowhere. Where the agent has made a copy of the whole process, nothing has moved in that.
 */
import { Heap } from './heap/heap.ts';
import { LiveMemory } from './memory/live.ts';
import { PagedMemory } from './memory/paged.ts';
import type { Address } from './memory/source.ts';
import { readThreads } from './read-threads.ts';
import type { ThreadReading } from './reading.ts';
import { Target } from './target.ts';

/** What was kept, and where in the target's memory. */
export interface KeptStack {
  readonly tid?: number;
  readonly isolate: Address;
  readonly ranges: readonly KeptRange[];
  readonly collections: KeptCollections;
  /** pid of a copy of the process, which stands still. */
  readonly copy?: number;
}

/** Garbage collections of the isolate up to the throw, and where (two uint32, in this order) it counts on. */
export interface KeptCollections {
  readonly at: Address;
  readonly scavenges: number;
  readonly others: number;
}

/** `bytes` bytes that were at `address` are now at `at`. */
export interface KeptRange {
  readonly address: Address;
  readonly at: Address;
  readonly bytes: number;
}

const movedTooOften =
  'unreadable: garbage collections right after the throw have moved what was on the stack';

/**
 * @returns null when no JavaScript can be found in it; without frames, and a note, when the collector has moved too much
 * @throws SleeperError as Target, UnreadableMemory
 */
export function readKeptStack(
  pid: number,
  kept: KeptStack,
  deadlineMs: number,
): ThreadReading | null {
  const endsAtMs = performance.now() + deadlineMs;
  const tid = kept.tid ?? pid;
  const kind = tid === pid ? 'main' : 'worker';
  const target = new Target(pid);
  const live = new PagedMemory(new LiveMemory(kept.copy ?? pid));
  const memory = new PagedMemory(new LiveMemory(kept.copy ?? pid));
  for (const { address, at, bytes } of kept.ranges) memory.patch(address, live.bytes(at, bytes));
  const { scavenges, others } = collectionsSince(live, kept.collections);
  if (scavenges > 1 || others > 0) return { tid, kind, frames: [], note: movedTooOften };
  const scavenged = scavenges === 1;
  if (scavenged) followMoved(new Heap(memory, target.layout), kept.ranges);
  const scene = { target, memory, mappings: target.readMappings(), endsAtMs, scavenged };
  const start = { tid, registers: null, isolate: kept.isolate };
  const [thread] = readThreads(scene, [start]);
  return thread === undefined ? null : { ...thread, scripts: target.scripts.own };
}

/** The thread waits for us: no more can come. */
function collectionsSince(
  live: PagedMemory,
  { at, scavenges, others }: KeptCollections,
): Pick<KeptCollections, 'scavenges' | 'others'> {
  return { scavenges: live.u32(at) - scavenges, others: live.u32(at + 4) - others };
}

/** Of words on the stack that only look like pointers, none leads to a moved object. */
function followMoved(heap: Heap, ranges: readonly KeptRange[]): void {
  const word = Buffer.alloc(8);
  for (const { address, bytes } of ranges) {
    heap.memory.prefetchPointees(address, bytes);
    for (let at = address; at + 8 <= address + bytes; at += 8) {
      const before = heap.memory.u64(at);
      const after = heap.follow(before);
      if (after === before) continue;
      word.writeBigUInt64LE(BigInt(after));
      heap.memory.patch(at, word);
    }
  }
}
