/** Where a promise or its resolve function is kept, in words. */
import { readSharedFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { readString } from '../heap/strings.ts';
import type { Tagged } from '../layout/tagged.ts';
import type { Entry } from './backing-stores.ts';
import { generatorFields, suspendedKind } from './generator.ts';

const maxNameChars = 80;
const propertyCellName = 8;
const elementsOffset = 16;
const collections = new Set(['JS_MAP', 'JS_SET', 'JS_WEAK_MAP', 'JS_WEAK_SET']);

/** True for those whose keys are values of the program. @param type V8's name of it */
export function isCollection(type: string): boolean {
  return collections.has(type);
}

/** A property of globalThis that was assigned to more than once, or is constant (src/objects/property-cell.tq). @throws UnreadableMemory */
export function globalName(heap: Heap, cell: Tagged): string {
  const name = heap.field(cell, propertyCellName);
  const words = heap.isString(name) ? ` ${readString(heap, name, maxNameChars) ?? ''}` : '';
  return `the global variable${words}`;
}

/** The key that a holder has something under, by its backing store. @throws UnreadableMemory */
export function keyInStore(
  heap: Heap,
  { address, entry }: { readonly address: Tagged; readonly entry: Entry | null },
  holder: Tagged,
): string | null {
  if (entry === null) return null;
  if (heap.is(holder, 'JS_MAP') && entry.isKey) return 'a key';
  // A plain array is that of the elements, or something of V8's own.
  const isContents =
    !heap.is(address, 'FIXED_ARRAY') || heap.field(holder, elementsOffset) === address;
  return isContents ? entry.key : null;
}

/**
 * Such as `a Map, as 17`, `an object of Lock, as waiter`.
 * @param told such as `Lock {name: "stock"}`
 */
export function placeWords(
  type: string,
  className: string,
  key: string | null,
  told?: string,
): string {
  if (type === 'JS_ARRAY') return 'an array';
  if (type === 'JS_BOUND_FUNCTION') return 'a function that is bound to it';
  const as = key === null ? '' : `, as ${key}`;
  if (isCollection(type)) return `${/^[AEIOU]/.test(className) ? 'an' : 'a'} ${className}${as}`;
  if (told !== undefined) return `${told}${as}`;
  return `an object${className === '' || className === 'Object' ? '' : ` of ${className}`}${as}`;
}

/**
 * A suspended function that has a generator among its variables, as it does in the middle of a `for await`.
 * @returns null when the holder is none, or the leaf no generator @throws UnreadableMemory
 */
export function consumerWords(heap: Heap, leaf: Tagged, holder: Tagged): string | null {
  if (holder === leaf || suspendedKind(heap, leaf) === null) return null;
  if (suspendedKind(heap, holder) === null) return null;
  const shared = sharedOfFunction(heap, heap.field(holder, generatorFields.function));
  const { name } = readSharedFunction(heap, shared);
  return `a variable of ${name === '' ? 'a function' : name} that stands at an await`;
}
