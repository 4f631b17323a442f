/** AsyncLocalStorage in a report. Pure. */
import type { ThreadReading } from '../reader/reading.ts';
import type { Capture } from '../report/schema.ts';

/** What the threads' running code carries; left out when nothing is known. */
export function asyncStoreSection(
  threads: readonly ThreadReading[],
): Partial<Pick<Capture, 'asyncStores'>> {
  const stores = threads.flatMap(({ tid, asyncStores }) =>
    (asyncStores ?? []).map((store) => ({ ...store, tid })),
  );
  return stores.length === 0 ? {} : { asyncStores: stores };
}
