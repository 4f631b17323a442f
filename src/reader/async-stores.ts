/**
 * What AsyncLocalStorage holds on a thread at this moment, without running anything.
 *
 * From Node 24 on (22 with --experimental-async-context-frame) the stores of the running code are one Map, an
 * AsyncContextFrame from AsyncLocalStorage to its store, which V8 carries from promise to promise: the isolate's
 * continuation-preserved embedder data, the word before the roots (include/v8-internal.h,
 * kContinuationPreservedEmbedderDataOffset; lib/internal/async_context_frame.js). Before, each resource has its stores as
 * properties, and which resource runs is known to JavaScript alone: not read here.
 */
import { limits } from '../limits.ts';
import type { AsyncStore } from '../report/schema.ts';
import type { Heap } from './heap/heap.ts';
import { isPointer } from './layout/tagged.ts';
import type { Tagged } from './layout/tagged.ts';
import { type Address, UnreadableMemory } from './memory/source.ts';
import { readCollection } from './values/elements.ts';
import { className } from './values/members.ts';
import type { ScriptCache } from './scripts.ts';
import { OpeningTime } from './values/opening.ts';
import { readOwnProperties } from './values/properties.ts';
import { ValueReader } from './values/value-reader.ts';

const storageClass = 'AsyncLocalStorage';

/** @returns empty when there are none. Never throws on bad memory. */
export function readAsyncStores(
  heap: Heap,
  scripts: ScriptCache,
  isolate: Address,
  time: OpeningTime,
): AsyncStore[] {
  const offset = heap.layout.find('isolateAsyncContext');
  if (offset === undefined) return [];
  try {
    const frame = heap.memory.u64(isolate + offset);
    if (!isPointer(frame) || !heap.typeName(frame).includes('MAP')) return [];
    const { entries } = readCollection(heap, frame, true, limits.maxProperties);
    const values = new ValueReader(heap, scripts);
    return entries
      .filter(({ key }) => isPointer(key) && className(heap, key) === storageClass)
      .map(({ key, value }) => ({
        name: nameOf(heap, scripts, key),
        value: values.read(
          value === null ? { kind: 'undefined' } : { kind: 'tagged', word: value },
          time,
        ),
      }));
  } catch (error) {
    if (error instanceof UnreadableMemory) return [];
    throw error;
  }
}

/** `new AsyncLocalStorage({ name })`: a private member of the class (lib/internal/async_local_storage/async_context_frame.js). */
function nameOf(heap: Heap, scripts: ScriptCache, storage: Tagged): string {
  const { properties } = readOwnProperties(heap, storage, limits.maxProperties);
  const word = properties.find(({ key }) => key.endsWith('name'))?.word ?? null;
  if (word === null || !isPointer(word) || !heap.isString(word)) return storageClass;
  const values = new ValueReader(heap, scripts);
  const { preview } = values.read({ kind: 'tagged', word }, new OpeningTime(Infinity));
  const name = JSON.parse(preview.endsWith('"') ? preview : '""') as string;
  return name === '' ? storageClass : name;
}
