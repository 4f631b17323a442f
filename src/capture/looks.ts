/** Looks at the main thread before and after: what moves is running, what does not is blocked. */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { stuckAfterMs } from '../detect/hang.ts';
import { judgeLoop } from '../probe/loop.ts';
import { epollDescriptorOf } from '../probe/syscall.ts';
import { type TaskReading, readTask } from '../probe/task.ts';
import type { EventLoopClock } from '../reader/reading.ts';
import type { Capture } from '../report/schema.ts';

/** The second look comes at least this long after the first; the kernel counts CPU time in steps of up to 10 ms. */
const betweenLooksMs = 250;
/** Time between two looks at the loop's clock: each is a few microseconds of work. */
const clockPollMs = 20;

/**
 * Somebody asks about a process that is at work right now. Whether that is a long callback or a hang shows when the loop
 * turns, or does not for `stuckAfterMs`: waits for either, so that the capture shows the state the verdict is about.
 * @param endsAtMs waits no longer than to here (performance.now)
 */
export async function waitUntilTurnedOrStuck(
  pid: number,
  clock: EventLoopClock,
  endsAtMs: number,
): Promise<void> {
  while (performance.now() < endsAtMs) {
    const task = readTask(pid, pid);
    const loop = clock.read();
    if (task === null || loop === null || task.state === 'T' || task.state === 't') return;
    if (judgeLoop(loop, task.syscall) !== 'stuck' || loop.lastTurnAgoMs >= stuckAfterMs) return;
    await sleep(clockPollMs);
  }
}

/** The second look, and both for `samples`. Comes at once for a thread that was in a poll: it may be idle, and nobody need wait. */
export async function lookAgain(
  pid: number,
  first: TaskReading | undefined,
  startedAtMs: number,
  endsAtMs: number,
): Promise<NonNullable<Capture['samples']>> {
  if (first === undefined) return [];
  const waits = first.syscall.known && epollDescriptorOf(first.syscall.value) !== null;
  const dueMs = waits ? 0 : startedAtMs + betweenLooksMs - performance.now();
  const leftMs = endsAtMs - performance.now();
  if (dueMs > 0) await sleep(Math.max(0, Math.min(dueMs, leftMs)));
  const second = readTask(pid, pid);
  const samples = [sampleOf(first, 0)];
  if (second !== null) samples.push(sampleOf(second, performance.now() - startedAtMs));
  return samples;
}

function sampleOf(task: TaskReading, atMs: number): Record<string, unknown> {
  const { tid, state, syscall, cpuMs } = task;
  const call = syscall.known && syscall.value.kind === 'call' ? syscall.value : null;
  return {
    tid,
    atMs: Math.round(atMs),
    state,
    // Number and arguments: two looks with the same ones are the same call, or one just like it.
    ...(syscall.known && {
      call: call === null ? syscall.value.kind : `${call.name}(${call.arguments.join(', ')})`,
    }),
    ...(cpuMs.known && { cpuMs: cpuMs.value }),
  };
}
