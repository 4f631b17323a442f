/**
 * Reports ends that are no crash and mostly meant as one: process.exit() with a status, called from deep inside, and an
 * event loop that ran empty although something was still waiting.
 */
import type { ExitReports } from './environment.cts';
import type { Reporter } from './reporter.cts';
import { hasStackHook } from './stack-hook.cts';

/** Status of Node when a top-level await never settled. */
const unsettledAwait = 13;
/** An end this soon after the report of an error is that error's consequence: handlers log, close, and exit. */
const consequenceMs = 30_000;
/** Node's own module of process.exit(). */
const exitModule = 'node:internal/process/per_thread';
const searchedFrames = 50;

const { getOwnPropertyDescriptor, defineProperty } = Object;
// eslint-disable-next-line @typescript-eslint/unbound-method -- a static function
const { captureStackTrace } = Error;
const { deleteProperty } = Reflect;

/** @returns a function that stops watching */
export function watchExit(reporter: Reporter, exits: ExitReports): () => void {
  if (exits === 'none') return () => undefined;
  let isCalled = false;
  const report = (exitStatus: number, reason: string): void => {
    reporter.report({ trigger: { kind: 'exit', reason, exitStatus } });
  };
  // Asked last: Node loads `performance` at its first use.
  const isConsequence = (): boolean => performance.now() - reporter.reportedAtMs < consequenceMs;
  const onExit = (status: number): void => {
    if ((status === 0 && exits !== 'all') || isConsequence()) return;
    isCalled = isInsideExit();
    if (isCalled && status !== 0) report(status, `process.exit(${status})`);
  };
  const onEnd = (status: number): void => {
    // Node says so in a listener of its own, or before all of them.
    const isUnsettled = status === unsettledAwait || process.exitCode === unsettledAwait;
    if (isCalled || (!isUnsettled && exits !== 'all') || isConsequence()) return;
    const exitStatus = isUnsettled ? unsettledAwait : status;
    report(exitStatus, `the event loop ran empty (exit status ${exitStatus})`);
  };
  process.on('exit', onExit);
  // Behind the listener that Node adds when it starts the program. No tick: it would be seen in the stacks of the first promises.
  const onEmpty = (): void => {
    process.on('exit', onEnd);
  };
  process.once('beforeExit', onEmpty);
  return () => {
    process.off('exit', onExit);
    process.off('beforeExit', onEmpty);
    process.off('exit', onEnd);
  };
}

/** The same by V8's own text of the stack, unless there is a hook that would write it. */
function isInsideExitByText(): boolean {
  if (hasStackHook()) return false;
  try {
    const holder: { stack?: string } = {};
    captureStackTrace(holder);
    return holder.stack?.includes(`(${exitModule}:`) === true;
  } catch {
    return false;
  }
}

/** Whether process.exit() is on the stack. The program's Error.prepareStackTrace is set aside meanwhile: it must not run. */
function isInsideExit(): boolean {
  const before = (['prepareStackTrace', 'stackTraceLimit'] as const).map(
    (name) => [name, getOwnPropertyDescriptor(Error, name)] as const,
  );
  try {
    Error.stackTraceLimit = searchedFrames;
    Error.prepareStackTrace = (_, sites) => sites;
    const holder: { stack?: NodeJS.CallSite[] } = {};
    captureStackTrace(holder);
    return holder.stack?.some((site) => site.getFileName() === exitModule) === true;
  } catch {
    // Error is frozen (`--frozen-intrinsics`), or not V8's any more.
    return isInsideExitByText();
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) deleteProperty(Error, name);
      else defineProperty(Error, name, descriptor);
    }
  }
}
