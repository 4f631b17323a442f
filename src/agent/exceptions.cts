/**
 * Reports errors that nobody catches, before they end the program. The listener only watches: exit status, output and
 * the program's own handlers stay as they are.
 */
import type { Trigger } from '../report/schema.ts';
import { describeError } from './error-record.cts';
import { logAgentError } from './error-log.cts';
import type { NativeAgent, ProcessDescription } from './native.cts';
import { cut } from './safe-value.cts';

/** Time the program may be held up by the report of its death. */
const helperTimeoutMs = 8_000;
const maxReasonChars = 300;

/** @returns a function that stops watching */
export function watchExceptions(
  native: NativeAgent,
  archive: string,
  workerId: number,
): () => void {
  let reporting = false;
  const onUncaught = (error: unknown, origin: string): void => {
    // An error thrown while the last one is being reported is the last one's consequence.
    if (reporting) return;
    reporting = true;
    try {
      report(native, archive, workerId, error, origin);
    } catch (failure) {
      logAgentError(archive, {
        what: 'report of an uncaught error',
        failure: describeError(failure),
      });
    } finally {
      reporting = false;
    }
  };
  process.on('uncaughtExceptionMonitor', onUncaught);
  return () => {
    process.off('uncaughtExceptionMonitor', onUncaught);
  };
}

function report(
  native: NativeAgent,
  archive: string,
  workerId: number,
  thrown: unknown,
  origin: string,
): void {
  const error = describeError(thrown);
  const trigger: Trigger = {
    kind: origin === 'unhandledRejection' ? 'unhandled-rejection' : 'uncaught-exception',
    reason: cut(
      error.message === '' ? error.name : `${error.name}: ${error.message}`,
      maxReasonChars,
    ),
  };
  const known = JSON.parse(native.describeProcess()) as ProcessDescription;
  const errorTid = known.isolates.find((isolate) => isolate.workerId === workerId)?.tid;
  const request = { pid: process.pid, mode: 'report', trigger, archive, error, errorTid, ...known };
  const answer = native.runHelper(`${JSON.stringify(request)}\n`, helperTimeoutMs);
  if (typeof answer === 'string' && answer.startsWith('REPORT ')) return;
  const failure =
    typeof answer === 'string' ? answer : `the helper did not answer: errno ${-answer}`;
  logAgentError(archive, { what: 'report of an uncaught error', failure, trigger, error });
}
