/**
 * The functions that settle promises, `resolve` and `reject` of `new Promise`, found with the tasks in one search of the heap.
 *
 *     JSFunction (code shared by all of them) ──► its context ──► slot 2: the promise
 *
 * V8 keeps the shared parts of such functions among its roots. Functions of other builtins stand there, too; what their
 * contexts hold is no promise, or not one that is asked for.
 */
import { limits } from '../../limits.ts';
import { readBuiltinId, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { builtinNamesOf } from '../layout/builtin-names.ts';
import type { V8Layout } from '../layout/resolve.ts';
import type { Tagged } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import { fieldAt, type HeapWords } from './heap-words.ts';

/** Of the context: the promise of both functions. */
const promiseSlot = 2;
const rejectBuiltin = 'PromiseCapabilityDefaultReject';
const resolveBuiltin = 'PromiseCapabilityDefaultResolve';

export class Resolvers {
  readonly #shared: ReadonlySet<Tagged>;
  /** That of reject; 0: it cannot be told; null: it was not looked for. */
  #reject: Tagged | null = null;
  readonly #offset: number;
  readonly #contextBehind: number;
  readonly #found: { resolver: Tagged; context: Tagged }[] = [];
  #isTruncated = false;

  /** @param shared their SharedFunctionInfos */
  constructor(layout: V8Layout, shared: readonly Tagged[]) {
    this.#shared = new Set(shared);
    this.#offset = layout.require('functionShared');
    this.#contextBehind = layout.require('functionContext') - this.#offset;
  }

  /** A word that refers to one of the SharedFunctionInfos: in a function, most likely. */
  readonly visit = (words: HeapWords, index: number): void => {
    if (this.#found.length >= limits.maxResolvers) {
      this.#isTruncated = true;
      return;
    }
    this.#found.push({
      resolver: words.addressOf(index) - this.#offset + 1,
      context: fieldAt(words, index, this.#contextBehind),
    });
  };

  /** Resolve functions by promise; null when there are too many to tell. */
  find(heap: Heap, promises: ReadonlySet<Tagged>): Map<Tagged, Tagged[]> | null {
    if (this.#isTruncated || this.#shared.size === 0) return null;
    const byPromise = new Map<Tagged, Tagged[]>();
    for (const { resolver, context } of this.#found) {
      const promise = this.#promiseOf(heap, resolver, context, promises);
      if (promise !== null) byPromise.set(promise, [...(byPromise.get(promise) ?? []), resolver]);
    }
    return byPromise;
  }

  /** True for the reject function of a promise, false for its resolve function or when it cannot be told. */
  isReject(heap: Heap, resolver: Tagged): boolean {
    try {
      this.#reject ??= this.#findReject(heap);
      return this.#reject !== 0 && sharedOfFunction(heap, resolver) === this.#reject;
    } catch (error) {
      if (error instanceof UnreadableMemory) return false;
      throw error;
    }
  }

  #findReject(heap: Heap): Tagged {
    const names = builtinNamesOf(heap.layout.version);
    const byName = new Map(
      [...this.#shared].map((shared) => [names[readBuiltinId(heap, shared) ?? -1], shared]),
    );
    // In a build that has other builtins their ids are moved: the neighbour tells.
    return byName.has(resolveBuiltin) ? (byName.get(rejectBuiltin) ?? 0) : 0;
  }

  #promiseOf(
    heap: Heap,
    resolver: Tagged,
    context: Tagged,
    promises: ReadonlySet<Tagged>,
  ): Tagged | null {
    try {
      if (context % 8 !== 1) return null;
      const promise = heap.element(context, promiseSlot);
      if (!promises.has(promise) || !heap.isContext(context) || !heap.isFunction(resolver))
        return null;
      return this.#shared.has(sharedOfFunction(heap, resolver)) ? promise : null;
    } catch (error) {
      if (error instanceof UnreadableMemory) return null;
      throw error;
    }
  }
}
