/**
 * What `for await (… of on(emitter, event))` waits for, and that of a readline Interface, which is made of it (lib/events.js on()).
 *
 *     iterator, among the variables of the suspended function ─► next ─► the scope of on(): emitter ─► its listeners, of which one is of that scope
 */
import {
  contextOfFunction,
  readScriptName,
  readSharedFunction,
  sharedOfFunction,
} from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { readString } from '../heap/strings.ts';
import type { Tagged } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import { readListeners } from '../values/elements.ts';
import { propertiesOf } from '../values/fetch-objects.ts';
import { isReceiver } from '../values/properties.ts';
import { readScopeChain } from '../values/scope.ts';
import { generatorFields } from './generator.ts';
import type { Settler } from './settler.ts';
import { eventWords } from './subjects.ts';

const script = 'node:events';
/** Registers looked at. */
const maxRegisters = 64;
const maxEvents = 100;
const maxListeners = 32;
const maxEventChars = 60;
/** Functions of on() that hear of its end, not of the event. */
const ofItsEnd = /^(?:error|close|abort)/;

/** True for what next() keeps of its promises: `{ resolve, reject }` in a queue, before Node.js 20 in an array. */
export function isOfEventQueue(settler: Settler): boolean {
  return (
    settler.kind === 'kept' &&
    settler.where === 'an object, as resolve' &&
    /^(?:FixedCircularBuffer\.list|unconsumedPromises)\b/.test(settler.owner ?? '')
  );
}

/** @param generator the suspended function. @returns such as `the event "tick" of Clock`; null when it has no such iterator */
export function tellIterated(heap: Heap, generator: Tagged, withValues: boolean): string | null {
  try {
    const registers = heap.field(generator, generatorFields.registers);
    const length = Math.min(heap.arrayLength(registers), maxRegisters);
    for (let i = 0; i < length; i++) {
      const told = tellIterator(heap, heap.element(registers, i), withValues);
      if (told !== null) return told;
    }
    return null;
  } catch (error) {
    if (error instanceof UnreadableMemory) return null;
    throw error;
  }
}

function tellIterator(heap: Heap, iterator: Tagged, withValues: boolean): string | null {
  if (!heap.is(iterator, 'JS_OBJECT')) return null;
  const next = propertiesOf(heap, iterator, 4).get('next');
  if (next === undefined || !heap.isFunction(next) || !isOfEvents(heap, next)) return null;
  const context = contextOfFunction(heap, next);
  const variables = readScopeChain(heap, context, 0, Infinity);
  const find = (name: string): Tagged => {
    const slot = variables.find((variable) => variable.name === name)?.slot;
    return slot?.kind === 'tagged' ? slot.word : 0;
  };
  const emitter = find('emitter');
  if (!isReceiver(heap, emitter)) return null;
  // Since Node.js 20 the name of the event is no variable that V8 keeps.
  const kept = find('event');
  const event = heap.isString(kept)
    ? readString(heap, kept, maxEventChars)
    : findEvent(heap, emitter, context);
  return event === null ? null : eventWords(heap, event, emitter, withValues);
}

/** The event that a listener made in this scope hears of. */
function findEvent(heap: Heap, emitter: Tagged, scope: Tagged): string | null {
  const events = propertiesOf(heap, emitter, maxEvents).get('_events');
  if (events === undefined || !isReceiver(heap, events)) return null;
  for (const [event, word] of propertiesOf(heap, events, maxEvents))
    for (const listener of readListeners(heap, word, maxListeners)) {
      if (!heap.isFunction(listener) || contextOfFunction(heap, listener) !== scope) continue;
      const { name } = readSharedFunction(heap, sharedOfFunction(heap, listener));
      if (!ofItsEnd.test(name)) return event;
    }
  return null;
}

function isOfEvents(heap: Heap, jsFunction: Tagged): boolean {
  const shared = readSharedFunction(heap, sharedOfFunction(heap, jsFunction));
  return shared.script !== null && readScriptName(heap, shared.script) === script;
}
