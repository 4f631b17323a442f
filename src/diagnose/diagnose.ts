/** Names the trouble: goes through the rules in order, most specific first. Pure. */
import { inexactTables } from '../reader/target.ts';
import type { Capture, Verdict } from '../report/schema.ts';
import type { Rule } from './evidence.ts';
import { aborted } from './rules/aborted.ts';
import { asyncDeadlock } from './rules/async-deadlock.ts';
import { asyncStall } from './rules/async-stall.ts';
import { atomicsWait } from './rules/atomics-wait.ts';
import { clusterPrimaryBlocked } from './rules/cluster-primary-blocked.ts';
import { cpuThrottled } from './rules/cpu-throttled.ts';
import { debuggerPaused } from './rules/debugger-paused.ts';
import { dnsStall } from './rules/dns-stall.ts';
import { doubleFault } from './rules/double-fault.ts';
import { exitCalled } from './rules/exit-called.ts';
import { gcPressure, gcThrash } from './rules/gc-thrash.ts';
import { healthy } from './rules/healthy.ts';
import { heapOutOfMemory } from './rules/heap-out-of-memory.ts';
import { idle } from './rules/idle.ts';
import { ipcBlocked } from './rules/ipc-blocked.ts';
import { jsBusy } from './rules/js-busy.ts';
import { killedByOomKiller } from './rules/killed-by-oom-killer.ts';
import { killedBySignal } from './rules/killed-by-signal.ts';
import { lockNeverReleased } from './rules/lock-never-released.ts';
import { loopSlow } from './rules/loop-slow.ts';
import { microtaskStarvation } from './rules/microtask-starvation.ts';
import { nativeBlocked } from './rules/native-blocked.ts';
import { nativeBusy } from './rules/native-busy.ts';
import { nativeCrash } from './rules/native-crash.ts';
import { nativeDeadlock } from './rules/native-deadlock.ts';
import { nativeStackOverflow } from './rules/native-stack-overflow.ts';
import { nextTickStarvation } from './rules/next-tick-starvation.ts';
import { regexpBacktracking } from './rules/regexp-backtracking.ts';
import { stackOverflow } from './rules/stack-overflow.ts';
import { stdoutBlocked } from './rules/stdout-blocked.ts';
import { stopped } from './rules/stopped.ts';
import { streamStalled } from './rules/stream-stalled.ts';
import { syncChild } from './rules/sync-child.ts';
import { syncIo } from './rules/sync-io.ts';
import { threadpoolExhausted } from './rules/threadpool-exhausted.ts';
import { timerStorm } from './rules/timer-storm.ts';
import { traced } from './rules/traced.ts';
import { uncaughtException } from './rules/uncaught-exception.ts';
import { unhandledRejection } from './rules/unhandled-rejection.ts';
import { uninterruptibleIo } from './rules/uninterruptible-io.ts';
import { wasmBusy } from './rules/wasm-busy.ts';
import { workerCrash } from './rules/worker-crash.ts';
import { workerDeadlock } from './rules/worker-deadlock.ts';
import { lookAt } from './scene.ts';

/** In order: the first that concludes wins. The last one always concludes. */
const rules: readonly Rule[] = [
  killedByOomKiller,
  doubleFault,
  stackOverflow,
  workerCrash,
  uncaughtException,
  unhandledRejection,
  heapOutOfMemory,
  nativeStackOverflow,
  nativeCrash,
  aborted,
  killedBySignal,
  exitCalled,
  // Somebody holds the process.
  stopped,
  traced,
  debuggerPaused,
  cpuThrottled,
  // The main thread sleeps where it should not.
  workerDeadlock,
  atomicsWait,
  syncChild,
  stdoutBlocked,
  nativeDeadlock,
  // It computes and does not come back. Before the sleeps: the collector sleeps for moments, too.
  gcThrash,
  syncIo,
  uninterruptibleIo,
  nativeBlocked,
  regexpBacktracking,
  wasmBusy,
  timerStorm,
  microtaskStarvation,
  nextTickStarvation,
  nativeBusy,
  gcPressure,
  jsBusy,
  // Its event loop is alive.
  loopSlow,
  clusterPrimaryBlocked,
  dnsStall,
  threadpoolExhausted,
  ipcBlocked,
  streamStalled,
  asyncDeadlock,
  lockNeverReleased,
  asyncStall,
  idle,
  healthy,
];

/** Verdicts from what the kernel says alone: nothing in them was read by tables of V8's. */
const knownByKernel: ReadonlySet<Verdict['kind']> = new Set([
  ...(['stopped', 'traced', 'cpu-throttled', 'uninterruptible-io'] as const),
  ...(['killed-by-oom-killer', 'killed-by-signal', 'exit-called'] as const),
]);

/** What was read by the tables of another V8 is likely at best. */
function asSureAsTables(verdict: Verdict, { missing }: Capture): Verdict {
  const inexact = missing.find(({ what }) => what.startsWith(inexactTables));
  if (inexact === undefined || verdict.confidence !== 'certain' || knownByKernel.has(verdict.kind))
    return verdict;
  return {
    ...verdict,
    confidence: 'likely',
    evidence: [...verdict.evidence, { text: `${inexact.what}: ${inexact.reason}` }],
  };
}

/** The verdict on a capture, with the evidence it cites. Redact the capture first: the evidence quotes values. */
export function diagnose(capture: Capture): Verdict {
  const scene = lookAt(capture);
  if (scene !== null) {
    for (const rule of rules) {
      const verdict = rule(scene);
      if (verdict !== null) return asSureAsTables(verdict, capture);
    }
  }
  return {
    kind: 'healthy',
    summary: 'Nothing is known of the main thread: no conclusion.',
    confidence: 'guess',
    evidence: capture.missing.map(({ what, reason }) => ({ text: `${what}: ${reason}` })),
  };
}
