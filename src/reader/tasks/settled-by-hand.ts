/**
 * Promises that other asynchronous work settles by hand: `new Promise((resolve) => …)` around async functions and handlers, queues of
 * `{ job, resolve }`, deferreds. V8 knows nothing of it; the resolve function is found where that work has it.
 *
 *     work().then(() => resolve())           a handler, in whose scopes it is, and whose source mentions it
 *     async (resolve) => { await work(); … } a suspended function, among whose variables it is,
 *                                              or an object with it, or a callback in whose scopes it is
 *
 * Whoever has a resolve function may not call it, or somebody else sooner: no such link makes a circle a deadlock.
 */
import {
  contextOfFunction,
  readSharedFunction,
  readSourceRange,
  sharedOfFunction,
} from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { readScopeInfo, type ScopeInfo } from '../heap/scope-info.ts';
import { isPointer, type Tagged } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import type { ScriptCache } from '../scripts.ts';
import { readClassName, readOwnProperties } from '../values/properties.ts';
import { readContextVariable } from '../values/scope.ts';
import { generatorFields, readOwnPromises } from './generator.ts';
import type { TaskGraph, TaskNode } from './graph.ts';
import type { Survey } from './survey.ts';
import { findWait, type Wait } from './waits.ts';

/** In a program with more, most of it is alike, and each would be looked at. */
const maxLooked = 10_000;
/** Contexts from a function outwards; that of a module or script is not among them: it is everybody's. */
const maxContexts = 3;
const maxSlots = 64;
const maxProperties = 20;
/** Functions that settle a promise when all are done are made for each of them. */
const maxHandlers = 8;
const previousContext = 1;
/** First slots of a context of V8's own closures: what `finally` calls is there. */
const closureSlots = [2, 3] as const;

/** Adds the links to the graph. Never throws on bad memory. */
export function linkSettledByHand(survey: Survey, scripts: ScriptCache, endsAtMs: number): void {
  const { graph, view, resolvers } = survey;
  const waits = graph.tasks.map((task) => findWait(graph, task));
  const leaves = new Set(waits.flatMap((wait) => wait.leaves));
  const found = leaves.size === 0 ? null : resolvers.find(view.heap, leaves);
  if (found === null || found.size === 0) return;
  const byHand = new ByHand(view.heap, scripts, found);
  linkHandlers(graph, byHand, endsAtMs);
  linkTasks(graph, byHand, waits, endsAtMs);
}

function linkHandlers(graph: TaskGraph, byHand: ByHand, endsAtMs: number): void {
  const handlers = graph.handlers();
  if (handlers.length > maxLooked) return;
  const links = new Map<Tagged, { from: Tagged; handler: Tagged }[]>();
  for (const { promise: from, handler } of handlers) {
    if (performance.now() > endsAtMs) return;
    for (const settled of byHand.ofHandler(handler)) listOf(links, settled).push({ from, handler });
  }
  for (const [settled, all] of links)
    for (const { from, handler } of all.slice(0, maxHandlers))
      graph.addSource(settled, { promise: from, reaction: { kind: 'by-handler', handler } });
}

function linkTasks(
  graph: TaskGraph,
  byHand: ByHand,
  waits: readonly Wait[],
  endsAtMs: number,
): void {
  if (graph.tasks.length > maxLooked) return;
  const links = new Map<Tagged, { depth: number; task: number }[]>();
  for (const [task, node] of graph.tasks.entries()) {
    if (performance.now() > endsAtMs) return;
    for (const [settled, depth] of byHand.ofTask(node))
      if (!leadsTo(task, settled, waits)) listOf(links, settled).push({ depth, task });
  }
  for (const [settled, all] of links) {
    const nearest = Math.min(...all.map(({ depth }) => depth));
    const [only, ...others] = all.filter(({ depth }) => depth === nearest);
    const node = graph.tasks[only?.task ?? -1];
    // Of several who have it nothing tells which one is going to use it.
    if (node === undefined || others.length > 0) continue;
    const { generator } = node;
    const own = byHand.ownPromise(node);
    if (own !== null)
      graph.addSource(settled, { promise: own, reaction: { kind: 'by-task', generator } });
  }
}

function listOf<T>(lists: Map<Tagged, T[]>, key: Tagged): T[] {
  const list = lists.get(key) ?? [];
  if (list.length === 0) lists.set(key, list);
  return list;
}

/** True for a task that waits for the promise itself: it has given the resolve function to somebody else. */
function leadsTo(task: number, promise: Tagged, waits: readonly Wait[]): boolean {
  const seen = new Set([task]);
  // A Set goes on to what is added meanwhile.
  for (const one of seen) {
    const wait = waits[one];
    if (wait?.leaves.includes(promise) === true) return true;
    for (const other of wait?.tasks ?? []) seen.add(other);
  }
  return false;
}

/** A promise, by the variable through which its resolve function is come to. */
interface Hit {
  readonly promise: Tagged;
  readonly name: string;
  /** 0: the variable is that function; 1: an object that has it; 2: a function in whose scopes one of these is. */
  readonly depth: number;
}

class ByHand {
  readonly #heap: Heap;
  readonly #scripts: ScriptCache;
  /** By resolve or reject function. */
  readonly #promises = new Map<Tagged, Tagged>();
  /** By context; those that are being looked at have none yet. */
  readonly #known = new Map<Tagged, readonly Hit[]>();
  /** Thousands of contexts and closures are of few scopes and functions. By ScopeInfo, and by SharedFunctionInfo. */
  readonly #scopes = new Map<Tagged, ScopeInfo>();
  readonly #texts = new Map<Tagged, string | null>();

  constructor(heap: Heap, scripts: ScriptCache, resolvers: ReadonlyMap<Tagged, readonly Tagged[]>) {
    this.#heap = heap;
    this.#scripts = scripts;
    for (const [promise, functions] of resolvers)
      for (const one of functions) this.#promises.set(one, promise);
  }

  /** Promises that a handler settles. */
  ofHandler(handler: Tagged): Set<Tagged> {
    const hits = this.#attempt([], () => {
      if (this.#textOf(handler) !== null) return this.#ofFunction(handler, 2);
      const context = contextOfFunction(this.#heap, handler);
      return closureSlots.flatMap((slot) => this.#ofFunction(this.#heap.element(context, slot), 2));
    });
    return new Set(hits.map(({ promise }) => promise));
  }

  /** Promises that a suspended function may settle, and how far from it their functions are. */
  ofTask({ generator }: TaskNode): Map<Tagged, number> {
    const heap = this.#heap;
    const hits = this.#attempt([], () => {
      const registers = heap.field(generator, generatorFields.registers);
      const own = Array.from({ length: Math.min(heap.arrayLength(registers), maxSlots) }, (_, i) =>
        this.#ofWord(heap.element(registers, i), ''),
      ).flat();
      const jsFunction = heap.field(generator, generatorFields.function);
      const receiver = heap.field(generator, generatorFields.receiver);
      const around = this.#around(heap.field(generator, generatorFields.context), 2);
      return [
        ...own,
        ...this.#mentioned(jsFunction, [...this.#ofObject(receiver, null), ...around]),
      ];
    });
    const nearest = new Map<Tagged, number>();
    for (const { promise, depth } of hits)
      nearest.set(promise, Math.min(depth, nearest.get(promise) ?? depth));
    return nearest;
  }

  /** The promise of a suspended function itself, or of its consumer's call. */
  ownPromise({ generator, kind }: TaskNode): Tagged | null {
    return this.#attempt(null, () => readOwnPromises(this.#heap, generator, kind)[0] ?? null);
  }

  #ofWord(word: Tagged, name: string): Hit[] {
    if (!isPointer(word)) return [];
    const promise = this.#promises.get(word);
    if (promise !== undefined) return [{ promise, name, depth: 0 }];
    if (this.#heap.isFunction(word))
      return this.#ofFunction(word, 1).map((hit) => ({ ...hit, name, depth: 2 }));
    return this.#ofObject(word, name);
  }

  /**
   * A deferred, or an entry of a queue.
   * @param name null: each by its property
   */
  #ofObject(word: Tagged, name: string | null): Hit[] {
    const heap = this.#heap;
    if (!heap.is(word, 'JS_OBJECT')) return [];
    const { properties } = readOwnProperties(heap, word, maxProperties);
    const hits = properties.flatMap(({ key, word: value }): Hit[] => {
      const promise = value === null ? undefined : this.#promises.get(value);
      return promise === undefined ? [] : [{ promise, name: name ?? key, depth: 1 }];
    });
    const isPlain = name !== null && (readClassName(heap, word) ?? 'Object') === 'Object';
    // An object of a class may be known to many, for other reasons: one that is made for the promise has both functions, or it.
    return hits.filter(
      ({ promise }, i) =>
        isPlain ||
        properties.some(({ word: value }) => value === promise) ||
        hits.some((other, j) => i !== j && other.promise === promise),
    );
  }

  #ofFunction(jsFunction: Tagged, maxDepth: number): Hit[] {
    if (!isPointer(jsFunction) || !this.#heap.isFunction(jsFunction)) return [];
    return this.#mentioned(
      jsFunction,
      this.#around(contextOfFunction(this.#heap, jsFunction), maxDepth),
    );
  }

  /** What is in the scopes from a context outwards. */
  #around(context: Tagged, maxDepth: number): Hit[] {
    const heap = this.#heap;
    const hits: Hit[] = [];
    let current = context;
    for (let i = 0; i < maxContexts && this.#isInner(current); i++) {
      hits.push(...this.#inContext(current).filter(({ depth }) => depth <= maxDepth));
      current = heap.element(current, previousContext);
    }
    return hits;
  }

  /** False for the context of a module or script, around which there is only V8's native context. */
  #isInner(context: Tagged): boolean {
    const heap = this.#heap;
    const isContext = (word: Tagged): boolean => isPointer(word) && heap.isContext(word);
    if (!isContext(context)) return false;
    const outer = heap.element(context, previousContext);
    return isContext(outer) && isContext(heap.element(outer, previousContext));
  }

  #inContext(context: Tagged): readonly Hit[] {
    const known = this.#known.get(context);
    if (known !== undefined) return known;
    this.#known.set(context, []);
    const heap = this.#heap;
    const info = this.#scopeOf(heap.element(context, 0));
    const hits = info.contextLocals.slice(0, maxSlots).flatMap((name, i) => {
      // `.generator_object` and its like are V8's own.
      if (name === '' || name.startsWith('.')) return [];
      return this.#ofWord(readContextVariable(heap, context, info.firstContextSlot + i), name);
    });
    this.#known.set(context, hits);
    return hits;
  }

  /** V8 keeps what any function of a scope needs: those that this one's source speaks of. */
  #mentioned(jsFunction: Tagged, hits: readonly Hit[]): Hit[] {
    if (hits.length === 0) return [];
    const text = this.#textOf(jsFunction) ?? '';
    return hits.filter(({ name }) => isMentioned(text, name));
  }

  /** Source text of a function; null for V8's own. */
  #textOf(jsFunction: Tagged): string | null {
    const address = sharedOfFunction(this.#heap, jsFunction);
    let text = this.#texts.get(address);
    if (text === undefined) {
      text = this.#readText(address);
      this.#texts.set(address, text);
    }
    return text;
  }

  #readText(address: Tagged): string | null {
    const shared = readSharedFunction(this.#heap, address);
    if (shared.script === null) return null;
    const { text } = this.#scripts.read(this.#heap, shared.script);
    const { start, end } = readSourceRange(this.#heap, shared);
    return text === null || start < 0 ? '' : text.slice(start, end);
  }

  #scopeOf(address: Tagged): ScopeInfo {
    let info = this.#scopes.get(address);
    if (info === undefined) {
      info = readScopeInfo(this.#heap, address);
      this.#scopes.set(address, info);
    }
    return info;
  }

  #attempt<T>(otherwise: T, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof UnreadableMemory) return otherwise;
      throw error;
    }
  }
}

/** @param name of a variable or property, `#resolve` also */
function isMentioned(text: string, name: string): boolean {
  const isPart = (character = ''): boolean => /[\w$]/.test(character);
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1))
    if (!isPart(text[at - 1]) && !isPart(text[at + name.length])) return true;
  return false;
}
