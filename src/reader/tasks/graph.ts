/**
 * Who waits for whom: suspended functions and pending promises of one isolate, found by scanning, joined by what happens
 * when a promise settles. A suspended function does not know its promise; the promise's reactions know the function.
 */
import { limits } from '../../limits.ts';
import { contextOfFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { smiValue, type Tagged } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import {
  type GeneratorKind,
  generatorFields,
  readOwnPromises,
  readSourceOffset,
  readYield,
  suspendedKind,
} from './generator.ts';
import { type Reaction, readReactions } from './reactions.ts';

/** One suspended function. */
export interface TaskNode {
  readonly generator: Tagged;
  readonly kind: GeneratorKind;
  /** Function and place in it: equal for tasks that stand at the same await. */
  readonly place: string;
  /** The pending promise it waits for; null when none in the heap would resume it. */
  awaited: Tagged | null;
  /** True: what it waited for has settled, and it is its turn in the microtask queue. */
  isReady: boolean;
  /** An async generator that waits for a call of next(), at its start or at a `yield`. */
  readonly atYield: 'start' | 'yield' | null;
}

/** Who has the resolve function of a promise, and may call it: settled-by-hand.ts. */
export type ByHand =
  | { readonly kind: 'by-handler'; readonly handler: Tagged }
  | { readonly kind: 'by-task'; readonly generator: Tagged };

/** A promise that another one depends on, and how. */
export interface PromiseSource {
  readonly promise: Tagged;
  readonly reaction: Exclude<Reaction, { kind: 'await' }> | ByHand;
}

export class TaskGraph {
  readonly tasks: TaskNode[] = [];
  /** True: there are more tasks than limits.maxTasks. */
  isTruncated = false;
  readonly #byGenerator = new Map<Tagged, number>();
  readonly #byPromise = new Map<Tagged, number>();
  readonly #places = new Map<string, string>();
  readonly #sources = new Map<Tagged, PromiseSource[]>();

  /** A candidate of the search; what turns out to be something else is left out. @returns its index, or -1 */
  addGenerator(heap: Heap, generator: Tagged): number {
    const known = this.#byGenerator.get(generator);
    if (known !== undefined) return known;
    const index = this.#readTask(heap, generator);
    this.#byGenerator.set(generator, index);
    return index;
  }

  #readTask(heap: Heap, generator: Tagged): number {
    const kind = suspendedKind(heap, generator);
    if (kind === null) return -1;
    if (this.tasks.length >= limits.maxTasks) {
      this.isTruncated = true;
      return -1;
    }
    try {
      const shared = sharedOfFunction(heap, heap.field(generator, generatorFields.function));
      const index = this.tasks.length;
      for (const promise of readOwnPromises(heap, generator, kind))
        this.#byPromise.set(promise, index);
      const place = this.#placeOf(heap, generator, shared);
      const atYield = readYield(heap, generator, kind);
      this.tasks.push({ generator, kind, place, awaited: null, isReady: false, atYield });
      return index;
    } catch (error) {
      if (error instanceof UnreadableMemory) return -1;
      throw error;
    }
  }

  /** Offsets in the bytecode differ between tiers for the same await; offsets in the source do not. */
  #placeOf(heap: Heap, generator: Tagged, shared: Tagged): string {
    const offset = smiValue(heap.field(generator, generatorFields.bytecodeOffset)) ?? 0;
    const key = `${shared} ${offset}`;
    let place = this.#places.get(key);
    if (place === undefined) {
      place = `${shared} ${readSourceOffset(heap, generator, shared)}`;
      this.#places.set(key, place);
    }
    return place;
  }

  /** A pending promise of the search, with its first reaction. */
  addPromise(heap: Heap, promise: Tagged, firstReaction: Tagged): void {
    for (const reaction of readReactions(heap, firstReaction))
      if (reaction.kind === 'await') this.#addAwait(heap, promise, reaction.generator);
      else this.addSource(reaction.promise, { promise, reaction });
  }

  #addAwait(heap: Heap, promise: Tagged, generator: Tagged): void {
    const task = this.tasks[this.addGenerator(heap, generator)];
    if (task !== undefined) task.awaited = promise;
  }

  /** @param promise settled by the source */
  addSource(promise: Tagged, source: PromiseSource): void {
    const sources = this.#sources.get(promise);
    if (sources === undefined) this.#sources.set(promise, [source]);
    else sources.push(source);
  }

  /** A job of the microtask queue that will resume a suspended function. */
  addJob(heap: Heap, handler: Tagged): void {
    for (const generator of [handler, ...closureWords(heap, handler)]) {
      const index = this.#byGenerator.get(generator) ?? -1;
      const task = this.tasks[index];
      if (task !== undefined) task.isReady = true;
    }
  }

  /** Functions that are called when promises settle. */
  handlers(): { readonly promise: Tagged; readonly handler: Tagged }[] {
    return [...this.#sources.values()]
      .flat()
      .flatMap(({ promise, reaction }) =>
        reaction.kind === 'then' && reaction.handler !== null
          ? [{ promise, handler: reaction.handler }]
          : [],
      );
  }

  /** Index of the task that settles a promise by going on; -1: none. */
  ownerOf(promise: Tagged): number {
    return this.#byPromise.get(promise) ?? -1;
  }

  /** Pending promises that settle this one; empty: something outside of the promises does. */
  sourcesOf(promise: Tagged): readonly PromiseSource[] {
    return this.#sources.get(promise) ?? [];
  }
}

/** First words of a closure's context, where await closures keep the function they resume. */
function closureWords(heap: Heap, closure: Tagged): Tagged[] {
  try {
    if (!heap.isFunction(closure)) return [];
    const context = contextOfFunction(heap, closure);
    return heap.isContext(context) ? [2, 3, 4].map((slot) => heap.element(context, slot)) : [];
  } catch (error) {
    if (error instanceof UnreadableMemory) return [];
    throw error;
  }
}
