/**
 * Source position tables (src/codegen/source-position-table.cc): from an offset in bytecode or machine code to an
 * offset in the script's source.
 *
 * The table is a list of variable-length deltas. Each entry: a zig-zag code offset delta, negative (then -(d+1)) for an
 * expression and not negative for a statement; then a zig-zag position delta of up to 64 bits. 14.6 writes the first
 * one unsigned with two flag bits below it. A position packs
 *
 *     bit 0       external              bits 1..30    source offset + 1
 *     bits 31..46 inlining id + 1
 */
import type { BytecodeArray } from '../heap/bytecode.ts';
import type { Heap } from '../heap/heap.ts';

export interface SourcePosition {
  /** Offset in the source of the function it belongs to; -1 unknown. */
  readonly offset: number;
  /** Index of the inlined activation it belongs to; -1: the function itself. */
  readonly inliningId: number;
}

/** A position as a table gives it. */
export interface RecordedPosition extends SourcePosition {
  /** When no entry follows: the code offset of this one. Code behind it may lie elsewhere (out-of-line.ts). */
  readonly lastAt: number | null;
}

/**
 * The position in force at a code offset: the last entry not behind it.
 * @param bytes the table's bytes
 * @param codeOffset offset of the instruction; for a return address one less, so that it lies in the call
 * @param isUnsigned the encoding of 14.6
 * @returns null when the table has no entry at or before the offset
 */
export function findPosition(
  bytes: Uint8Array,
  codeOffset: number,
  isUnsigned: boolean,
): RecordedPosition | null {
  const reader = new VlqReader(bytes);
  let code = -1;
  let position = 0n;
  let found: bigint | null = null;
  let lastAt: number | null = null;
  while (!reader.isAtEnd) {
    const first = reader.unsigned();
    if (isUnsigned) code += Number(first >> 2n);
    else {
      const delta = Number(zigZag(first));
      code += delta < 0 ? -(delta + 1) : delta;
    }
    position += zigZag(reader.unsigned());
    if (code > codeOffset) {
      lastAt = null;
      break;
    }
    found = position;
    lastAt = code;
  }
  return found === null ? null : { ...unpackPosition(found), lastAt };
}

/** Source offset of a bytecode; -1 when the function has no table, or none at this place. @throws UnreadableMemory */
export function positionOfBytecode(
  heap: Heap,
  bytecode: BytecodeArray,
  bytecodeOffset: number,
): number {
  const table = heap.byteArray(bytecode.positions);
  const isUnsigned = heap.layout.require('positionsUnsigned') === 1;
  return table === null ? -1 : (findPosition(table, bytecodeOffset, isUnsigned)?.offset ?? -1);
}

/** @param packed the raw 64-bit position, also as InliningPosition holds it */
export function unpackPosition(packed: bigint): SourcePosition {
  return {
    offset: Number((packed >> 1n) & 0x3fffffffn) - 1,
    inliningId: Number((packed >> 31n) & 0xffffn) - 1,
  };
}

/**
 * Bytecode offset of a place in baseline code. The table has one unsigned value per bytecode, the size of its machine
 * code; the first is the prologue's (src/baseline/bytecode-offset-iterator.h).
 * @param pcOffset offset of the place in the machine code
 * @param sizeAt length of the bytecode at an offset
 */
export function findBaselineBytecode(
  bytes: Uint8Array,
  pcOffset: number,
  bytecodeLength: number,
  sizeAt: (offset: number) => number,
): number {
  const reader = new VlqReader(bytes);
  let end = Number(reader.unsigned());
  let offset = 0;
  let next = 0;
  while (end < pcOffset && !reader.isAtEnd) {
    offset = next;
    if (next < bytecodeLength) next = offset + sizeAt(offset);
    end += Number(reader.unsigned());
  }
  return offset;
}

/** V8's zig-zag of source position tables: bit 0 set means the complement of the rest. */
function zigZag(value: bigint): bigint {
  return (value & 1n) === 1n ? -(value >> 1n) - 1n : value >> 1n;
}

class VlqReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Groups of 7 bits, lowest first; a set top bit means that another follows. Ends at 64 bits on garbage. */
  unsigned(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 64n && !this.isAtEnd; shift += 7n) {
      const byte = this.#bytes[this.#at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) break;
    }
    return value;
  }
}
