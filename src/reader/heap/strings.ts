/**
 * V8 strings (src/objects/string.h). The low bits of the instance type tell representation and width:
 *
 *     bits 0..2   0 sequential   1 cons (first, second)   2 external (bytes outside the heap)
 *                 3 sliced (parent, offset)               5 thin (the real string elsewhere)
 *     bit 3       one byte a character (Latin-1), else two (UTF-16)
 */
import { limits } from '../../limits.ts';
import { type Tagged, untag } from '../layout/tagged.ts';
import type { Heap } from './heap.ts';

const lengthOffset = 12;
const payloadOffset = 16;
const secondOffset = 24;
const representationMask = 7;
const oneByteBit = 8;

/** Length in characters. @throws UnreadableMemory */
export function readStringLength(heap: Heap, string: Tagged): number {
  return heap.memory.i32(untag(string) + lengthOffset);
}

/**
 * The first `maxChars` characters.
 * @returns null when this is no string
 * @throws UnreadableMemory
 */
export function readString(heap: Heap, string: Tagged, maxChars: number): string | null {
  return readPart(heap, string, 0, maxChars, 0);
}

function readPart(
  heap: Heap,
  string: Tagged,
  start: number,
  maxChars: number,
  depth: number,
): string | null {
  if (!heap.isString(string) || depth > limits.maxStringDepth) return null;
  const type = heap.type(string);
  const count = Math.min(readStringLength(heap, string) - start, maxChars);
  if (count <= 0) return '';
  switch (type & representationMask) {
    case 0:
      return readCharacters(heap, untag(string) + payloadOffset, type, start, count);
    case 1:
      return readCons(heap, string, start, count, depth);
    case 2: {
      const characters = heap.memory.u64(untag(string) + secondOffset);
      return readCharacters(heap, characters, type, start, count);
    }
    case 3: {
      const offset = heap.smiField(string, secondOffset);
      return readPart(heap, heap.field(string, payloadOffset), offset + start, count, depth + 1);
    }
    case 5:
      return readPart(heap, heap.field(string, payloadOffset), start, count, depth + 1);
    default:
      return null;
  }
}

/** first + second; deep chains end at maxStringDepth and then give what was read so far. */
function readCons(
  heap: Heap,
  cons: Tagged,
  start: number,
  count: number,
  depth: number,
): string | null {
  const first = heap.field(cons, payloadOffset);
  const second = heap.field(cons, secondOffset);
  const firstLength = readStringLength(heap, first);
  const left = start < firstLength ? readPart(heap, first, start, count, depth + 1) : '';
  if (left === null) return null;
  if (left.length >= count) return left;
  const right = readPart(
    heap,
    second,
    Math.max(0, start - firstLength),
    count - left.length,
    depth + 1,
  );
  return right === null ? left : left + right;
}

function readCharacters(
  heap: Heap,
  address: number,
  type: number,
  start: number,
  count: number,
): string {
  if ((type & oneByteBit) !== 0)
    return heap.memory.bytes(address + start, count).toString('latin1');
  return heap.memory.bytes(address + start * 2, count * 2).toString('utf16le');
}
