/**
 * What V8 keeps the contents of objects, arrays and collections in, seen from a word in it: whose owner is asked for in its
 * stead, and under which key it has the word (src/objects/fixed-array.tq, hash-table.h, dictionary.h, ordered-hash-table.h).
 *
 *     FixedArray, PropertyArray        map, length, words
 *     NameDictionary, NumberDictionary map, length, counts and capacity, prefix, then (key, value, details)
 *     EphemeronHashTable               map, length, counts and capacity, then (key, value)
 *     OrderedHashMap, OrderedHashSet   map, length, counts of elements, deleted ones and buckets, buckets, then
 *                                      (key, [value,] next of the chain)
 */
import type { Heap } from '../heap/heap.ts';
import { readString, readStringLength } from '../heap/strings.ts';
import { smiValue, type Tagged, untag } from '../layout/tagged.ts';
import { readPropertyKey, readSymbol } from '../values/properties.ts';

/** Words of a table before its prefix, behind map and length. */
const tableHeader = 3;
const numberDictionaryPrefix = 1;
const bucketCountIndex = 2;
const maxKeyChars = 40;

const backingStores = new Set([
  'FIXED_ARRAY',
  'PROPERTY_ARRAY',
  'NAME_DICTIONARY',
  'NUMBER_DICTIONARY',
  'EPHEMERON_HASH_TABLE',
  'ORDERED_HASH_MAP',
  'ORDERED_HASH_SET',
]);

/** @param type V8's name of it */
export function isBackingStore(type: string): boolean {
  return backingStores.has(type);
}

/** Where a word stands in a backing store. */
export interface Entry {
  /** As people write it; null: it cannot be told, or is the value of a whole object. */
  readonly key: string | null;
  /** It is the key itself. */
  readonly isKey: boolean;
}

const unknown: Entry = { key: null, isKey: false };

/**
 * @param index of the word, behind map and length
 * @returns null when the word is not part of the contents
 * @throws UnreadableMemory
 */
export function readEntry(heap: Heap, store: Tagged, index: number): Entry | null {
  const at = (start: number, width: number, readKey: (key: Tagged) => string | null) =>
    entryAt(heap, store, index - start, { start, width, readKey });
  switch (heap.typeName(store)) {
    case 'FIXED_ARRAY':
      return { key: String(index), isKey: false };
    case 'NAME_DICTIONARY':
      return at(tableHeader + heap.layout.require('nameDictionaryPrefix'), 3, (key) =>
        readPropertyKey(heap, key),
      );
    case 'NUMBER_DICTIONARY':
      return at(tableHeader + numberDictionaryPrefix, 3, (key) => readNumber(heap, key));
    case 'EPHEMERON_HASH_TABLE':
      return at(tableHeader, 2, () => null);
    case 'ORDERED_HASH_MAP':
      return at(orderedStart(heap, store), 3, (key) => readMapKey(heap, key));
    case 'ORDERED_HASH_SET':
      return at(orderedStart(heap, store), 2, () => null);
    default:
      return unknown;
  }
}

interface Table {
  readonly start: number;
  readonly width: number;
  readonly readKey: (key: Tagged) => string | null;
}

function entryAt(
  heap: Heap,
  store: Tagged,
  offset: number,
  { start, width, readKey }: Table,
): Entry | null {
  if (offset < 0) return null;
  const part = offset % width;
  if (part === 0) return { key: null, isKey: true };
  return part === 1
    ? { key: readKey(heap.element(store, start + offset - 1)), isKey: false }
    : null;
}

function orderedStart(heap: Heap, table: Tagged): number {
  return tableHeader + (smiValue(heap.element(table, bucketCountIndex)) ?? 0);
}

function readNumber(heap: Heap, key: Tagged): string | null {
  const small = smiValue(key);
  if (small !== null) return String(small);
  return heap.is(key, 'HEAP_NUMBER') ? String(heap.memory.f64(untag(key) + 8)) : null;
}

/** What a program has as keys of its Maps: numbers, texts, symbols; of objects nothing short can be said. */
function readMapKey(heap: Heap, key: Tagged): string | null {
  if (heap.isString(key)) {
    const text = readString(heap, key, maxKeyChars) ?? '';
    return JSON.stringify(text) + (readStringLength(heap, key) > text.length ? '…' : '');
  }
  return heap.is(key, 'SYMBOL') ? readSymbol(heap, key) : readNumber(heap, key);
}
