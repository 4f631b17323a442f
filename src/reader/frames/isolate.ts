/** The isolate of a thread, and the few of its fields the unwinder starts from. */
import type { V8Layout } from '../layout/resolve.ts';
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
  binary: NodeBinary,
  loadBias: number,
  fsBase: Address,
): Address {
  if (binary.isolateTlsDistance !== null) return memory.u64(fsBase - binary.isolateTlsDistance);
  if (binary.isolateKeyAddress === null) return 0;
  const key = memory.u32(binary.isolateKeyAddress + loadBias);
  if (key >= pthreadKeys.inFirstBlock) return 0;
  return memory.u64(
    fsBase + pthreadKeys.firstBlock + key * pthreadKeys.keyBytes + pthreadKeys.valueOffset,
  );
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
