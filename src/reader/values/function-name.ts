/** Names that functions get when they are made, which V8 keeps in the function itself and not with its code. */
import { readSharedFunction, sharedOfFunction, type SharedFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { readString } from '../heap/strings.ts';
import type { Tagged } from '../layout/tagged.ts';
import { readOwnProperties } from './properties.ts';

const maxNameChars = 200;
/** `length`, `name`, then what the program added. */
const maxSearched = 4;

/**
 * What is known of a function. One without a name in its code may have been given one: members with computed keys, such as
 * `[Symbol.iterator]() {}`, and wrappers that take the name of what they wrap.
 * @throws UnreadableMemory
 */
export function readNamedFunction(heap: Heap, jsFunction: Tagged): SharedFunction {
  const shared = readSharedFunction(heap, sharedOfFunction(heap, jsFunction));
  return shared.name === '' ? { ...shared, name: readGivenName(heap, jsFunction) } : shared;
}

/** The property `name` where it is a string of the function's own; otherwise V8 makes it up from the code. */
function readGivenName(heap: Heap, jsFunction: Tagged): string {
  const { properties } = readOwnProperties(heap, jsFunction, maxSearched);
  const word = properties.find(({ key }) => key === 'name')?.word ?? null;
  return word !== null && heap.isString(word) ? (readString(heap, word, maxNameChars) ?? '') : '';
}
