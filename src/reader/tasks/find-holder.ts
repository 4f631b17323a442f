/** From a word somewhere in the heap back to the object it stands in. */
import type { Heap } from '../heap/heap.ts';
import { isPointer, type Tagged, untag } from '../layout/tagged.ts';
import type { Address } from '../memory/source.ts';
import { heapPageBytes } from './heap-words.ts';
import type { LargeObject } from './pages.ts';

/** Words from the start of an object to the one found. Only backing stores are longer; they end with the page. */
const maxObjectWords = 256;

/**
 * The object a word belongs to: the nearest word before it that is a map, of objects that reach as far. Far back only maps of
 * backing stores are asked for: to look at whatever an array refers to would take a page of the target for each element.
 */
export function findHolder(
  heap: Heap,
  place: Address,
  arrayMaps: ReadonlySet<Tagged>,
  large: readonly LargeObject[],
): Tagged | null {
  const object = large.find(({ start, end }) => place > start && place < end);
  if (object !== undefined) return object.start + 1;
  const wordsBefore = (place % heapPageBytes) / 8;
  for (let back = 1; back < wordsBefore; back++) {
    const start = place - back * 8;
    const map = heap.memory.u64(start);
    const isMap =
      back < maxObjectWords ? isPointer(map) && heap.is(map, 'MAP') : arrayMaps.has(map);
    if (!isMap) continue;
    const words = heap.memory.u8(untag(map) + heap.layout.require('mapInstanceSizeInWords'));
    // 0: the size is not the same for all objects of the map; the second word is the length, of those we look at.
    const reach = words === 0 ? 2 + Math.max(0, heap.arrayLength(start + 1)) : words;
    if (back < reach) return start + 1;
    if (back >= maxObjectWords) return null;
  }
  return null;
}
