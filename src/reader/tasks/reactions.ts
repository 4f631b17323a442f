/**
 * What happens when a promise settles: its reactions (src/objects/promise.tq), read as "who waits for it".
 *
 *     JSPromise         24 reactions while pending, then the result   32 flags, bits 0..1 the state
 *     PromiseReaction   next, reject handler, fulfill handler, derived promise or capability; told apart by type
 *     PromiseCapability  8 promise
 *
 * Handlers are told by the context of the closure, since builtins have no names there:
 *
 *     the suspended function itself, or a context with it        await
 *     a context with a promise                                   resolve or reject of that promise: race, or adoption
 *     a context with a number, a capability and an array         Promise.all, any, allSettled, by which handler has it
 *     a function with a script                                   .then(handler), or what runs a generator (generator-runs.ts)
 */
import { limits } from '../../limits.ts';
import { contextOfFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { smiValue, type Tagged } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import { readGeneratorRun } from './generator-runs.ts';

export const promiseFields = { reactions: 24, flags: 32 } as const;
/** The order varies; one of them is the async context, which is never of a type asked for. */
const reactionFields = [8, 16, 24, 32, 40] as const;
const capabilityPromise = 8;
/** First slots of a context behind scope info and previous context. */
const contextSlots = [2, 3, 4] as const;

export type Combinator = 'all' | 'any' | 'allSettled' | 'race';

/** What one reaction does. */
export type Reaction =
  /** Resumes a suspended function. */
  | { readonly kind: 'await'; readonly generator: Tagged }
  /** Counts for one member of `Promise.all` and its like. */
  | {
      readonly kind: 'member';
      readonly of: Exclude<Combinator, 'race'>;
      readonly promise: Tagged;
      /** Members that still count, and all members; null when torn. */
      readonly remaining: number | null;
      readonly total: number | null;
    }
  /** Settles another promise the same way. `resolver` is the function that does: shared by the members of a race. */
  | { readonly kind: 'settles'; readonly promise: Tagged; readonly resolver: Tagged }
  /** Lets a generator go on that is run as an async function, whose promise this one is. */
  | { readonly kind: 'runs'; readonly promise: Tagged; readonly generator: Tagged }
  /** Calls a function of a script, then settles the promise that then() returned. */
  | { readonly kind: 'then'; readonly promise: Tagged; readonly handler: Tagged | null };

/** False also for what is no promise any more: the collector has moved it. @throws UnreadableMemory */
export function isPending(heap: Heap, promise: Tagged): boolean {
  if (!heap.is(promise, 'JS_PROMISE')) return false;
  return ((smiValue(heap.field(promise, promiseFields.flags)) ?? 1) & 3) === 0;
}

/** Never throws on bad memory; a torn chain ends early. */
export function readReactions(heap: Heap, firstReaction: Tagged): Reaction[] {
  const found: Reaction[] = [];
  let reaction = firstReaction;
  try {
    for (let i = 0; i < limits.maxReactions && heap.is(reaction, 'PROMISE_REACTION'); i++) {
      const { next, handlers, generator, derived } = readReaction(heap, reaction);
      const effect =
        generator !== null ? awaits(generator) : describeHandlers(heap, handlers, derived);
      if (effect !== null) found.push(effect);
      reaction = next;
    }
  } catch (error) {
    if (!(error instanceof UnreadableMemory)) throw error;
  }
  return found;
}

function awaits(generator: Tagged): Reaction {
  return { kind: 'await', generator };
}

interface RawReaction {
  readonly next: Tagged;
  /** Reject first, as in memory. */
  readonly handlers: readonly Tagged[];
  /** A suspended function that stands in the reaction itself. */
  readonly generator: Tagged | null;
  readonly derived: Tagged | null;
}

function readReaction(heap: Heap, reaction: Tagged): RawReaction {
  let next = 0;
  let generator: Tagged | null = null;
  let derived: Tagged | null = null;
  const handlers: Tagged[] = [];
  for (const offset of reactionFields) {
    const word = heap.field(reaction, offset);
    if (isGenerator(heap, word)) generator = word;
    else if (heap.isFunction(word)) handlers.push(word);
    else
      switch (heap.typeName(word)) {
        case 'PROMISE_REACTION':
          next = word;
          break;
        case 'JS_PROMISE':
          derived = word;
          break;
        case 'PROMISE_CAPABILITY':
          derived = heap.field(word, capabilityPromise);
      }
  }
  return { next, handlers, generator, derived };
}

function isGenerator(heap: Heap, word: Tagged): boolean {
  const type = heap.typeName(word);
  return type === 'JS_ASYNC_FUNCTION_OBJECT' || type === 'JS_ASYNC_GENERATOR_OBJECT';
}

function describeHandlers(
  heap: Heap,
  handlers: readonly Tagged[],
  derived: Tagged | null,
): Reaction | null {
  const closures = handlers.map((handler) => readClosure(heap, handler));
  for (const { generator } of closures) if (generator !== null) return awaits(generator);
  const [reject, fulfill] = closures.length === 1 ? [null, closures[0]] : closures;
  const element = fulfill?.element ?? reject?.element ?? null;
  if (element !== null) {
    const isFulfilled = fulfill?.element != null;
    const isRejected = reject?.element != null;
    const of = isFulfilled ? (isRejected ? 'allSettled' : 'all') : 'any';
    return { kind: 'member', of, ...element };
  }
  if (fulfill?.promise != null)
    return { kind: 'settles', promise: fulfill.promise, resolver: fulfill.address };
  const handler = fulfill ?? reject ?? null;
  const run = handler === null ? null : readGeneratorRun(heap, handler.address);
  if (run !== null) return { kind: 'runs', ...run };
  if (derived === null || !heap.is(derived, 'JS_PROMISE')) return null;
  return { kind: 'then', promise: derived, handler: handler === null ? null : handler.address };
}

interface Closure {
  readonly address: Tagged;
  readonly generator: Tagged | null;
  readonly promise: Tagged | null;
  readonly element: {
    readonly promise: Tagged;
    readonly remaining: number | null;
    readonly total: number | null;
  } | null;
}

function readClosure(heap: Heap, address: Tagged): Closure {
  const plain: Closure = { address, generator: null, promise: null, element: null };
  const shared = sharedOfFunction(heap, address);
  // A script's function may have captured anything.
  if (heap.is(heap.field(shared, heap.layout.require('sharedScript')), 'SCRIPT')) return plain;
  const context = contextOfFunction(heap, address);
  if (!heap.isContext(context)) return plain;
  const length = heap.arrayLength(context);
  const words = contextSlots
    .filter((slot) => slot < length)
    .map((slot) => heap.element(context, slot));
  const generator = words.find((word) => isGenerator(heap, word));
  if (generator !== undefined) return { ...plain, generator };
  const capability = words.find((word) => heap.is(word, 'PROMISE_CAPABILITY'));
  if (capability !== undefined) {
    const promise = heap.field(capability, capabilityPromise);
    const values = words.find((word) => heap.typeName(word).includes('ARRAY'));
    return {
      ...plain,
      element: {
        promise,
        remaining: words.map(smiValue).find((value) => value !== null) ?? null,
        total: values === undefined ? null : readMemberCount(heap, values),
      },
    };
  }
  const [first] = words;
  return first !== undefined && heap.is(first, 'JS_PROMISE') ? { ...plain, promise: first } : plain;
}

/** Values of the members: a FixedArray, in older versions in a JSArray. */
function readMemberCount(heap: Heap, values: Tagged): number | null {
  if (heap.is(values, 'JS_ARRAY')) return smiValue(heap.field(values, 24));
  return heap.arrayLength(values);
}
