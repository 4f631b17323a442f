/**
 * What functions that settle a promise are about: a socket, a request, a child process, and the event that is waited for.
 * Read from the variables of their scopes, and from the objects that Node keeps beside a listener.
 */
import type { Heap } from '../heap/heap.ts';
import { readString } from '../heap/strings.ts';
import type { Tagged } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import { tellNodeObject } from '../values/node-objects.ts';
import { isReceiver, type Property, readClassName } from '../values/properties.ts';
import { readScopeChain } from '../values/scope.ts';

const maxEventChars = 60;
/** Names under which Node's functions know the object and the event: events.once(), listeners that are called once. */
const emitterNames = ['emitter', 'target'];
const eventNames = ['name', 'type'];

/** Empty when nothing in these scopes can be told. */
export function subjectOfScope(heap: Heap, context: Tagged): string {
  try {
    const variables = readScopeChain(heap, context, -1, -1).map(({ name, slot }): Property => ({
      key: name,
      word: slot.kind === 'tagged' ? slot.word : null,
    }));
    return subjectOf(heap, variables);
  } catch (error) {
    if (error instanceof UnreadableMemory) return '';
    throw error;
  }
}

/** The same for the properties of one object. @throws UnreadableMemory */
export function subjectOf(heap: Heap, properties: readonly Property[]): string {
  const find = (names: readonly string[]): Tagged | null =>
    properties.find(({ key, word }) => names.includes(key) && word !== null)?.word ?? null;
  const [emitter, event] = [find(emitterNames), find(eventNames)];
  if (emitter !== null && event !== null && heap.isString(event) && isReceiver(heap, emitter)) {
    const name = readString(heap, event, maxEventChars) ?? '';
    return `the event "${name}" of ${tellEmitter(heap, emitter)}`;
  }
  for (const { word } of properties) {
    const told = word === null ? null : tellObject(heap, word);
    if (told !== null) return told;
  }
  return '';
}

/** `Socket {fd 21}`; null when it is none of Node's own objects. */
function tellObject(heap: Heap, word: Tagged): string | null {
  if (!isReceiver(heap, word)) return null;
  const name = readClassName(heap, word) ?? '';
  const told = tellNodeObject(heap, name, word);
  return told === null ? null : `${name} {${told.words}}`;
}

/** `ChildProcess {pid 7, sleep}`, or the name of its class. @throws UnreadableMemory */
export function tellEmitter(heap: Heap, word: Tagged): string {
  return tellObject(heap, word) ?? (readClassName(heap, word) || 'an object');
}
