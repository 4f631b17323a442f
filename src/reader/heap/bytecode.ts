/** Ignition bytecode arrays (src/objects/bytecode-array.tq): length, instruction boundaries, register count. */
import { type Tagged, untag } from '../layout/tagged.ts';
import type { Heap } from './heap.ts';

export interface BytecodeArray {
  readonly address: Tagged;
  readonly length: number;
  /** Size of the register file in words. */
  readonly registerCount: number;
  /** Tagged pointer to the source position table, or to an oddball when there is none. */
  readonly positions: Tagged;
  readonly bytes: Buffer;
}

/** V8 refuses functions beyond this long before. */
const maxBytecodes = 16 << 20;

/** @returns null when the words do not look like a bytecode array. @throws UnreadableMemory */
export function readBytecodeArray(heap: Heap, address: Tagged): BytecodeArray | null {
  if (!heap.is(address, 'BYTECODE_ARRAY')) return null;
  const { layout, memory } = heap;
  const length = heap.smiField(address, layout.require('bytecodeLength'));
  const frameBytes = memory.i32(untag(address) + layout.require('bytecodeFrameSize'));
  if (length <= 0 || length > maxBytecodes || frameBytes < 0 || frameBytes > maxBytecodes)
    return null;
  return {
    address,
    length,
    registerCount: frameBytes / 8,
    positions: heap.field(address, layout.require('bytecodePositions')),
    bytes: memory.bytes(untag(address) + layout.require('bytecodeData'), length),
  };
}

/** Steps from a SharedFunctionInfo to its bytecode: interpreter data, baseline code, and what is behind them. */
const maxDataSteps = 4;

/**
 * The bytecode of a function, which stays with it whatever tier it runs in.
 * @returns null when it was flushed or never compiled
 * @throws UnreadableMemory
 */
export function findBytecode(heap: Heap, shared: Tagged): BytecodeArray | null {
  let data = heap.field(shared, heap.layout.require('sharedData'));
  for (let i = 0; i < maxDataSteps; i++) {
    const type = heap.typeName(data);
    if (type === 'BYTECODE_ARRAY') return readBytecodeArray(heap, data);
    if (type === 'INTERPRETER_DATA') data = heap.field(data, 8);
    else if (type === 'CODE' || type === 'CODE_DATA_CONTAINER') {
      // bytecode_or_interpreter_data of baseline code: among the first fields, in an order that varies.
      const next = [8, 16, 24]
        .map((offset) => heap.field(data, offset))
        .find((word) => ['BYTECODE_ARRAY', 'INTERPRETER_DATA'].includes(heap.typeName(word)));
      if (next === undefined) return null;
      data = next;
    } else return null;
  }
  return null;
}

/** What a bytecode offset register or frame slot holds, relative to the first bytecode. */
export function offsetInBytecode(heap: Heap, offsetFromTaggedArray: number): number {
  return offsetFromTaggedArray - (heap.layout.require('bytecodeData') - 1);
}

/**
 * Lengths of bytecodes, from V8's own table (Bytecodes::kBytecodeSizes): three rows, for operand scales 1, 2 and 4.
 * Wide (0), ExtraWide (1) and their debug-break forms (2, 3) prefix an instruction of the wider rows.
 */
export class BytecodeSizes {
  readonly #sizes: Buffer;
  readonly #count: number;

  constructor(sizes: Buffer) {
    this.#sizes = sizes;
    this.#count = Math.floor(sizes.length / 3);
  }

  /** Bytes of the instruction at `offset`, prefix included; at least 1, so that walks end. */
  sizeAt(bytes: Buffer, offset: number): number {
    const first = bytes[offset] ?? 0;
    if (first > 3) return Math.max(1, this.#sizes[first] ?? 1);
    const row = first === 0 || first === 2 ? 1 : 2;
    return 1 + (this.#sizes[row * this.#count + (bytes[offset + 1] ?? 0)] ?? 1);
  }

  isBoundary(bytes: Buffer, offset: number): boolean {
    let at = 0;
    while (at < offset) at += this.sizeAt(bytes, at);
    return at === offset;
  }
}
