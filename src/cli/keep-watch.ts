/** Runs a watcher until a signal ends it: where its events go, what else is served meanwhile. */
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import { locateArchive } from '../archive/location.ts';
import { createLog } from '../log.ts';
import type { Teller } from '../watch/events.ts';
import type { WatchSettings } from '../watch/settings.ts';
import { Notifier } from '../watch/notify.ts';
import { type Programs, Watcher } from '../watch/watcher.ts';
import { type Observed, observe } from './observe-watch.ts';
import { logProcessEvent, logWatcherEvent } from './tell-watch.ts';
import { VanishWatches } from './vanish-watch.ts';
import { processEventRecord, watcherEventRecord } from './watch-records.ts';

/** What watchers start. */
export const watcherPrograms: Programs = {
  capturer: fileURLToPath(new URL('./capturer.js', import.meta.url)),
  command: fileURLToPath(new URL('../../bin/sleeper.js', import.meta.url)),
};

/**
 * A watcher makes and drops a little all the time. By default V8 gives that 32 MB and more; the space it begins with is enough.
 * Read at every growth (V8, src/heap/new-spaces.cc, SemiSpaceNewSpace::Grow).
 */
const keepYoungGenerationSmall = '--semi-space-growth-factor=1';

/** @returns how many troubles were found @throws SleeperError as Watcher */
export async function keepWatch(
  settings: WatchSettings,
  options: { readonly command: string; readonly json: boolean; readonly once: boolean },
): Promise<number> {
  v8.setFlagsFromString(keepYoungGenerationSmall);
  const end = new AbortController();
  const stop = (): void => {
    end.abort();
  };
  const teller = options.json ? jsonTeller() : logTeller();
  const notifier = new Notifier();
  let observed: Observed | null = null;
  let turnedAtMs: number | null = null;
  const archive = locateArchive(settings.archive);
  const vanishing = new VanishWatches(archive, null, {
    process: (pid, event) => {
      teller.process(pid, event);
      observed?.teller.process(pid, event);
    },
    watcher: (event) => {
      teller.watcher(event);
      observed?.teller.watcher(event);
    },
  });
  const watcher = new Watcher({
    settings,
    archive,
    programs: watcherPrograms,
    command: options.command,
    teller: vanishing.teller,
    onTurn: (watched) => {
      if (turnedAtMs === null) notifier.ready();
      turnedAtMs = performance.now();
      notifier.turn(watched, turnedAtMs);
    },
    signal: end.signal,
    once: options.once,
  });
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    observed = await observe(
      settings,
      () => watcher.watched,
      () => turnedAtMs,
    );
    await watcher.run();
  } finally {
    notifier.stopping();
    await vanishing.close();
    observed?.close();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
  return watcher.findings;
}

function jsonTeller(): Teller {
  const write = (record: Record<string, unknown>): void => {
    process.stdout.write(`${JSON.stringify(record)}\n`);
  };
  return {
    process: (pid, event) => {
      write(processEventRecord(pid, event));
    },
    watcher: (event) => {
      write(watcherEventRecord(event));
    },
  };
}

function logTeller(): Teller {
  const log = createLog();
  return {
    process: (pid, event) => {
      logProcessEvent(log, pid, event);
    },
    watcher: (event) => {
      logWatcherEvent(log, event);
    },
  };
}
