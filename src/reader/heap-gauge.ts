/** The sizes of the main isolate's heap, read again and again from the running process. */
import { SleeperError } from '../errors.ts';
import type { HeapSizes } from '../report/schema.ts';
import { readHeapSizes } from './heap/sizes.ts';
import { LiveMemory } from './memory/live.ts';
import { takeLook } from './memory/look.ts';
import { PagedMemory } from './memory/paged.ts';
import { Target } from './target.ts';
import { findIsolates } from './tasks/isolates.ts';

/** Reads without stopping anything. */
export interface HeapGauge {
  /** Null when the process is gone, or its binary does not tell. */
  read(): HeapSizes | null;
}

/**
 * Finds the isolate of the main thread: by its thread pointer, for which the thread is stopped once, for a fraction of a millisecond.
 * @returns null when it cannot be found, or the process may not be stopped
 */
export function openHeapGauge(pid: number): HeapGauge | null {
  try {
    const target = new Target(pid);
    const mappings = target.readMappings();
    const { loadBias } = target.codeSpace(mappings);
    const plan = { tids: [pid], mappings, pages: [], holdWhileDecoding: false };
    const { result } = takeLook(pid, plan, ({ threads }) =>
      threads.map(({ tid, registers: { fsBase } }) => ({ tid, fsBase })),
    );
    const [isolate] = findIsolates(target, new LiveMemory(pid), mappings, result);
    if (isolate === undefined) return null;
    const { binary, layout } = target;
    return {
      read: () => {
        try {
          const memory = new PagedMemory(new LiveMemory(pid));
          return readHeapSizes(memory, binary, layout, loadBias, isolate.address);
        } catch (error) {
          return nullIfOurs(error);
        }
      },
    };
  } catch (error) {
    return nullIfOurs(error);
  }
}

function nullIfOurs(error: unknown): null {
  if (error instanceof SleeperError) return null;
  throw error;
}
