/** The threads of a process, from /proc/PID/task. */
import { readdirSync } from 'node:fs';
import { limits } from '../limits.ts';
import { type Fact, absent, known, readFact, reasonOf } from './fact.ts';
import { readStat } from './stat.ts';
import { type SyscallReading, readSyscall } from './syscall.ts';

/** One thread, as the kernel sees it at one moment. */
export interface TaskReading {
  readonly tid: number;
  /** The kernel's name of the thread. */
  readonly name: string;
  /** proc(5) state letter. */
  readonly state: string;
  /** Kernel function it sleeps in; absent while it runs, or where the kernel hides it. */
  readonly wchan: Fact<string>;
  readonly syscall: Fact<SyscallReading>;
  /** CPU time since the thread started. */
  readonly cpuMs: Fact<number>;
}

/** Ids of the threads, main thread first, at most `limits.maxThreads`. */
export function readTids(pid: number): Fact<number[]> {
  try {
    const tids = readdirSync(`/proc/${pid}/task`).map(Number);
    tids.sort((left, right) => Number(right === pid) - Number(left === pid) || left - right);
    return tids.length === 0
      ? absent('gone (no threads)')
      : known(tids.slice(0, limits.maxThreads));
  } catch (error) {
    return absent(reasonOf(error));
  }
}

/** Reads one thread; null when it is gone. */
export function readTask(pid: number, tid: number): TaskReading | null {
  const syscall = readSyscall(pid, tid);
  const stat = readStat(pid, tid);
  if (!stat.known) return null;
  return {
    tid,
    name: stat.value.name,
    state: stat.value.state,
    wchan: readWchan(pid, tid),
    syscall,
    cpuMs: readCpuMs(pid, tid, stat.value.cpuMs),
  };
}

/** Reads all threads that are still there. */
export function readTasks(pid: number): Fact<TaskReading[]> {
  const tids = readTids(pid);
  if (!tids.known) return tids;
  const tasks = tids.value.map((tid) => readTask(pid, tid)).filter((task) => task !== null);
  return tasks.length === 0 ? absent('gone (no threads)') : known(tasks);
}

/** Reads the kernel function a thread sleeps in. */
export function readWchan(pid: number, tid: number): Fact<string> {
  const wchan = readFact(`/proc/${pid}/task/${tid}/wchan`, (text) => text.trim());
  return wchan.known && (wchan.value === '' || wchan.value === '0') ? absent('not waiting') : wchan;
}

/**
 * CPU time of a thread to the nanosecond from `schedstat`, else in steps of 10 ms from `stat`.
 * Source: Documentation/scheduler/sched-stats.rst of Linux; the file is missing in kernels without CONFIG_SCHED_INFO.
 */
function readCpuMs(pid: number, tid: number, coarseMs: number): Fact<number> {
  const fine = readFact(`/proc/${pid}/task/${tid}/schedstat`, (text) => {
    const nanoseconds = Number(text.split(' ')[0]);
    return nanoseconds / 1e6;
  });
  return fine.known && Number.isFinite(fine.value) ? fine : known(coarseMs);
}

/** wchan of a thread that the cgroup freezer holds (cgroup v2, then v1). */
const freezerFunctions = new Set(['do_freezer_trap', '__refrigerator']);

/** True when the control group of the thread is frozen. */
export function isFrozen(wchan: Fact<string>): boolean {
  return wchan.known && freezerFunctions.has(wchan.value);
}
