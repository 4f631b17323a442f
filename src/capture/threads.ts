/** Puts together what the kernel and the reader say of each thread. */
import type { IsolateAnswer } from '../probe/agent.ts';
import { judgeLoop } from '../probe/loop.ts';
import { describeSyscall } from '../probe/syscall.ts';
import { readTargetString } from '../probe/target-string.ts';
import type { TaskReading } from '../probe/task.ts';
import type { EventLoopReading, ProcessReading, ThreadReading } from '../reader/reading.ts';
import type { Thread } from '../report/schema.ts';

/** What is known of the threads of one process. */
export interface ThreadSights {
  readonly pid: number;
  readonly tasks: readonly TaskReading[];
  /** The call each thread is in, in words, by tid. */
  readonly calls: ReadonlyMap<number, string>;
  readonly reading: ProcessReading | null;
  /** The main loop as it was before the reader stopped anything; null when not known. */
  readonly loop: EventLoopReading | null;
  readonly isolates: readonly Partial<IsolateAnswer>[];
}

/** Names the calls of all threads at once: what a pointer or a descriptor means changes quickly. */
export function nameCalls(pid: number, tasks: readonly TaskReading[]): Map<number, string> {
  const calls = new Map<number, string>();
  for (const { tid, syscall } of tasks) {
    const text = syscall.known ? describeSyscall(pid, syscall.value, readTargetString) : null;
    if (text !== null) calls.set(tid, text);
  }
  return calls;
}

/** All threads in report form: main thread first, then workers, then the others. */
export function mergeThreads(sights: ThreadSights): Thread[] {
  const { reading, tasks } = sights;
  const readings = new Map(reading?.threads.map((thread) => [thread.tid, thread]));
  const threads = tasks.map((task) => threadOf(task, readings.get(task.tid), sights));
  const seen = new Set(tasks.map((task) => task.tid));
  for (const late of readings.values()) {
    // Started between the look at /proc and the look of the reader.
    if (!seen.has(late.tid)) threads.push(lateThread(late));
  }
  const rank = { main: 0, worker: 1, native: 2 };
  return threads.sort((left, right) => rank[left.kind] - rank[right.kind] || left.tid - right.tid);
}

function threadOf(
  task: TaskReading,
  reading: ThreadReading | undefined,
  sights: ThreadSights,
): Thread {
  const { tid, name, state, wchan, cpuMs } = task;
  const isolate = sights.isolates.find((candidate) => candidate.tid === tid);
  const isMain = tid === sights.pid;
  const isOfPool = sights.reading?.activity?.threadpool?.threads.some(
    (pooled) => pooled.tid === tid,
  );
  const isWorker = !isMain && (reading?.kind === 'worker' || isolate !== undefined);
  const thread: Thread = {
    tid,
    kind: isMain ? 'main' : isWorker ? 'worker' : 'native',
    name: isOfPool ? 'libuv pool' : name,
    state,
    via: reading === undefined ? 'proc' : 'reader',
    frames: [...(reading?.frames ?? [])],
  };
  const workerId = reading?.workerId ?? isolate?.workerId;
  if (workerId !== undefined && !isMain) thread.workerId = workerId;
  if (wchan.known) thread.wchan = wchan.value;
  const call = sights.calls.get(tid);
  if (call !== undefined) thread.syscall = call;
  if (cpuMs.known) thread.cpuMs = cpuMs.value;
  if (reading?.vmState !== undefined) thread.vmState = reading.vmState;
  if (reading?.note !== undefined) thread.note = reading.note;
  if (reading?.omitted !== undefined) thread.omitted = reading.omitted;
  const ownClock = sights.reading?.activity?.clocks.get(tid) ?? null;
  const loopClock = isMain ? (sights.loop ?? sights.reading?.loop ?? null) : ownClock;
  const loop = loopOf(task, loopClock, isolate);
  if (loop !== null) thread.loop = loop;
  const heap = sights.reading?.activity?.heaps.get(tid);
  if (heap !== undefined) thread.heap = heap;
  return thread;
}

function loopOf(
  task: TaskReading,
  clock: EventLoopReading | null,
  isolate: Partial<IsolateAnswer> | undefined,
): NonNullable<Thread['loop']> | null {
  const answered = isolate?.loopUs === undefined ? null : isolate.loopUs !== null;
  if (clock === null) return answered === null ? null : { alive: answered };
  const { lastTurnAgoMs, activeHandles, activeRequests } = clock;
  const judged = judgeLoop(clock, task.syscall);
  const alive = answered ?? (judged === 'turning' || judged === 'polling');
  return { alive, lastTurnAgoMs, activeHandles, activeRequests };
}

function lateThread(reading: ThreadReading): Thread {
  const { tid, kind, workerId, vmState, note } = reading;
  return {
    tid,
    kind,
    name: '',
    state: '?',
    via: 'reader',
    frames: [...reading.frames],
    ...(workerId !== undefined && { workerId }),
    ...(vmState !== undefined && { vmState }),
    ...(note !== undefined && { note }),
  };
}
