/** Typed arrays and buffers: the bytes are outside the heap, or right behind the object (src/objects/js-array-buffer.tq). */
import { limits } from '../../limits.ts';
import type { Heap } from '../heap/heap.ts';
import { type Tagged, untag } from '../layout/tagged.ts';
import type { Value } from '../../report/schema.ts';
import { UnreadableMemory } from '../memory/source.ts';

interface ElementFormat {
  readonly bytes: number;
  read(bytes: Buffer, offset: number): number | bigint;
}

const formats: Readonly<Record<string, ElementFormat>> = {
  Uint8Array: { bytes: 1, read: (b, at) => b.readUInt8(at) },
  Uint8ClampedArray: { bytes: 1, read: (b, at) => b.readUInt8(at) },
  Int8Array: { bytes: 1, read: (b, at) => b.readInt8(at) },
  Uint16Array: { bytes: 2, read: (b, at) => b.readUInt16LE(at) },
  Int16Array: { bytes: 2, read: (b, at) => b.readInt16LE(at) },
  Uint32Array: { bytes: 4, read: (b, at) => b.readUInt32LE(at) },
  Int32Array: { bytes: 4, read: (b, at) => b.readInt32LE(at) },
  Float32Array: { bytes: 4, read: (b, at) => b.readFloatLE(at) },
  Float64Array: { bytes: 8, read: (b, at) => b.readDoubleLE(at) },
  BigInt64Array: { bytes: 8, read: (b, at) => b.readBigInt64LE(at) },
  BigUint64Array: { bytes: 8, read: (b, at) => b.readBigUInt64LE(at) },
};
/** Node's Buffers: their class is FastBuffer, whose prototype says Buffer. */
const nodeBuffers = ['Buffer', 'FastBuffer'];
const shownBytes = 16;

/** @throws UnreadableMemory */
export function readTypedArray(heap: Heap, object: Tagged, className: string): Value {
  const { layout, memory } = heap;
  const byteLength = memory.u64(untag(object) + layout.require('viewByteLength'));
  // data_ptr: the sum of a raw pointer and, for small on-heap arrays, the tagged backing store.
  const data =
    memory.u64(untag(object) + layout.require('typedArrayExternalPointer')) +
    memory.u64(untag(object) + layout.require('typedArrayBasePointer'));
  if (nodeBuffers.includes(className)) return bufferValue(heap, data, byteLength);
  const format = formats[className];
  const base = { type: 'typed-array', className };
  if (format === undefined) return { ...base, preview: `${className}(${byteLength} bytes)` };
  const length = byteLength / format.bytes;
  const shown = Math.min(length, limits.maxProperties / 2);
  const bytes = readBytes(heap, data, shown * format.bytes);
  const list = Array.from({ length: bytes.length / format.bytes }, (_, i) =>
    String(format.read(bytes, i * format.bytes)),
  );
  const rest = length > shown ? ', …' : '';
  return {
    ...base,
    length,
    preview: `${className}(${length}) [${list.join(', ')}${rest}]`,
    ...(length > shown && { truncated: true }),
  };
}

/** @throws UnreadableMemory */
export function readArrayBuffer(heap: Heap, object: Tagged, className: string): Value {
  const length = heap.memory.u64(untag(object) + heap.layout.require('bufferByteLength'));
  return { type: 'array-buffer', className, length, preview: `${className}(${length} bytes)` };
}

function bufferValue(heap: Heap, data: number, length: number): Value {
  const shown = Math.min(length, shownBytes);
  const bytes = readBytes(heap, data, shown);
  const hex = [...bytes].map((byte) => ` ${byte.toString(16).padStart(2, '0')}`).join('');
  const rest = length > shown ? ` … ${length - shown} more bytes` : '';
  return {
    type: 'typed-array',
    className: 'Buffer',
    length,
    preview: `<Buffer${hex}${rest}>`,
    ...(length > shown && { truncated: true }),
  };
}

function readBytes(heap: Heap, address: number, length: number): Buffer {
  try {
    return heap.memory.bytes(address, length);
  } catch (error) {
    if (error instanceof UnreadableMemory) return Buffer.alloc(0);
    throw error;
  }
}
