/**
 * Indexed elements and the entries of collections (src/objects/elements-kind.h, fixed-array.h, ordered-hash-table.h).
 */
import { limits } from '../../limits.ts';
import { isHoleNan } from '../heap/double.ts';
import type { Slot } from '../heap/slot.ts';
import type { Heap } from '../heap/heap.ts';
import { isPointer, smiValue, type Tagged, untag } from '../layout/tagged.ts';

/** JSArray: its length follows map, properties and elements. */
const arrayLength = 24;
const packedDouble = 4;
const holeyDouble = 5;

/** An element that exists; holes are passed over. */
export interface Element {
  readonly index: number;
  readonly slot: Slot;
}

/**
 * The first elements of an object or array.
 * @param length number of elements that count: an array's length, or undefined for the backing store's own
 * @throws UnreadableMemory
 */
export function readElements(
  heap: Heap,
  object: Tagged,
  length: number | undefined,
  maxCount: number,
): readonly Element[] {
  return readElementsTo(heap, object, length, maxCount).elements;
}

/** Length of a JSArray; that of one with more than a Smi holds is given as 0. @throws UnreadableMemory */
export function readArrayLength(heap: Heap, array: Tagged): number {
  return smiValue(heap.field(array, arrayLength)) ?? 0;
}

/** The first elements of a JSArray that are words: objects and Smis. @throws UnreadableMemory */
export function readArrayWords(heap: Heap, array: Tagged, maxCount: number): Tagged[] {
  const elements = readElements(heap, array, readArrayLength(heap, array), maxCount);
  return elements.flatMap(({ slot }) => (slot.kind === 'tagged' ? [slot.word] : []));
}

/** What an EventEmitter keeps for one event: a function, or an array of several (lib/events.js). @throws UnreadableMemory */
export function readListeners(heap: Heap, kept: Tagged, maxCount: number): Tagged[] {
  return heap.is(kept, 'JS_ARRAY') ? readArrayWords(heap, kept, maxCount) : [kept];
}

export interface KnownElements {
  readonly elements: readonly Element[];
  /** Every element below this index is among them; what is not there is a hole. */
  readonly knownTo: number;
}

/** The same, and how far they were read. @throws UnreadableMemory */
export function readElementsTo(
  heap: Heap,
  object: Tagged,
  length: number | undefined,
  maxCount: number,
): KnownElements {
  const { layout, memory } = heap;
  const map = heap.field(object, 0);
  const kind =
    memory.u8(untag(map) + layout.require('mapBitField2')) >>> layout.require('elementsKindShift');
  const elements = heap.field(object, 16);
  if (!isPointer(elements)) return { elements: [], knownTo: 0 };
  const stored = heap.arrayLength(elements);
  const count = Math.min(length ?? stored, stored, maxCount);
  if (kind === packedDouble || kind === holeyDouble)
    return { elements: readDoubles(heap, elements, count), knownTo: count };
  if (kind === layout.find('dictionaryElements')) {
    const listed = readElementDictionary(heap, elements, maxCount);
    return { elements: listed, knownTo: listed.length < maxCount ? (length ?? 0) : 0 };
  }
  if (!heap.typeName(elements).includes('FIXED_ARRAY')) return { elements: [], knownTo: 0 };
  const found: Element[] = [];
  for (let index = 0; index < count; index++) {
    const word = heap.element(elements, index);
    if (!isHole(heap, word)) found.push({ index, slot: { kind: 'tagged', word } });
  }
  return { elements: found, knownTo: count };
}

/**
 * True for the marker of array holes, of empty places in tables, and of variables not yet initialised. Other oddballs and
 * holes are V8's words for "not here".
 */
export function isHole(heap: Heap, word: Tagged): boolean {
  return heap.theHole !== 0 && word === heap.theHole;
}

/** True for V8's other words for "not here", where they have the type of the hole; before 12.x they are oddballs. */
export function isKinOfHole(heap: Heap, word: Tagged): boolean {
  return heap.type(word) === heap.type(heap.theHole) && !heap.is(word, 'ODDBALL');
}

/** Elements of a backing store of tagged words, at most limits.maxProperties. @throws UnreadableMemory */
export function readFixedArray(heap: Heap, array: Tagged): Slot[] {
  if (!heap.typeName(array).includes('FIXED_ARRAY')) return [];
  const count = Math.max(0, Math.min(heap.arrayLength(array), limits.maxProperties));
  return Array.from({ length: count }, (_, i) => ({
    kind: 'tagged',
    word: heap.element(array, i),
  }));
}

function readDoubles(heap: Heap, elements: Tagged, count: number): Element[] {
  const found: Element[] = [];
  const start = untag(elements) + heap.layout.require('fixedArrayData');
  for (let index = 0; index < count; index++) {
    const address = start + index * 8;
    if (isHoleNan(heap.memory, address)) continue;
    found.push({ index, slot: { kind: 'number', value: heap.memory.f64(address) } });
  }
  return found;
}

/** NumberDictionary: counts and capacity, one prefix word, then (key, value, details). */
function readElementDictionary(heap: Heap, dictionary: Tagged, maxCount: number): Element[] {
  const capacity = Math.min(smiValue(heap.element(dictionary, 2)) ?? 0, 4_096);
  const found: Element[] = [];
  for (let i = 0; i < capacity && found.length < maxCount; i++) {
    const index = smiValue(heap.element(dictionary, 4 + i * 3));
    if (index !== null)
      found.push({ index, slot: { kind: 'tagged', word: heap.element(dictionary, 5 + i * 3) } });
  }
  return found.sort((a, b) => a.index - b.index);
}

export interface CollectionEntries {
  readonly size: number;
  readonly entries: readonly { readonly key: Tagged; readonly value: Tagged | null }[];
}

/**
 * Map or Set: an OrderedHashTable of element count, deleted count, bucket count, buckets, then entries of
 * (key, [value,] chain).
 * @throws UnreadableMemory
 */
export function readCollection(
  heap: Heap,
  collection: Tagged,
  isMap: boolean,
  maxCount: number,
): CollectionEntries {
  const table = heap.field(collection, 24);
  const size = smiValue(heap.element(table, 0)) ?? 0;
  const deleted = smiValue(heap.element(table, 1)) ?? 0;
  const buckets = smiValue(heap.element(table, 2)) ?? 0;
  const entryWords = isMap ? 3 : 2;
  const entries: { key: Tagged; value: Tagged | null }[] = [];
  const used = Math.min(size + deleted, 4_096);
  for (let i = 0; i < used && entries.length < maxCount; i++) {
    const at = 3 + buckets + i * entryWords;
    const key = heap.element(table, at);
    // A deleted entry has the hole as its key; 14.6 has one of its own for tables.
    if (!isHole(heap, key) && !isKinOfHole(heap, key))
      entries.push({ key, value: isMap ? heap.element(table, at + 1) : null });
  }
  return { size, entries };
}
