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
  Float16Array: { bytes: 2, read: (b, at) => halfFloat(b.readUInt16LE(at)) },
  Float32Array: { bytes: 4, read: (b, at) => b.readFloatLE(at) },
  Float64Array: { bytes: 8, read: (b, at) => b.readDoubleLE(at) },
  BigInt64Array: { bytes: 8, read: (b, at) => b.readBigInt64LE(at) },
  BigUint64Array: { bytes: 8, read: (b, at) => b.readBigUInt64LE(at) },
};
/** IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction. */
function halfFloat(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Node's Buffers: their class is FastBuffer, whose prototype says Buffer. */
const nodeBuffers = ['Buffer', 'FastBuffer'];
const shownBytes = 16;
/** What Atomics.wait() takes. */
const waitable = new Set(['Int32Array', 'BigInt64Array']);

/** @throws UnreadableMemory */
export function readTypedArray(heap: Heap, object: Tagged, className: string): Value {
  const { layout, memory } = heap;
  const format = formats[className];
  // data_ptr: the sum of a raw pointer and, for small on-heap arrays, the tagged backing store.
  const onHeap = memory.u64(untag(object) + layout.require('typedArrayBasePointer'));
  const data = memory.u64(untag(object) + layout.require('typedArrayExternalPointer')) + onHeap;
  // The buffer of an array on the heap is empty until somebody asks for it.
  const byteLength =
    onHeap === 0
      ? readViewLength(heap, object, format?.bytes ?? 1)
      : memory.u64(untag(object) + layout.require('viewByteLength'));
  if (nodeBuffers.includes(className)) return bufferValue(heap, data, byteLength);
  const kind = { type: 'typed-array', className };
  if (format === undefined) return { ...kind, preview: `${className}(${byteLength} bytes)` };
  const length = byteLength / format.bytes;
  const shown = Math.min(length, limits.maxProperties / 2);
  const bytes = readBytes(heap, data, shown * format.bytes);
  const list = Array.from({ length: bytes.length / format.bytes }, (_, i) => {
    const element = format.read(bytes, i * format.bytes);
    return typeof element === 'bigint'
      ? `${element}n`
      : String(Object.is(element, -0) ? '-0' : element);
  });
  const rest = length > shown ? ', …' : '';
  return {
    ...kind,
    length,
    ...(onHeap === 0 && waitable.has(className) && { dataAddress: `0x${data.toString(16)}` }),
    preview: `${className}(${length}) [${list.join(', ')}${rest}]`,
    ...(length > shown && { truncated: true }),
  };
}

/** @throws UnreadableMemory */
export function readDataView(heap: Heap, object: Tagged): Value {
  const length = readViewLength(heap, object, 1);
  return { type: 'object', className: 'DataView', length, preview: `DataView(${length} bytes)` };
}

/** JSArrayBufferView: buffer, byte offset, byte length; where they begin differs, their order does not. */
const bufferFields = [24, 32, 40] as const;
const lengthTracking = 1;

/**
 * Bytes that a view shows. It keeps its length when its buffer is taken away (detached) or shrinks, and has none of its own
 * when it follows that of a resizable buffer.
 */
function readViewLength(heap: Heap, view: Tagged, elementBytes: number): number {
  const { layout, memory } = heap;
  const at = layout.require('viewByteLength');
  const own = memory.u64(untag(view) + at);
  const buffer = bufferFields
    .map((offset) => heap.field(view, offset))
    .find((word) => heap.is(word, 'JS_ARRAY_BUFFER'));
  if (buffer === undefined) return own;
  const offset = memory.u64(untag(view) + at - 8);
  const room = memory.u64(untag(buffer) + layout.require('bufferByteLength')) - offset;
  if ((memory.u32(untag(view) + layout.require('viewFlags')) & lengthTracking) !== 0)
    return Math.max(0, room - (room % elementBytes));
  return own > room ? 0 : own;
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
