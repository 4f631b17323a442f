/** The isolate of a thread, and the few of its fields the unwinder starts from. */
import type { V8Layout } from '../layout/resolve.ts';
import { Heap, noType } from '../heap/heap.ts';
import type { NodeBinary } from '../layout/node-binary.ts';
import type { PagedMemory } from '../memory/paged.ts';
import type { Address } from '../memory/source.ts';
import type { Tagged } from '../layout/tagged.ts';

/** StateTag of src/common/globals.h, in order. */
const vmStates = [
  'JS',
  'GC',
  'PARSER',
  'BYTECODE_COMPILER',
  'COMPILER',
  'OTHER',
  'EXTERNAL',
  'ATOMICS_WAIT',
  'IDLE',
  'LOGGING',
];

export interface IsolateState {
  readonly address: Address;
  /** Innermost exit frame while the thread is in C++; 0 while it runs JavaScript. */
  readonly cEntryFp: Address;
  /** The same for calls from generated code that build no exit frame. */
  readonly fastCallFp: Address;
  readonly fastCallPc: Address;
  /** Where JavaScript was entered first; 0: no JavaScript on the stack. */
  readonly jsEntrySp: Address;
  readonly vmState: string;
}

/** glibc keeps the first 32 pthread keys in the thread descriptor; seen on glibc 2.36. */
const pthreadKeys = { firstBlock: 0x310, keyBytes: 16, valueOffset: 8, inFirstBlock: 32 } as const;

/**
 * The isolate a thread works for now.
 * @param fsBase the thread pointer
 * @returns 0 when it has none
 * @throws UnreadableMemory
 */
export function findIsolate(
  memory: PagedMemory,
  { binary, layout }: { readonly binary: NodeBinary; readonly layout: V8Layout },
  loadBias: number,
  fsBase: Address,
): Address {
  if (binary.isolateTlsDistance !== null) return memory.u64(fsBase - binary.isolateTlsDistance);
  if (binary.isolateKeyAddress === null)
    return searchThreadLocals(new Heap(memory, layout), binary, fsBase);
  const key = memory.u32(binary.isolateKeyAddress + loadBias);
  if (key >= pthreadKeys.inFirstBlock) return 0;
  return memory.u64(
    fsBase + pthreadKeys.firstBlock + key * pthreadKeys.keyBytes + pthreadKeys.valueOffset,
  );
}

/** Where the isolate was found in a binary that does not tell. */
const foundDistances = new WeakMap<NodeBinary, number>();
/** Thread-local words below the thread pointer that are looked at: glibc gives libraries up to 1.7 KiB beside the program's. */
const searchedBytes = 4096;
/** Roots that are looked at to tell an isolate: maps and oddballs in all versions. */
const checkedRoots = 8;

/**
 * The pointer to the isolate among the thread's own words, which every version has, where no symbol tells its place. What
 * it points to must have V8's roots where an isolate of this version has them.
 */
function searchThreadLocals(heap: Heap, binary: NodeBinary, fsBase: Address): Address {
  const { memory } = heap;
  const known = foundDistances.get(binary);
  if (known !== undefined) {
    const word = memory.u64(fsBase - known);
    if (word === 0 || isIsolate(heap, word)) return word;
  }
  for (let distance = 8; distance <= searchedBytes; distance += 8) {
    const word = memory.isReadable(fsBase - distance) ? memory.u64(fsBase - distance) : 0;
    if (!isIsolate(heap, word)) continue;
    foundDistances.set(binary, distance);
    return word;
  }
  return 0;
}

function isIsolate(heap: Heap, address: Address): boolean {
  const { memory, layout } = heap;
  const roots = address + layout.require('isolateRoots');
  if (address % 8 !== 0 || !memory.isReadable(roots)) return false;
  const types = new Set<number>();
  for (let i = 0; i < checkedRoots; i++) {
    const type = heap.type(memory.u64(roots + i * 8));
    if (type === noType) return false;
    types.add(type);
  }
  return types.size > 1;
}

/** @throws UnreadableMemory */
export function readIsolate(memory: PagedMemory, layout: V8Layout, address: Address): IsolateState {
  const { cEntryFp, jsEntrySp, vmState } = layout.isolate;
  return {
    address,
    cEntryFp: memory.u64(address + cEntryFp),
    fastCallFp: memory.u64(address + layout.require('isolateFastCallFp')),
    fastCallPc: memory.u64(address + layout.require('isolateFastCallPc')),
    jsEntrySp: memory.u64(address + jsEntrySp),
    vmState: vmStates[memory.u16(address + vmState)] ?? 'unknown',
  };
}

/** The marker of holes: one for all isolates of a process, in the shared read-only heap. @throws UnreadableMemory */
export function readTheHole(memory: PagedMemory, layout: V8Layout, isolate: Address): Tagged {
  return memory.u64(isolate + layout.require('isolateRoots') + layout.require('theHoleRoot') * 8);
}
