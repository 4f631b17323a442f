/**
 * What functions that settle a promise are about: a socket, a request, a child process, and the event that is waited for.
 * Read from the variables of their scopes, and from the objects that Node keeps beside a listener.
 */
import type { Heap } from '../heap/heap.ts';
import { readString } from '../heap/strings.ts';
import type { Tagged } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import { propertiesOf, tellRequest } from '../values/fetch-objects.ts';
import { tellNodeObject } from '../values/node-objects.ts';
import { isReceiver, type Property, readClassName } from '../values/properties.ts';
import { readScopeChain } from '../values/scope.ts';
import { stateBehindEvent } from '../values/stream-words.ts';
import { tellOwnObject } from './own-objects.ts';

const maxEventChars = 60;
/** Names under which Node's functions know the object and the event: events.once(), listeners that are called once. */
const emitterNames = ['emitter', 'target'];
const eventNames = ['name', 'type'];
/** Requests that this process has made; what else a scope leads to may be anybody's. */
const outgoing = new Set(['ClientRequest', 'Request', '_Request', 'Response', '_Response']);
/** Nobody waits for a server but for an event of it; each function of its file has it in a scope. */
const servers = /^(?:TLS)?Server \{/;
/** Where the source of a function begins: that of a module, or of what Node makes of a CommonJS one, begins at 0. */
export const insideModule = 1;
/** Objects looked into for such a request. */
const maxInside = 32;

/**
 * Empty when nothing in these scopes can be told.
 * @param withValues whether objects of the program's own classes are told, with values of theirs
 * @param scopes `inner`: without variables of the module, which say nothing about one of its functions
 */
export function subjectOfScope(
  heap: Heap,
  context: Tagged,
  withValues: boolean,
  scopes: 'all' | 'inner' = 'all',
): string {
  try {
    const variables = readScopeChain(heap, context, insideModule, Infinity)
      .filter(({ isOwn }) => isOwn || scopes === 'all')
      .map(({ name, slot, isOwn }) => ({
        key: name,
        word: slot.kind === 'tagged' ? slot.word : null,
        isOwn,
      }));
    const told = subjectOf(heap, variables, withValues);
    return told !== '' || !withValues ? told : ownSubject(heap, variables);
  } catch (error) {
    if (error instanceof UnreadableMemory) return '';
    throw error;
  }
}

/** What `this` is called where a function keeps it for those inside: by people, and by compilers. */
const receiverNames: ReadonlySet<string> = new Set(['this', '_this', 'self', 'that']);

/**
 * Whose method made the promise; else what is talked to. Variables of a module are seen by all its functions, and say nothing about one of
 * them.
 */
function ownSubject(
  heap: Heap,
  variables: readonly (Property & { readonly isOwn: boolean })[],
): string {
  const inner = variables.filter(({ isOwn }) => isOwn);
  const receiver = inner.find(({ key }) => receiverNames.has(key))?.word ?? null;
  const owner = receiver === null ? null : tellOwnObject(heap, receiver);
  if (owner !== null) return owner.words;
  for (const { word } of inner) {
    const told = word === null ? null : tellOwnObject(heap, word);
    if (told?.isRemote === true) return told.words;
  }
  return '';
}

/** The same for the properties of one object. @throws UnreadableMemory */
export function subjectOf(
  heap: Heap,
  properties: readonly Property[],
  withValues: boolean,
): string {
  const event = eventOf(heap, properties, withValues);
  if (event !== '') return event;
  let left = maxInside;
  // Variables of inner scopes come first: what is nearer says more.
  for (const { word } of properties) {
    if (word === null) continue;
    const told = tellObject(heap, word) ?? (left-- > 0 ? requestInside(heap, word) : null);
    if (told !== null && !servers.test(told)) return told;
  }
  return '';
}

/** What a listener that is called once is there for, by what Node keeps beside it; empty: it is none. @throws UnreadableMemory */
export function eventOf(heap: Heap, properties: readonly Property[], withValues: boolean): string {
  const find = (names: readonly string[]): Tagged | null =>
    properties.find(({ key, word }) => names.includes(key) && word !== null)?.word ?? null;
  const [emitter, event] = [find(emitterNames), find(eventNames)];
  if (emitter === null || event === null) return '';
  if (!heap.isString(event) || !isReceiver(heap, emitter)) return '';
  const name = readString(heap, event, maxEventChars) ?? '';
  return eventWords(heap, name, emitter, withValues);
}

/** A request that an object is by its shape, or has: a library's own class around Node's. @throws UnreadableMemory */
function requestInside(heap: Heap, object: Tagged): string | null {
  if (!heap.is(object, 'JS_OBJECT')) return null;
  const inside = propertiesOf(heap, object);
  const asked = tellRequest(heap, inside);
  if (asked !== null) return `the request ${asked}`;
  for (const word of inside.values()) {
    const name = heap.is(word, 'JS_OBJECT') ? (readClassName(heap, word) ?? '') : '';
    const told = outgoing.has(name) ? tellObject(heap, word) : null;
    if (told !== null) return told;
  }
  return null;
}

/** What bytes come from: a request, a response, a socket; null when it is none. @throws UnreadableMemory */
export function tellTransfer(heap: Heap, object: Tagged): string | null {
  const told = tellObject(heap, object);
  if (told !== null) return servers.test(told) ? null : told;
  return heap.is(object, 'JS_OBJECT') ? tellRequest(heap, propertiesOf(heap, object)) : null;
}

/** `Socket {fd 21}`; null when it is none of Node's own objects. */
function tellObject(heap: Heap, word: Tagged): string | null {
  if (!isReceiver(heap, word)) return null;
  const name = readClassName(heap, word) ?? '';
  const told = tellNodeObject(heap, name, word);
  return told === null
    ? null
    : `${outgoing.has(name) ? name.replace('_', '') : name} {${told.words}}`;
}

/** `the event "drain" of Socket {fd 21}: 65,536 bytes wait to be written`. @throws UnreadableMemory */
export function eventWords(
  heap: Heap,
  event: string,
  emitter: Tagged,
  withValues: boolean,
): string {
  const told = tellEmitter(heap, emitter, withValues);
  return `the event "${event}" of ${told}${stateBehindEvent(heap, emitter, event)}`;
}

/** `ChildProcess {pid 7, sleep}`, or the name of its class. */
function tellEmitter(heap: Heap, word: Tagged, withValues: boolean): string {
  return tellSubject(heap, word, withValues) ?? (readClassName(heap, word) || 'an object');
}

/** One of Node's own objects, or of the program's own classes; null when nothing tells it from others. @throws UnreadableMemory */
export function tellSubject(heap: Heap, word: Tagged, withValues: boolean): string | null {
  return tellObject(heap, word) ?? (withValues ? (tellOwnObject(heap, word)?.words ?? null) : null);
}
