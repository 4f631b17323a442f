/** Has a report written of something that happens on this thread, while the thread waits. Never throws. */
import type { ErrorRecord, Trigger } from '../report/schema.ts';
import { readAsyncStores } from './async-stores.cts';
import { deathLimitMs } from './environment.cts';
import { logAgentError } from './error-log.cts';
import { describeError } from './error-record.cts';
import type { NativeAgent, ProcessDescription } from './native.cts';

/** What happened. */
export interface Incident {
  readonly trigger: Trigger;
  readonly error?: ErrorRecord;
  /** What claimThrow() gave; empty: nothing. */
  readonly thrown?: string;
}

/** Of one thread. */
export interface Reporter {
  /** Returns when the report is written, or cannot be. */
  report(incident: Incident): void;
  /** Another thread has reported what this one hears of now. */
  noteReported(): void;
  /** When this thread last had a report written, or heard of one, by performance.now(); -Infinity: never. */
  readonly reportedAtMs: number;
}

/** How a report is made: what is known of the process, and who writes it. */
export type ReportMaker = Pick<NativeAgent, 'describeProcess' | 'runHelper'>;

/** @param workerId 0 on the main thread */
export function makeReporter(native: ReportMaker, archive: string, workerId: number): Reporter {
  const limitMs = deathLimitMs(process.env);
  let reportedAtMs = -Infinity;
  // Without the addon nobody knows threads, and only the main thread is armed.
  const mainTid = (error: ErrorRecord | undefined): number | undefined =>
    error !== undefined && workerId === 0 ? process.pid : undefined;
  const report = ({ trigger, error, thrown = '' }: Incident): void => {
    const known = JSON.parse(native.describeProcess()) as ProcessDescription;
    const request = {
      pid: process.pid,
      mode: 'report',
      trigger,
      archive,
      endsAtMs: Date.now() + limitMs,
      error,
      errorTid:
        known.isolates.find((isolate) => isolate.workerId === workerId)?.tid ?? mainTid(error),
      asyncStores: readAsyncStores(),
      ...(thrown !== '' && { thrown: JSON.parse(thrown) as unknown }),
      ...known,
    };
    const answer = native.runHelper(`${JSON.stringify(request)}\n`, limitMs);
    reportedAtMs = performance.now();
    if (typeof answer === 'string' && /^(REPORT |NONE$)/.test(answer)) return;
    const failure =
      typeof answer === 'string' ? answer : `the helper did not answer: errno ${-answer}`;
    logAgentError(archive, { what: `report of ${trigger.kind}`, failure, trigger, error });
  };
  return {
    get reportedAtMs() {
      return reportedAtMs;
    },
    noteReported: () => {
      reportedAtMs = performance.now();
    },
    report: (incident) => {
      try {
        report(incident);
      } catch (failure) {
        logAgentError(archive, {
          what: `report of ${incident.trigger.kind}`,
          failure: describeError(failure),
        });
      }
    },
  };
}
