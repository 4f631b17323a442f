/** Serves a watcher's metrics and health, where the settings ask for it. */
import type { Teller } from '../watch/events.ts';
import type { WatchSettings } from '../watch/settings.ts';
import type { WatchedProcess } from '../watch/watched-process.ts';

export interface Observed {
  readonly teller: Teller;
  close(): void;
}

/** A watcher that has not turned for this long does not watch; its turns take 50 ms. */
const silentForMs = 5_000;

/**
 * Begins to serve. prom-client is loaded only then.
 * @param turnedAtMs when the watcher turned last, CLOCK_MONOTONIC; null: never yet
 * @returns null when nobody asks for metrics @throws SleeperError ERR_SLEEPER_CONFIG when the port cannot be had
 */
export async function observe(
  { metrics }: WatchSettings,
  watched: () => Iterable<WatchedProcess>,
  turnedAtMs: () => number | null,
): Promise<Observed | null> {
  if (metrics === undefined) return null;
  const { createMetrics } = await import('../watch/metrics.ts');
  const { serveMetrics } = await import('../watch/serve-metrics.ts');
  const own = createMetrics(watched);
  const server = await serveMetrics(metrics, own, {
    isReady: () => turnedAtMs() !== null,
    isWatching: () => performance.now() - (turnedAtMs() ?? performance.now()) < silentForMs,
  });
  return {
    teller: own.teller,
    close: () => {
      server.close();
    },
  };
}
