/** Searches one isolate's heap, while the target runs, for suspended functions and for the promises they wait for. */
import { limits } from '../../limits.ts';
import type { Missing } from '../../report/schema.ts';
import { readTheHole } from '../frames/isolate.ts';
import { Heap } from '../heap/heap.ts';
import { smiValue, type Tagged } from '../layout/tagged.ts';
import { LiveMemory } from '../memory/live.ts';
import type { Mapping } from '../memory/maps.ts';
import { PagedMemory } from '../memory/paged.ts';
import type { Address } from '../memory/source.ts';
import type { Target } from '../target.ts';
import { generatorFields } from './generator.ts';
import { TaskGraph } from './graph.ts';
import {
  fieldAt,
  findHeapPages,
  type HeapPages,
  HeapSearch,
  type HeapWords,
  type Needles,
  objectAt,
} from './pages.ts';
import type { IsolateOfThread } from './isolates.ts';
import { promiseFields } from './reactions.ts';
import { findTaskMaps, type TaskMaps } from './roots.ts';

/** Pages kept of those read one by one, before the cache is begun anew: 64 MiB. */
const maxCachedPages = 16_384;
/** PromiseReactionJobTask: argument, context, handler, promise, async context; told apart by type. */
const jobFields = [8, 16, 24, 32, 40] as const;

export interface SurveyPlan {
  readonly target: Target;
  readonly mappings: readonly Mapping[];
  readonly isolate: IsolateOfThread;
  /** performance.now() */
  readonly endsAtMs: number;
}

/** Memory of the running target, read page by page, with a bounded cache. */
export class HeapView {
  readonly #target: Target;
  readonly #isolate: Address;
  #heap: Heap | null = null;

  constructor(target: Target, isolate: Address) {
    this.#target = target;
    this.#isolate = isolate;
  }

  get heap(): Heap {
    if (this.#heap === null || this.#heap.memory.usedPages.size > maxCachedPages) {
      const memory = new PagedMemory(new LiveMemory(this.#target.pid));
      this.#heap = new Heap(memory, this.#target.layout);
      this.#heap.theHole = readTheHole(memory, this.#target.layout, this.#isolate);
    }
    return this.#heap;
  }
}

/** What was found, and what it takes to search the same heap again. */
export interface Survey {
  readonly graph: TaskGraph;
  readonly view: HeapView;
  readonly pages: HeapPages;
  readonly maps: TaskMaps;
  /** False: the time was over; what a task waits for may not have been found. */
  readonly isDone: boolean;
}

/** Searches, when the collector moved things from a part not yet searched to one that was. */
const maxAttempts = 3;

/** @throws UnreadableMemory when not even the isolate can be read */
export function surveyIsolate(plan: SurveyPlan, missing: Missing[]): Survey {
  let best = surveyOnce(plan);
  for (let attempt = 1; attempt < maxAttempts && best.isDone && best.lost > 0; attempt++) {
    const tookMs = performance.now() - best.startedAtMs;
    if (performance.now() + tookMs > plan.endsAtMs) break;
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
  /** performance.now() */
  readonly startedAtMs: number;
  /** Tasks for which no promise was found: none is resumed without one. */
  readonly lost: number;
}

function surveyOnce({ target, mappings, isolate, endsAtMs }: SurveyPlan): Attempt {
  const startedAtMs = performance.now();
  const view = new HeapView(target, isolate.address);
  const graph = new TaskGraph();
  const maps = findTaskMaps(view.heap, isolate.address);
  const pages = findHeapPages(view.heap.memory, mappings, isolate.address);
  const search = new HeapSearch(new LiveMemory(target.pid), pages, maps.freeSpace);
  const found = new Finds();
  const needles = found.needles(maps, promiseMaps(view, search, maps, endsAtMs));
  const isDone = search.find(needles, endsAtMs) && found.enter(graph, view, endsAtMs);
  graph.isTruncated ||= pages.isTruncated || found.isTruncated;
  const lost = graph.tasks.filter(({ awaited, isReady }) => awaited === null && !isReady).length;
  return { startedAtMs, isDone, lost, graph, view, pages, maps };
}

/** Maps of promises are not among the roots: every async function has a promise, and nearly all promises one map. */
function promiseMaps(
  view: HeapView,
  search: HeapSearch,
  maps: TaskMaps,
  endsAtMs: number,
): Set<Tagged> {
  const found = new Set<Tagged>();
  const visit = (words: HeapWords, index: number): void => {
    const promise = fieldAt(words, index, generatorFields.promise);
    if (view.heap.is(promise, 'JS_PROMISE')) found.add(view.heap.field(promise, 0));
    if (found.size >= maps.asyncFunctions.length) search.stop();
  };
  search.find(new Map(maps.asyncFunctions.map((map) => [map, visit])), endsAtMs);
  return found;
}

class Finds {
  isTruncated = false;
  readonly #generators: Tagged[] = [];
  readonly #promises: { promise: Tagged; reaction: Tagged }[] = [];
  readonly #jobHandlers: Tagged[] = [];

  needles(maps: TaskMaps, promises: ReadonlySet<Tagged>): Needles {
    const needles = new Map<number, (words: HeapWords, index: number) => void>();
    for (const map of maps.asyncFunctions) needles.set(map, this.#visitGenerator);
    for (const map of promises) needles.set(map, this.#visitPromise);
    for (const map of maps.jobs) needles.set(map, this.#visitJob);
    return needles;
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
