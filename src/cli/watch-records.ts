/** Events of the watcher as plain objects, for `--json`. */
import type { ProcessEvent, WatcherEvent } from '../watch/events.ts';

/** One event of one process. */
export function processEventRecord(pid: number, event: ProcessEvent): Record<string, unknown> {
  const base = { event: event.kind, at: new Date().toISOString(), pid };
  switch (event.kind) {
    case 'captured': {
      const { path, ...captured } = event.captured;
      return { ...base, rule: event.rule, report: path, ...captured };
    }
    case 'ended': {
      const { whileHanging, exit, lastSeenAtMs, byUs, argv } = event.end;
      const lastSeenAt = new Date(lastSeenAtMs).toISOString();
      return { ...base, whileHanging, byUs, lastSeenAt, argv, ...(exit !== null && { exit }) };
    }
    case 'recovered':
      return { ...base, rule: event.rule, afterMs: Math.round(event.afterMs) };
    default: {
      const { kind, ...facts } = event;
      return { ...base, event: kind, ...facts };
    }
  }
}

/** One event of the watcher itself. */
export function watcherEventRecord({ kind, ...facts }: WatcherEvent): Record<string, unknown> {
  return { event: kind, at: new Date().toISOString(), ...facts };
}
