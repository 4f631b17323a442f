/**
 * From a function that was handed over as a listener to the event and the object it listens to (lib/events.js,
 * lib/internal/event_target.js). Each arrow to the left is a search of the heap.
 *
 *     function ◄─ [array of several ◄─] table `_events`, by event ◄─ the emitter
 *     function ◄─ Listener ─► first of the list: its root ◄─ Map of an EventTarget, by event
 */
import type { Heap } from '../heap/heap.ts';
import type { Tagged } from '../layout/tagged.ts';
import { isReceiver, readClassName, readOwnProperties } from '../values/properties.ts';
import { readArrayLength, readElements } from '../values/elements.ts';
import { readEntry } from './backing-stores.ts';
import { eventWords } from './subjects.ts';

/** More listeners than that of one event are a leak, or no listeners at all. */
const maxListeners = 32;
const maxListed = 100;
const maxProperties = 100;
/** Streams begin their table with these (lib/internal/streams/readable.js, writable.js, duplex.js). */
const firstStreamEvents = ['close', 'error'];

/** A step on the way to the emitter: who refers to `address` is asked for. */
export type Lead =
  /** What keeps the elements of an array that may be one of listeners. */
  | { readonly kind: 'elements'; readonly address: Tagged }
  /** An array of listeners, or what keeps the properties of a table that has it. */
  | { readonly kind: 'list'; readonly address: Tagged; readonly list: Tagged }
  /** What keeps the contents of a table, which has the listener as `event`. */
  | { readonly kind: 'contents'; readonly address: Tagged; readonly event: string }
  /** The table, or what keeps the properties of an object that has it. */
  | {
      readonly kind: 'table';
      readonly address: Tagged;
      readonly table: Tagged;
      readonly event: string;
    }
  /** The list of an EventTarget's listeners of one event. */
  | { readonly kind: 'root'; readonly address: Tagged };

/** Where a table of events or an array of listeners may begin; null: this object is neither. @throws UnreadableMemory */
export function leadFrom(heap: Heap, holder: Tagged, key: string | null): Lead | null {
  if (heap.is(holder, 'JS_ARRAY'))
    return isListOfListeners(heap, holder) ? { kind: 'list', address: holder, list: holder } : null;
  return key !== null && isEventTable(heap, holder)
    ? { kind: 'table', address: holder, table: holder, event: key }
    : null;
}

/**
 * The same from what keeps the contents of either. @param index of the word in it, behind map and length @throws UnreadableMemory
 */
export function leadFromStore(heap: Heap, store: Tagged, index: number): Lead | null {
  if (heap.is(store, 'FIXED_ARRAY')) return { kind: 'elements', address: store };
  const event = heap.is(store, 'NAME_DICTIONARY') ? readEntry(heap, store, index)?.key : null;
  return event == null ? null : { kind: 'contents', address: store, event };
}

/** @param listener of an EventTarget @throws UnreadableMemory */
export function leadFromListener(heap: Heap, listener: Tagged): Lead | null {
  let object = listener;
  for (let i = 0; i < maxListed; i++) {
    const previous = propertyOf(heap, object, 'previous');
    if (previous === null || !isReceiver(heap, previous))
      return object === listener ? null : { kind: 'root', address: object };
    object = previous;
  }
  return null;
}

/**
 * @param index of the word in a holder that is a backing store, behind map and length
 * @returns words, when the holder is what was looked for; null when it leads nowhere
 * @throws UnreadableMemory
 */
export function followLead(
  heap: Heap,
  lead: Lead,
  holder: Tagged,
  { index, withValues }: { readonly index: number; readonly withValues: boolean },
): Lead | { readonly about: string } | null {
  const type = heap.typeName(holder);
  if (lead.kind === 'root') {
    const event = type === 'ORDERED_HASH_MAP' ? readEntry(heap, holder, index)?.key : null;
    return event == null ? null : { about: `the event ${event} of an EventTarget` };
  }
  if (lead.kind === 'elements') return leadFrom(heap, holder, null);
  if (type === 'PROPERTY_ARRAY' && lead.kind !== 'contents') return { ...lead, address: holder };
  if (type === 'NAME_DICTIONARY') {
    if (lead.kind === 'table') return { ...lead, address: holder };
    const event = lead.kind === 'list' ? readEntry(heap, holder, index)?.key : null;
    return event == null ? null : { kind: 'contents', address: holder, event };
  }
  if (!isReceiver(heap, holder)) return null;
  if (lead.kind === 'table')
    return propertyOf(heap, holder, '_events') === lead.table
      ? { about: eventWords(heap, lead.event, holder, withValues) }
      : null;
  if (!isEventTable(heap, holder)) return null;
  const event = lead.kind === 'contents' ? lead.event : keyOf(heap, holder, lead.list);
  return event === null ? null : { kind: 'table', address: holder, table: holder, event };
}

function isEventTable(heap: Heap, object: Tagged): boolean {
  if (!heap.is(object, 'JS_OBJECT')) return false;
  if (readClassName(heap, object) === null) return true;
  const { properties } = readOwnProperties(heap, object, firstStreamEvents.length);
  return firstStreamEvents.every((name, i) => properties[i]?.key === name);
}

function isListOfListeners(heap: Heap, array: Tagged): boolean {
  const length = readArrayLength(heap, array);
  if (length < 2 || length > maxListeners) return false;
  return readElements(heap, array, length, maxListeners).every(
    ({ slot }) =>
      slot.kind === 'tagged' &&
      (heap.isFunction(slot.word) || heap.is(slot.word, 'JS_BOUND_FUNCTION')),
  );
}

function propertyOf(heap: Heap, object: Tagged, name: string): Tagged | null {
  const { properties } = readOwnProperties(heap, object, maxProperties);
  return properties.find(({ key }) => key === name)?.word ?? null;
}

function keyOf(heap: Heap, object: Tagged, value: Tagged): string | null {
  const { properties } = readOwnProperties(heap, object, maxProperties);
  return properties.find(({ word }) => word === value)?.key ?? null;
}
