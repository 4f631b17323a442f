/**
 * Promises that native code keeps, and settles: addons (napi_create_promise), WebAssembly.compile(), Atomics.waitAsync(). No object of the heap refers to
 * them, only V8's global handles in the C++ heap.
 *
 * A node of these handles (src/handles/global-handles.cc NodeBase; the same in V8 10.2 to 14.6), 256 of them in a block:
 *
 *      0 the object      8 class id      10 its index in the block      11 flags      16 parameter, or the next free node      24 callback
 *
 * Copies of a pointer stand about in freed memory and old handle scopes, too: a node is known by the index of its neighbour, has no class id, which
 * V8 gives to what embedders ask it for, and is not free by its state, the two lowest flags.
 */
import { findWords, wantWords } from '../memory/find-words.ts';
import type { Mapping } from '../memory/maps.ts';
import type { Address, MemorySource } from '../memory/source.ts';
import type { Tagged } from '../layout/tagged.ts';

const node = { bytes: 32, classId: 8, index: 10, flags: 11, lastIndex: 255 } as const;
const stateFlags = 3;
/** Larger ones are arrays and buffers, not what malloc() divides. */
const maxMappingBytes = 64 << 20;
const maxBytes = 256 << 20;
const chunkBytes = 1 << 20;

/** Those of the promises that a global handle refers to. What cannot be read has none. */
export function findNativelyHeld(
  source: MemorySource,
  mappings: readonly Mapping[],
  promises: readonly Tagged[],
  endsAtMs: number,
): Set<Tagged> {
  const held = new Set<Tagged>();
  if (promises.length === 0) return held;
  const wanted = wantWords(promises);
  const chunk = new Uint8Array(chunkBytes);
  const words = new DataView(chunk.buffer);
  const places = new Uint32Array(chunkBytes / 8);
  let left = maxBytes;
  for (const { start, end } of mappings.filter(isOfMalloc)) {
    for (let at = start; at < end && left > 0; at += chunkBytes) {
      if (performance.now() > endsAtMs) return held;
      const count = source.read(at, chunk.subarray(0, Math.min(chunkBytes, end - at)));
      left -= count;
      const found = findWords(chunk.subarray(0, count - (count % 8)), wanted, places);
      for (const place of places.subarray(0, found))
        if (isGlobalHandle(source, at + place * 8))
          held.add(Number(words.getBigUint64(place * 8, true)));
    }
  }
  return held;
}

/** Heaps of malloc() are `[heap]` and memory without a name. */
function isOfMalloc({ start, end, readable, writable, path }: Mapping): boolean {
  const isNamed = path !== '' && path !== '[heap]' && !path.startsWith('[anon');
  return readable && writable && !isNamed && end - start <= maxMappingBytes;
}

function isGlobalHandle(source: MemorySource, address: Address): boolean {
  const own = new Uint8Array(node.bytes);
  if (source.read(address, own) !== own.length) return false;
  const hasClass = own[node.classId] !== 0 || own[node.classId + 1] !== 0;
  if (hasClass || ((own[node.flags] ?? 0) & stateFlags) === 0) return false;
  const indexAt = (at: Address): number | null => {
    const byte = new Uint8Array(1);
    return source.read(at + node.index, byte) === 1 ? (byte[0] ?? null) : null;
  };
  const index = own[node.index] ?? 0;
  return index < node.lastIndex
    ? indexAt(address + node.bytes) === index + 1
    : indexAt(address - node.bytes) === index - 1;
}
