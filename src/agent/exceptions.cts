/**
 * Reports errors that nobody catches, before they end the program. The listener only watches: exit status, output and
 * the program's own handlers stay as they are.
 *
 * A program with handlers may survive its errors, thousands of them. The same error (by the places in its stack) is then
 * reported once in a while, and counted meanwhile. One that ends the program is always reported.
 */
import type { ErrorRecord, Trigger } from '../report/schema.ts';
import { describeError } from './error-record.cts';
import type { NativeAgent } from './native.cts';
import { makeCopyChoice } from './heap-copy.cts';
import type { Reporter } from './reporter.cts';
import { cut, ownData } from './safe-value.cts';

const maxReasonChars = 300;
/** The same error again within this time is counted, not reported. */
const coolDownMs = 60_000;
/** Different errors: so many reports at once, and one more each `refillMs`. */
const burst = 5;
const refillMs = 10_000;
const maxSignatures = 512;
/** Lines of the stack that tell errors apart. */
const signatureLines = 6;
/** Errors of errors that are asked for a place. */
const maxAsked = 16;
const maxMessageChars = 200;
/** How Node wraps what is no error, in all of its versions since 15 (lib/internal/process/promises.js). */
const rejectionName = 'UnhandledPromiseRejection';
const rejectedWith = /The promise rejected with the reason "([^]*)"\.$/;

interface Seen {
  reportedAtMs: number;
  /** Times since then. */
  count: number;
}

/** What the addon knows of throws. */
export type ThrowWatch = Pick<
  NativeAgent,
  'claimThrow' | 'releaseThrow' | 'setOpenError' | 'isToldByWorker'
>;

/** @returns a function that stops watching */
export function watchExceptions(
  native: ThrowWatch,
  reporter: Reporter,
  workerId: number,
): () => void {
  const limiter = makeLimiter();
  const isCopyWorthIt = makeCopyChoice();
  let reporting = false;
  const close = (): void => {
    native.setOpenError('');
  };
  const onUncaught = (error: unknown, origin: string): void => {
    // An error thrown while the last one is being reported is the last one's consequence.
    if (reporting || isOfFullWorker(error)) return;
    reporting = true;
    // A rejection was thrown at some other time, or not at all.
    const thrown = origin === 'uncaughtException' ? native.claimThrow(isCopyWorthIt()) : '';
    try {
      const record = describeError(error);
      if (isTold(native, record, workerId)) {
        reporter.noteReported();
        return;
      }
      const turn = limiter(signatureOf(record), isFatal(), performance.now());
      if (turn !== null)
        reporter.report({ trigger: triggerOf(record, origin, turn), error: record, thrown });
      if (isFatal()) return;
      // Handlers of the program run now.
      native.setOpenError(JSON.stringify(record));
      process.nextTick(close);
    } finally {
      if (thrown !== '') native.releaseThrow();
      reporting = false;
    }
  };
  process.on('uncaughtExceptionMonitor', onUncaught);
  return () => {
    process.off('uncaughtExceptionMonitor', onUncaught);
  };
}

/** An error that a Worker died of is reported there, where its stack and values are; here comes what Node hands on. */
function isTold(native: ThrowWatch, { stack }: ErrorRecord, workerId: number): boolean {
  return stack !== undefined && native.isToldByWorker(stack, workerId);
}

/** True when nothing stands between an uncaught error and the end of the program. */
function isFatal(): boolean {
  return (
    process.listenerCount('uncaughtException') === 0 &&
    !process.hasUncaughtExceptionCaptureCallback()
  );
}

/** A Worker's heap was full: reported where it happened; here only its parent hears of it. */
function isOfFullWorker(thrown: unknown): boolean {
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    ownData(thrown, 'code') === 'ERR_WORKER_OUT_OF_MEMORY'
  );
}

function triggerOf(error: ErrorRecord, origin: string, repeated: number): Trigger {
  return {
    kind: origin === 'unhandledRejection' ? 'unhandled-rejection' : 'uncaught-exception',
    reason: cut(reasonOf(error), maxReasonChars),
    ...(repeated > 0 && { repeated }),
  };
}

function reasonOf({ name, message }: ErrorRecord): string {
  // Node's own words take four lines for it.
  const rejected = name === rejectionName ? rejectedWith.exec(message)?.[1] : undefined;
  if (rejected !== undefined)
    return `a promise was rejected with ${firstLine(rejected)}, which is no error`;
  return message === '' ? name : `${name}: ${message}`;
}

function firstLine(text: string): string {
  return cut(text.split('\n', 1)[0] ?? '', maxMessageChars);
}

/** @returns how often the same error came since its last report, or null: do not report it now */
function makeLimiter(): (key: string, isFatal: boolean, nowMs: number) => number | null {
  const signatures = new Map<string, Seen>();
  let tokens = burst;
  let refilledAtMs = -Infinity;
  return (key, mustReport, nowMs) => {
    const seen = signatures.get(key);
    const isRecent = seen !== undefined && nowMs - seen.reportedAtMs < coolDownMs;
    if (nowMs - refilledAtMs > refillMs) {
      tokens = Math.min(burst, tokens + Math.floor((nowMs - refilledAtMs) / refillMs));
      refilledAtMs = nowMs;
    }
    if (!mustReport && (isRecent || tokens === 0)) {
      if (seen !== undefined) seen.count += 1;
      return null;
    }
    tokens = Math.max(0, tokens - 1);
    if (signatures.size >= maxSignatures) signatures.clear();
    signatures.set(key, { reportedAtMs: nowMs, count: 0 });
    return seen?.count ?? 0;
  };
}

/**
 * Where it was thrown; the message is left out, since it often holds an id. Errors without a place of the program, such as those of
 * `Promise.any()`, are told apart by the places of their errors and causes, and by what they say.
 */
function signatureOf(error: ErrorRecord): string {
  const asked = [error];
  // Grows as it is walked.
  for (const one of asked) {
    const places = (one.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
    if (places.some((line) => /:\d+:\d+\)?$/.test(line) && !/[( ]node:/.test(line)))
      return [error.name, ...places.slice(0, signatureLines)].join('\n');
    const inner = [...(one.errors ?? []), ...(one.cause === undefined ? [] : [one.cause])];
    asked.push(...inner.slice(0, maxAsked - asked.length));
  }
  return asked
    .map(({ name, message }) => `${name}: ${cut(message.replace(/\d+/g, '0'), maxMessageChars)}`)
    .join('\n');
}
