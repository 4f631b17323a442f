/** Maps of one isolate by type: from its table of roots and its native contexts (src/roots/roots.h, src/objects/contexts.h). */
import type { Heap } from '../heap/heap.ts';
import { type Tagged, untag } from '../layout/tagged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';

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
  /** Of backing stores of arrays. */
  readonly arrays: ReadonlySet<Tagged>;
  /** Of maps, one for each context: with them the maps are found that no table names. */
  readonly maps: ReadonlySet<Tagged>;
}

/** Never throws on bad memory: what is not found is missing in the answer. */
export function findTaskMaps(heap: Heap, isolate: Address): TaskMaps {
  const roots = isolate + heap.layout.require('isolateRoots');
  heap.memory.prefetchPointees(roots, maxRoots * 8);
  const jobs: Tagged[] = [];
  const arrays = new Set<Tagged>();
  const builtinClosures: Tagged[] = [];
  for (let i = 0; i < maxRoots; i++) {
    const word = wordAt(heap, roots + i * 8);
    const type = mapType(heap, word);
    if (/^PROMISE_(FULFILL|REJECT)_REACTION_JOB_TASK$/.test(type)) jobs.push(word);
    else if (type === 'FIXED_ARRAY') arrays.add(word);
    else if (type === '' && heap.is(word, 'SHARED_FUNCTION_INFO')) builtinClosures.push(word);
  }
  const freeSpace = wordAt(heap, roots);
  const slots = findContexts(heap, isolate).flatMap((context) => slotsOf(heap, context));
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

/** The isolate's fields hold the current one and the head of a list through all of them. */
function findContexts(heap: Heap, isolate: Address): Tagged[] {
  const found = new Set<Tagged>();
  heap.memory.prefetchPointees(isolate, isolateBytes);
  for (let at = isolate; at < isolate + isolateBytes; at += 8) {
    const word = wordAt(heap, at);
    if (isNativeContext(heap, word)) found.add(word);
  }
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
