/**
 * What a closure is about that knows nothing more than the promise that it settles, by who has it: variables beside it, an object of a class, what
 * it listens to.
 */
import type { Heap } from '../heap/heap.ts';
import type { Tagged } from '../layout/tagged.ts';
import { isReceiver, readClassName, readOwnProperties } from '../values/properties.ts';
import { type Lead, leadFrom, leadFromListener, leadFromStore } from './listeners.ts';
import { isEventListener } from './node-classes.ts';
import { eventOf, subjectOfScope, tellSubject } from './subjects.ts';

const maxProperties = 40;

/**
 * @param kept the closure, or an object that has a promise and its resolve function
 * @param index of the word in a holder that is a backing store, behind map and length
 * @returns words, which are empty when the holder tells nothing; or where the way to what it listens to begins
 * @throws UnreadableMemory
 */
export function tellKeeper(
  heap: Heap,
  kept: Tagged,
  holder: Tagged,
  { index, withValues }: { readonly index: number; readonly withValues: boolean },
): string | Lead {
  if (heap.isContext(holder)) return subjectOfScope(heap, holder, withValues);
  if (!isReceiver(heap, holder))
    return heap.isFunction(kept) ? (leadFromStore(heap, holder, index) ?? '') : '';
  const own = tellSubject(heap, holder, withValues);
  if (own !== null) return own;
  const { properties } = readOwnProperties(heap, holder, maxProperties);
  // What once() wraps around a listener.
  const told = eventOf(heap, properties, withValues);
  if (told !== '' || !heap.isFunction(kept)) return told;
  const lead = isEventListener(heap, holder, readClassName(heap, holder) ?? '')
    ? leadFromListener(heap, holder)
    : leadFrom(heap, holder, properties.find(({ word }) => word === kept)?.key ?? null);
  return lead ?? '';
}
