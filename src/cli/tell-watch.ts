/** Words and records for what the watchdog saw. */
import type { Logger } from 'pino';
import { formatDuration } from '../diagnose/words.ts';
import { SleeperError } from '../errors.ts';
import type { WatchEvent } from './watch-process.ts';

/** Logs one event of one process, in one line. */
export function logWatchEvent(log: Logger, pid: number, event: WatchEvent): void {
  switch (event.kind) {
    case 'watching':
      log.info({ target: pid }, `watching process ${pid}`);
      if (event.weakness !== null) {
        log.warn(
          { target: pid, reason: event.weakness },
          'its event loop cannot be seen itself: hangs are told by the activity of its main thread',
        );
      }
      return;
    case 'hang-began':
      log.warn(
        { target: pid, stalledForMs: event.trigger.stalledForMs },
        `process ${pid} hangs: ${event.trigger.reason}`,
      );
      return;
    case 'captured': {
      const { verdict, pausedMs, id } = event.report;
      log.warn(
        {
          target: pid,
          id,
          verdict: verdict.kind,
          confidence: verdict.confidence,
          pausedMs,
          report: event.path,
        },
        verdict.summary,
      );
      return;
    }
    case 'capture-failed':
      log.error(
        { target: pid, err: event.error },
        `the hang of process ${pid} could not be captured`,
      );
      if (event.error instanceof SleeperError) log.error({ target: pid }, event.error.help);
      return;
    case 'recovered': {
      const afterMs = Math.round(event.afterMs);
      log.info(
        { target: pid, afterMs },
        `process ${pid} recovered after ${formatDuration(afterMs)}`,
      );
      return;
    }
    case 'ended':
      log.info(
        { target: pid, whileHanging: event.whileHanging },
        `process ${pid} has ended${event.whileHanging ? ' while it hung' : ''}`,
      );
      return;
  }
}

/** One event as a plain object for `--json`. */
export function watchEventRecord(pid: number, event: WatchEvent): Record<string, unknown> {
  const at = new Date().toISOString();
  switch (event.kind) {
    case 'hang-began':
      return { event: event.kind, at, pid, trigger: event.trigger };
    case 'captured': {
      const { id, verdict, signature, pausedMs, durationMs } = event.report;
      return {
        event: event.kind,
        at,
        pid,
        id,
        report: event.path,
        verdict,
        signature,
        pausedMs,
        durationMs,
      };
    }
    case 'capture-failed': {
      const { error } = event;
      const code = error instanceof SleeperError ? { code: error.code } : {};
      const message = error instanceof Error ? error.message : String(error);
      return { event: event.kind, at, pid, ...code, message };
    }
    case 'watching':
      return { event: event.kind, at, pid, weakness: event.weakness };
    case 'recovered':
      return { event: event.kind, at, pid, afterMs: Math.round(event.afterMs) };
    case 'ended':
      return { event: event.kind, at, pid, whileHanging: event.whileHanging };
  }
}
