/**
 * What was found out about a binary by looking through the memory of its processes: where things stand that no symbol names.
 * It saves the search in the next process of the same binary, and in the next run of ours. None of it is believed: every use
 * checks what it leads to, and searches again when that is not what it should be.
 */
import { limits } from '../../limits.ts';
import { readCacheFile, writeCacheFile } from '../memory/cache-files.ts';

export interface Learned {
  /** Offsets in an Isolate of the Heap's pointers to its spaces. */
  heapPointers: readonly number[] | null;
  /** Offset in an Isolate of its pointer to its MicrotaskQueue. */
  microtaskQueue: number | null;
  /** From the uv_timer_t of an Environment to the function that runs timers; `realm` null: without a Realm between. */
  timerRoute: { readonly realm: number | null; readonly global: number } | null;
  /** Where a search for tasks starts: indexes in the table of roots, offsets in an Isolate of native contexts. */
  taskRoots: { readonly roots: readonly number[]; readonly contexts: readonly number[] } | null;
  /** Mangled names of functions by an address in them that was met on a stack. */
  readonly functions: Map<number, string>;
}

/** By identity of the file. */
const all = new Map<string, { readonly learned: Learned; saved: string }>();

/** @param identity ElfFile.identity */
export function learnedOf(identity: string): Learned {
  let entry = all.get(identity);
  if (entry === undefined) {
    const learned = parse(readCacheFile(keyOf(identity)));
    entry = { learned, saved: serialize(learned) };
    all.set(identity, entry);
  }
  return entry.learned;
}

/** Keeps what is new for the next run. */
export function saveLearned(): void {
  for (const [identity, entry] of all) {
    const text = serialize(entry.learned);
    if (text === entry.saved) continue;
    entry.saved = text;
    writeCacheFile(keyOf(identity), JSON.parse(text));
  }
}

function keyOf(identity: string): string {
  return `learned 4 ${identity}`;
}

function serialize({ functions, ...rest }: Learned): string {
  return JSON.stringify({ ...rest, functions: [...functions] });
}

/** Whatever has not the right shape is not known. */
function parse(content: unknown): Learned {
  const { heapPointers, microtaskQueue, timerRoute, taskRoots, functions } = (content ??
    {}) as Record<string, unknown>;
  const { realm, global } = (timerRoute ?? {}) as Record<string, unknown>;
  const { roots, contexts } = (taskRoots ?? {}) as Record<string, unknown>;
  return {
    heapPointers: isOffsets(heapPointers) ? heapPointers : null,
    microtaskQueue: isOffset(microtaskQueue) ? microtaskQueue : null,
    timerRoute:
      Number.isSafeInteger(global) && (realm === null || Number.isSafeInteger(realm))
        ? { realm: realm as number | null, global: global as number }
        : null,
    taskRoots: isOffsets(roots) && isOffsets(contexts) ? { roots, contexts } : null,
    functions: new Map(
      (Array.isArray(functions) ? functions : [])
        .filter(isNamed)
        .slice(0, limits.maxRememberedAddresses),
    ),
  };
}

function isOffsets(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isOffset);
}

function isOffset(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isNamed(value: unknown): value is [number, string] {
  return Array.isArray(value) && Number.isSafeInteger(value[0]) && typeof value[1] === 'string';
}
