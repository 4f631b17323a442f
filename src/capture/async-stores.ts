/** AsyncLocalStorage in a report. Pure. */
import type { ThreadReading } from '../reader/reading.ts';
import type { AsyncStore, Capture } from '../report/schema.ts';

/**
 * What the threads' running code carries; left out when nothing is known.
 * @param told by the inside, of a Node that keeps it where the reader does not find it
 */
export function asyncStoreSection(
  threads: readonly ThreadReading[],
  told: readonly AsyncStore[] = [],
): Partial<Pick<Capture, 'asyncStores'>> {
  const stores = threads.flatMap(({ tid, asyncStores }) =>
    (asyncStores ?? []).map((store) => ({ ...store, tid })),
  );
  const all = [...told, ...stores];
  return all.length === 0 ? {} : { asyncStores: all };
}
