/**
 * What AsyncLocalStorage holds where this thread stands, in the versions of Node whose stores are properties of the resource
 * that runs: those before 24, under a symbol of each storage (kResourceStore in lib/async_hooks.js and
 * lib/internal/async_local_storage/async_hooks.js). Since then V8 carries them, and the reader finds them from outside.
 */
import type { AsyncStore } from '../report/schema.ts';
import { describeValue, ownData } from './safe-value.cts';

const { getOwnPropertySymbols } = Object;
const storeSymbol = 'kResourceStore';
const maxStores = 16;
/** How Node notes in its list of what was loaded that somebody asked for node:async_hooks. */
const loadedModule = 'NativeModule async_hooks';

/** @returns empty when there are none. Never throws */
export function readAsyncStores(): AsyncStore[] {
  try {
    if (!isInUse()) return [];
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded already; import() would wait
    const hooks = require('node:async_hooks') as typeof import('node:async_hooks');
    const resource = hooks.executionAsyncResource();
    return getOwnPropertySymbols(resource)
      .filter(({ description }) => description === storeSymbol)
      .slice(0, maxStores)
      .map((symbol) => ({
        name: 'AsyncLocalStorage',
        value: describeValue(ownData(resource, symbol)),
      }));
  } catch {
    return [];
  }
}

/** Who has not loaded it keeps nothing; and once the resource was asked for, Node keeps account of it in every callback. */
function isInUse(): boolean {
  const { moduleLoadList } = process as { moduleLoadList?: readonly string[] };
  return moduleLoadList?.includes(loadedModule) === true;
}
