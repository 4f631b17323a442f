/** Searches one isolate's heap, while the target runs, for suspended functions and for the promises they wait for. */
import { limits } from '../../limits.ts';
import type { Missing } from '../../report/schema.ts';
import { readTheHole } from '../frames/isolate.ts';
import { Heap } from '../heap/heap.ts';
import { learnedOf } from '../layout/learned.ts';
import type { V8Layout } from '../layout/resolve.ts';
import { smiValue, type Tagged } from '../layout/tagged.ts';
import type { Mapping } from '../memory/maps.ts';
import { PagedMemory } from '../memory/paged.ts';
import { ReferenceIndex } from '../memory/reference-index.ts';
import type { MemorySource } from '../memory/source.ts';
import type { Program } from '../target.ts';
import { generatorFields } from './generator.ts';
import { TaskGraph } from './graph.ts';
import { HeapSearch, type Needles } from './heap-search.ts';
import { fieldAt, type HeapWords, objectAt } from './heap-words.ts';
import { findHeapPages, type HeapPages } from './pages.ts';
import type { IsolateOfThread } from './isolates.ts';
import { Resolvers } from './resolvers.ts';
import { promiseFields } from './reactions.ts';
import { findTaskMaps, type TaskMaps } from './roots.ts';

/** Pages kept of those read one by one, before the cache is begun anew: 64 MiB. */
const maxCachedPages = 16_384;
/** PromiseReactionJobTask: argument, context, handler, promise, async context; told apart by type. */
const jobFields = [8, 16, 24, 32, 40] as const;

export interface SurveyPlan {
  readonly target: Program;
  readonly source: MemorySource;
  readonly mappings: readonly Mapping[];
  readonly isolate: IsolateOfThread;
  /** performance.now() */
  readonly endsAtMs: number;
}

/** Memory of the target, read page by page, with a bounded cache. */
export class HeapView {
  readonly #plan: Pick<SurveyPlan, 'target' | 'source' | 'isolate'>;
  #heap: Heap | null = null;

  constructor(plan: Pick<SurveyPlan, 'target' | 'source' | 'isolate'>) {
    this.#plan = plan;
  }

  get heap(): Heap {
    if (this.#heap === null || this.#heap.memory.usedPages.size > maxCachedPages) {
      const { target, source, isolate } = this.#plan;
      const memory = new PagedMemory(source);
      this.#heap = new Heap(memory, target.layout);
      this.#heap.theHole = readTheHole(memory, target.layout, isolate.address);
    }
    return this.#heap;
  }
}

/** What was found, and what it takes to search the same heap again. */
export interface Survey {
  readonly graph: TaskGraph;
  readonly source: MemorySource;
  readonly view: HeapView;
  readonly pages: HeapPages;
  readonly index: ReferenceIndex;
  readonly maps: TaskMaps;
  readonly resolvers: Resolvers;
  /** False: the time was over; what a task waits for may not have been found. */
  readonly isDone: boolean;
  /** True: the collector moved objects meanwhile, from a part not yet searched to one that was. */
  readonly isTorn: boolean;
}

/** Searches, when the collector moved things from a part not yet searched to one that was, and none was found torn. */
const maxAttempts = 3;
/** A search that takes longer is not made again: of a large heap something always moves. */
const maxRepeatedMs = 400;

/** @throws UnreadableMemory when not even the isolate can be read */
export function surveyIsolate(plan: SurveyPlan, missing: Missing[]): Survey {
  let best = surveyOnce(plan);
  for (let attempt = 1; attempt < maxAttempts && best.isDone && best.isTorn; attempt++) {
    if (best.tookMs > maxRepeatedMs || performance.now() + best.tookMs > plan.endsAtMs) break;
    const again = surveyOnce(plan);
    if (again.lost < best.lost) best = again;
  }
  const { tasks, isTruncated } = best.graph;
  if (!best.isDone || isTruncated)
    missing.push({
      what: `some suspended async functions of thread ${plan.isolate.tid}`,
      reason: `over-limit: ${tasks.length} were found, then ${best.isDone ? 'there were too many' : 'the time was over'}`,
    });
  return best;
}

interface Attempt extends Survey {
  readonly tookMs: number;
  /** Tasks for which no promise was found: none is resumed without one. */
  readonly lost: number;
}

function surveyOnce(plan: SurveyPlan): Attempt {
  const startedAtMs = performance.now();
  const { target, source, mappings, isolate, endsAtMs } = plan;
  const view = new HeapView(plan);
  const graph = new TaskGraph();
  const maps = findTaskMaps(view.heap, isolate.address, learnedOf(target.binary.identity));
  const pages = findHeapPages(source, mappings, isolate.address);
  const index = new ReferenceIndex(limits.maxIndexedPages);
  const search = new HeapSearch(source, pages, index, maps.freeSpace);
  const found = new Finds(target.layout);
  const resolvers = new Resolvers(target.layout, maps.builtinClosures);
  const needles = found.needles(maps, resolvers);
  const isDone =
    search.find(needles, endsAtMs) &&
    search.find(found.otherNeedles(), endsAtMs) &&
    found.enter(graph, view, endsAtMs);
  graph.isTruncated ||= pages.isTruncated || found.isTruncated;
  const lost = graph.tasks.filter(
    ({ awaited, isReady, atYield }) => awaited === null && !isReady && atYield === null,
  ).length;
  const isTorn = isDone && lost > 0 && hasMoved(pages, plan);
  const tookMs = performance.now() - startedAtMs;
  return { tookMs, isDone, isTorn, lost, graph, source, view, pages, index, maps, resolvers };
}

/** Every collection that moves objects gives back the pages they were on, or leaves them as the empty half. */
function hasMoved({ pages }: HeapPages, { source, mappings, isolate }: SurveyPlan): boolean {
  const now = new Set(findHeapPages(source, mappings, isolate.address).pages);
  return pages.some((page) => !now.has(page));
}

class Finds {
  isTruncated = false;
  readonly #generators: Tagged[] = [];
  readonly #promises: { promise: Tagged; reaction: Tagged }[] = [];
  readonly #jobHandlers: Tagged[] = [];
  readonly #layout: V8Layout;
  readonly #promiseMaps = new Set<Tagged>();
  readonly #generatorMaps = new Set<Tagged>();

  constructor(layout: V8Layout) {
    this.#layout = layout;
  }

  needles(maps: TaskMaps, resolvers: Resolvers): Needles {
    const needles = new Map<number, (words: HeapWords, index: number) => void>();
    for (const map of maps.asyncFunctions) needles.set(map, this.#visitGenerator);
    for (const map of maps.promises) needles.set(map, this.#visitPromise);
    for (const shared of maps.builtinClosures) needles.set(shared, resolvers.visit);
    for (const map of maps.jobs) needles.set(map, this.#visitJob);
    const known = new Set([...maps.asyncFunctions, ...maps.promises]);
    for (const map of maps.maps) needles.set(map, this.#visitMap(known));
    return needles;
  }

  /**
   * What has a map that no table names: async generators, which have one for each function, and promises with properties of
   * their own or of a class of their own. Empty in many programs.
   */
  otherNeedles(): Needles {
    return new Map([
      ...[...this.#promiseMaps].map((map) => [map, this.#visitPromise] as const),
      ...[...this.#generatorMaps].map((map) => [map, this.#visitGenerator] as const),
    ]);
  }

  /** @returns false when the time was over */
  enter(graph: TaskGraph, view: HeapView, endsAtMs: number): boolean {
    // Promises first: whoever waits for one is found with it.
    for (const { promise, reaction } of this.#promises) {
      if (performance.now() > endsAtMs) return false;
      graph.addPromise(view.heap, promise, reaction);
    }
    for (const generator of this.#generators) {
      if (performance.now() > endsAtMs) return false;
      graph.addGenerator(view.heap, generator);
    }
    for (const handler of this.#jobHandlers) graph.addJob(view.heap, handler);
    return true;
  }

  readonly #visitGenerator = (words: HeapWords, index: number): void => {
    const continuation = smiValue(fieldAt(words, index, generatorFields.continuation));
    if (continuation === null || continuation < 0) return;
    this.#add(this.#generators, objectAt(words, index), limits.maxTasks);
  };

  #visitMap(known: ReadonlySet<Tagged>): (words: HeapWords, index: number) => void {
    const { types } = this.#layout;
    const typeOffset = this.#layout.require('mapInstanceType');
    const wanted = new Map([
      [types.get('JS_PROMISE'), this.#promiseMaps],
      [types.get('JS_ASYNC_GENERATOR_OBJECT'), this.#generatorMaps],
    ]);
    return (words, index) => {
      const at = index * 8 + typeOffset;
      const maps = wanted.get((words.bytes[at] ?? 0) | ((words.bytes[at + 1] ?? 0) << 8));
      const map = objectAt(words, index);
      if (maps !== undefined && !known.has(map) && maps.size < limits.maxTaskMaps) maps.add(map);
    };
  }

  readonly #visitPromise = (words: HeapWords, index: number): void => {
    const flags = smiValue(fieldAt(words, index, promiseFields.flags));
    const reaction = fieldAt(words, index, promiseFields.reactions);
    // Pending, with somebody who waits.
    if (flags === null || (flags & 3) !== 0 || smiValue(reaction) !== null) return;
    const promise = objectAt(words, index);
    this.#add(this.#promises, { promise, reaction }, limits.maxPendingPromises);
  };

  readonly #visitJob = (words: HeapWords, index: number): void => {
    for (const offset of jobFields)
      this.#add(this.#jobHandlers, fieldAt(words, index, offset), limits.maxPendingPromises);
  };

  #add<T>(list: T[], item: T, limit: number): void {
    if (list.length < limit) list.push(item);
    else this.isTruncated = true;
  }
}
