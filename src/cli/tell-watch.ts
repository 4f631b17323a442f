/** Words for what the watchdog saw. In every line `event` is the stable name that docs/watch.md lists. */
import type { Logger } from 'pino';
import { formatDuration } from '../diagnose/words.ts';
import type { ProcessEnd, ProcessEvent, WatcherEvent } from '../watch/events.ts';

/** Logs one event of one process, in one line. */
export function logProcessEvent(log: Logger, pid: number, event: ProcessEvent): void {
  const facts = { event: event.kind, target: pid, ...('rule' in event && { rule: event.rule }) };
  switch (event.kind) {
    case 'watching':
      log.info(facts, `watching process ${pid}`);
      if (event.weakness !== null) {
        log.warn(
          { ...facts, event: 'weakness', reason: event.weakness },
          'its event loop cannot be seen itself: hangs are told by the activity of its main thread',
        );
      }
      return;
    case 'left-to-other':
      log.warn(
        { ...facts, owner: event.owner.pid },
        `process ${pid} is watched already, by process ${event.owner.pid} (${event.owner.command}); left to it`,
      );
      return;
    case 'agent-found':
      log.info(facts, `process ${pid} carries the agent: its own reports are written from here`);
      return;
    case 'agent-report':
      log.warn(
        { ...facts, report: event.report },
        `process ${pid} had a report written: ${event.report}`,
      );
      return;
    case 'hang-began':
      log.warn(
        { ...facts, stalledForMs: event.trigger.stalledForMs },
        `process ${pid} hangs: ${event.trigger.reason}`,
      );
      return;
    case 'recovered': {
      const afterMs = Math.round(event.afterMs);
      log.info({ ...facts, afterMs }, `process ${pid} recovered after ${formatDuration(afterMs)}`);
      return;
    }
    case 'rule-tripped':
      log.warn(facts, `process ${pid}: ${event.trigger.reason}`);
      return;
    case 'rule-calm':
      log.info(facts, `process ${pid}: rule ${event.rule} has nothing more to say`);
      return;
    case 'ended':
      logEnd(log, event.end);
      return;
    default:
      logOutcome(log, facts, event);
  }
}

type Outcome = Extract<ProcessEvent, { readonly kind: `capture${string}` | `action${string}` }>;

function logOutcome(log: Logger, facts: { readonly target: number }, event: Outcome): void {
  const { target: pid } = facts;
  switch (event.kind) {
    case 'capture-skipped':
      log.info(
        { ...facts, reason: event.reason },
        `process ${pid} is not captured: ${event.reason}`,
      );
      return;
    case 'capture-postponed':
      log.warn(
        { ...facts, ahead: event.ahead },
        `the capture of process ${pid} is postponed: ${event.ahead} others are before it`,
      );
      return;
    case 'captured': {
      const { verdict, pausedMs, id, path, tookMs } = event.captured;
      const { kind, confidence } = verdict;
      log.warn(
        { ...facts, id, verdict: kind, confidence, pausedMs, tookMs, report: path },
        verdict.summary,
      );
      return;
    }
    case 'capture-failed': {
      const { code, message, help } = event;
      log.error(
        { ...facts, ...(code !== undefined && { code }), error: message },
        `process ${pid} could not be captured`,
      );
      if (help !== undefined) log.error({ target: pid }, help);
      return;
    }
    case 'action-done':
      log.info({ ...facts, action: event.action }, `process ${pid}: ${event.detail}`);
      return;
    case 'action-failed':
      log.error(
        { ...facts, action: event.action },
        `process ${pid}: the action ${event.action} failed: ${event.detail}`,
      );
      return;
  }
}

function logEnd(log: Logger, end: ProcessEnd): void {
  const { pid } = end.identity;
  const { whileHanging, byUs, exit } = end;
  const how =
    exit === null ? '' : 'signal' in exit ? `, by ${exit.signal}` : `, with status ${exit.status}`;
  log.info(
    { event: 'ended', target: pid, whileHanging, byUs, ...exit },
    `process ${pid} has ended${whileHanging ? ' while it hung' : ''}${how}`,
  );
}

/** Logs one event of the watcher, in one line. */
export function logWatcherEvent(log: Logger, event: WatcherEvent): void {
  switch (event.kind) {
    case 'incident': {
      const { id, pid, reports } = event;
      const verdicts = reports.map((report) => `${report.pid} ${report.verdict}`).join(', ');
      log.warn(
        { event: event.kind, incident: id, target: pid, reports: reports.map(({ path }) => path) },
        `one incident, ${reports.length} processes: ${verdicts}`,
      );
      return;
    }
    case 'service-failed':
      log.warn(
        { event: event.kind, rule: event.rule, failures: event.failures },
        `${event.question} does not answer as it should: ${event.detail}`,
      );
      return;
    case 'service-recovered':
      log.info(
        { event: event.kind, rule: event.rule, afterMs: Math.round(event.afterMs) },
        `${event.question} answers again, after ${formatDuration(Math.round(event.afterMs))}`,
      );
      return;
    case 'too-many':
      log.error(
        { event: event.kind, watched: event.watched, leftOut: event.leftOut },
        `${event.watched} processes are watched, and no more can be: ${event.leftOut} are left out`,
      );
      return;
    case 'weakness':
      log.warn({ event: event.kind }, event.reason);
      return;
  }
}
