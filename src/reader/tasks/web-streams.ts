/**
 * What a web stream is the body of, for functions that wait for more of one: `await response.text()`, `for await (const chunk of response.body)`.
 *
 *     reader of the stream, among the variables ─► stream ─► its controller ─► what is called for more ─► the scopes of that ─► the request
 *
 * (Node.js lib/internal/webstreams/readablestream.js, undici lib/web/fetch/index.js httpNetworkFetch()). The names on the way differ by
 * version, so it is looked for from one object to the next, the nearest first, and not in the scopes of modules.
 */
import { contextOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import type { Tagged } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import { propertiesOf } from '../values/fetch-objects.ts';
import { isReceiver, readClassName } from '../values/properties.ts';
import { readScopeChain } from '../values/scope.ts';
import { generatorFields } from './generator.ts';
import { insideModule, tellTransfer } from './subjects.ts';
import type { Settler } from './settler.ts';

/** Registers looked at. */
const maxRegisters = 64;
/** Objects looked at on the way; the request is some ten steps from the stream, with few ways to go. */
const maxObjects = 150;
/** What keeps the resolve function of a read. */
const readRequest = /^(?:Default|ReadableStreamAsyncIterator)ReadRequest\b/;
/** Where Node.js 18 and 20 make the promise of a read. */
const deferredFile = 'node:internal/util';

/** True for the promise of a read, as far as can be told by what may settle it. */
export function isOfRead(settler: Settler): boolean {
  if (settler.kind === 'kept') return readRequest.test(settler.owner ?? '');
  return settler.kind === 'function' && settler.file === deferredFile;
}

/** @param generator the suspended function. @returns such as `GET http://10.0.0.7/orders`, `Socket {fd 21}`; null when it has no stream */
export function tellStream(heap: Heap, generator: Tagged): string | null {
  try {
    const registers = heap.field(generator, generatorFields.registers);
    const words = Array.from(
      { length: Math.min(heap.arrayLength(registers), maxRegisters) },
      (_, i) => heap.element(registers, i),
    );
    const streams = words.filter((word) => isReceiver(heap, word) && isStream(heap, word));
    return streams.length === 0 ? null : nearestTransfer(heap, streams);
  } catch (error) {
    if (error instanceof UnreadableMemory) return null;
    throw error;
  }
}

/** A stream, its reader, or the iterator of a `for await`. */
function isStream(heap: Heap, object: Tagged): boolean {
  const name = readClassName(heap, object) ?? '';
  return name.startsWith('ReadableStream') || isIterator(heap, object);
}

function isIterator(heap: Heap, object: Tagged): boolean {
  if (!heap.is(object, 'JS_OBJECT')) return false;
  const next = propertiesOf(heap, object, 4).get('next');
  return next !== undefined && heap.isFunction(next);
}

/** Empty when nothing is found. */
function nearestTransfer(heap: Heap, from: readonly Tagged[]): string {
  // A Set goes on to what is added meanwhile.
  const seen = new Set(from);
  let left = maxObjects;
  for (const object of seen) {
    if (left-- === 0) break;
    const told = tellTransfer(heap, object);
    if (told !== null) return told;
    for (const word of linked(heap, object)) if (isReceiver(heap, word)) seen.add(word);
  }
  return '';
}

function linked(heap: Heap, object: Tagged): Iterable<Tagged> {
  if (!heap.isFunction(object)) return propertiesOf(heap, object).values();
  const context = contextOfFunction(heap, object);
  return readScopeChain(heap, context, insideModule, Infinity).flatMap(({ isOwn, slot }) =>
    isOwn && slot.kind === 'tagged' ? [slot.word] : [],
  );
}
