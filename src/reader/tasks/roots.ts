/** Maps of one isolate by type: from its table of roots and its native contexts (src/roots/roots.h, src/objects/contexts.h). */
import type { Heap } from '../heap/heap.ts';
import type { Learned } from '../layout/learned.ts';
import { type Tagged, untag } from '../layout/tagged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import { isBackingStore } from './backing-stores.ts';

/** Tables of roots have 800 to 1,100 entries; what follows them are the isolate's fields. */
const maxRoots = 1_400;
const isolateBytes = 128 << 10;
/** A native context has some 300 slots. */
const maxContextSlots = 1_000;
const maxContexts = 64;

/** The maps a search for tasks starts from. */
export interface TaskMaps {
  /** Of async functions, one for each context (vm.createContext makes further ones). */
  readonly asyncFunctions: readonly Tagged[];
  /** Of promises, one for each context: nearly all promises have it. */
  readonly promises: readonly Tagged[];
  /** Of blocks on the free lists; 0 unknown. */
  readonly freeSpace: Tagged;
  /** Of promise reactions that wait in the microtask queue. */
  readonly jobs: readonly Tagged[];
  /** Not maps but SharedFunctionInfos: those of builtins of which closures are made, such as the resolve functions of promises. */
  readonly builtinClosures: readonly Tagged[];
  /** Of backing stores: of arrays, of properties, of Maps. */
  readonly arrays: ReadonlySet<Tagged>;
  /** Of maps, one for each context: with them the maps are found that no table names. */
  readonly maps: ReadonlySet<Tagged>;
}

/**
 * Never throws on bad memory: what is not found is missing in the answer.
 * @param learned of the binary. A search of the table of roots and the Isolate reads a thousand pages; what matters stands at
 *   the same places in all processes of a binary
 */
export function findTaskMaps(heap: Heap, isolate: Address, learned: Learned): TaskMaps {
  const table = isolate + heap.layout.require('isolateRoots');
  const starts = findKnown(heap, isolate, table, learned) ?? search(heap, isolate, table, learned);
  const { jobs, arrays, builtinClosures } = starts.roots;
  const freeSpace = wordAt(heap, table);
  const slots = allContexts(heap, starts.contexts).flatMap((context) => slotsOf(heap, context));
  const asyncFunctions = slots.filter((word) => mapType(heap, word) === 'JS_ASYNC_FUNCTION_OBJECT');
  const promises = [...new Set(slots.flatMap((word) => promiseMap(heap, word)))];
  return {
    asyncFunctions,
    promises,
    maps: new Set([...asyncFunctions, ...promises].map((map) => wordAt(heap, untag(map)))),
    freeSpace: heap.is(freeSpace, 'MAP') ? freeSpace : 0,
    jobs,
    builtinClosures,
    arrays,
  };
}

/** What the table of roots and the fields of the Isolate lead to. */
interface Starts {
  readonly roots: Pick<TaskMaps, 'jobs' | 'arrays' | 'builtinClosures'>;
  /** The isolate's fields hold the current one and the head of a list through all of them. */
  readonly contexts: readonly Tagged[];
}

/** At the places known from before; null when anything else stands there. */
function findKnown(
  heap: Heap,
  isolate: Address,
  table: Address,
  { taskRoots }: Learned,
): Starts | null {
  if (taskRoots === null) return null;
  const roots = readRoots(heap, table, taskRoots.roots);
  const contexts = readContexts(heap, isolate, taskRoots.contexts);
  const isAll =
    contexts.length > 0 &&
    roots.indexes.length === taskRoots.roots.length &&
    contexts.length === taskRoots.contexts.length;
  return isAll ? { roots, contexts: contexts.map(({ word }) => word) } : null;
}

function search(heap: Heap, isolate: Address, table: Address, learned: Learned): Starts {
  heap.memory.prefetchPointees(table, maxRoots * 8);
  heap.memory.prefetchPointees(isolate, isolateBytes);
  const roots = readRoots(
    heap,
    table,
    Array.from({ length: maxRoots }, (_, i) => i),
  );
  const contexts = readContexts(
    heap,
    isolate,
    Array.from({ length: isolateBytes / 8 }, (_, i) => i * 8),
  );
  // The field of the current context is empty at times: what was not there once is no place to start from.
  const offsets = contexts.map(({ offset }) => offset);
  const before = learned.taskRoots?.contexts.filter((offset) => offsets.includes(offset)) ?? [];
  if (contexts.length > 0)
    learned.taskRoots = { roots: roots.indexes, contexts: before.length > 0 ? before : offsets };
  return { roots, contexts: contexts.map(({ word }) => word) };
}

/** @returns what of the entries at `indexes` is of use, and which these are */
function readRoots(
  heap: Heap,
  table: Address,
  indexes: readonly number[],
): Starts['roots'] & { readonly indexes: number[] } {
  const jobs: Tagged[] = [];
  const arrays = new Set<Tagged>();
  const builtinClosures: Tagged[] = [];
  const used = indexes.filter((index) => {
    const word = wordAt(heap, table + index * 8);
    const type = mapType(heap, word);
    if (/^PROMISE_(FULFILL|REJECT)_REACTION_JOB_TASK$/.test(type)) jobs.push(word);
    else if (isBackingStore(type)) arrays.add(word);
    else if (type === '' && heap.is(word, 'SHARED_FUNCTION_INFO')) builtinClosures.push(word);
    else return false;
    return true;
  });
  return { jobs, arrays, builtinClosures, indexes: used };
}

function readContexts(
  heap: Heap,
  isolate: Address,
  offsets: readonly number[],
): { readonly offset: number; readonly word: Tagged }[] {
  return offsets
    .map((offset) => ({ offset, word: wordAt(heap, isolate + offset) }))
    .filter(({ word }) => isNativeContext(heap, word));
}

function allContexts(heap: Heap, first: readonly Tagged[]): Tagged[] {
  const found = new Set(first);
  // A set that grows is iterated to its end.
  for (const context of found) {
    if (found.size >= maxContexts) break;
    for (const word of slotsOf(heap, context)) if (isNativeContext(heap, word)) found.add(word);
  }
  return [...found];
}

/** Of all functions of a context only the constructor of promises makes them: what it makes has its initial map. */
function promiseMap(heap: Heap, word: Tagged): Tagged[] {
  if (!heap.isFunction(word)) return [];
  try {
    const map = heap.field(word, heap.layout.require('functionInitialMap'));
    return mapType(heap, map) === 'JS_PROMISE' ? [map] : [];
  } catch (error) {
    if (error instanceof UnreadableMemory) return [];
    throw error;
  }
}

function slotsOf(heap: Heap, context: Tagged): Tagged[] {
  try {
    const length = Math.max(0, Math.min(heap.arrayLength(context), maxContextSlots));
    heap.memory.prefetchPointees(untag(context), length * 8);
    return Array.from({ length }, (_, i) => heap.element(context, i));
  } catch (error) {
    if (error instanceof UnreadableMemory) return [];
    throw error;
  }
}

/** The map of a native context refers back to it: all maps of contexts name theirs in this field. */
function isNativeContext(heap: Heap, word: Tagged): boolean {
  try {
    return (
      heap.isContext(word) &&
      heap.field(heap.field(word, 0), heap.layout.require('mapConstructor')) === word
    );
  } catch (error) {
    if (error instanceof UnreadableMemory) return false;
    throw error;
  }
}

/** Type of the objects of a map; empty when this is no map. */
function mapType(heap: Heap, word: Tagged): string {
  if (!heap.is(word, 'MAP')) return '';
  const type = heap.memory.u16(untag(word) + heap.layout.require('mapInstanceType'));
  return heap.layout.typeNames.get(type) ?? '';
}

function wordAt(heap: Heap, address: Address): Tagged {
  try {
    return heap.memory.u64(address);
  } catch (error) {
    if (error instanceof UnreadableMemory) return 0;
    throw error;
  }
}
