/**
 * Whether threads have run. While all threads of a process sleep nothing in it changes: what was read meanwhile is of one
 * moment, and nobody had to be stopped for it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { StoppedThread } from './look.ts';
import { readProcText } from './process-files.ts';
import { parseRegisterCall } from './registers.ts';

/** For threads that a stop has woken to go on sleeping. */
const fallAsleepMs = 5;
const pollMs = 1;

/** All threads of a process, which slept when this was made. */
export class SleepingThreads {
  readonly #pid: number;
  /** How often the kernel has given each a processor. */
  readonly #runs: ReadonlyMap<number, number>;

  private constructor(pid: number, runs: ReadonlyMap<number, number>) {
    this.#pid = pid;
    this.#runs = runs;
  }

  /**
   * Waits a moment for the threads to sleep again in the calls that a stop found them in.
   * @returns null when one does not, or the kernel does not tell
   */
  static async after(
    pid: number,
    threads: readonly StoppedThread[],
  ): Promise<SleepingThreads | null> {
    // One that ran its own code is not waited for.
    if (threads.some(({ registerSet }) => parseRegisterCall(registerSet) === null)) return null;
    const untilMs = performance.now() + fallAsleepMs;
    for (;;) {
      // Counted first: what runs between the two questions shows later.
      const runs = countRuns(pid, threads);
      if (runs === null) return null;
      if (threads.every((thread) => isAsleepThere(pid, thread)))
        return new SleepingThreads(pid, runs);
      if (performance.now() > untilMs) return null;
      await delay(pollMs);
    }
  }

  /** True: none of them has run since. */
  get haveSlept(): boolean {
    return [...this.#runs].every(([tid, runs]) => readRuns(this.#pid, tid) === runs);
  }
}

function countRuns(
  pid: number,
  threads: readonly StoppedThread[],
): ReadonlyMap<number, number> | null {
  const runs = new Map<number, number>();
  for (const { tid } of threads) {
    const count = readRuns(pid, tid);
    if (count === null) return null;
    runs.set(tid, count);
  }
  return runs;
}

/**
 * Third number of schedstat (Documentation/scheduler/sched-stats.rst of Linux).
 * @returns null when the thread is gone, or the kernel does not count (CONFIG_SCHED_INFO)
 */
function readRuns(pid: number, tid: number): number | null {
  const text = readTaskFile(pid, tid, 'schedstat');
  const count = Number(text?.trim().split(' ')[2]);
  return count > 0 ? count : null;
}

/** In the kernel, with stack pointer and program counter as they were: proc_pid_syscall(5). */
function isAsleepThere(pid: number, { tid, registers }: StoppedThread): boolean {
  const words = readTaskFile(pid, tid, 'syscall')?.trim().split(' ') ?? [];
  const [stackPointer, counter] = words.slice(-2).map(Number);
  return stackPointer === registers.rsp && counter === registers.rip;
}

function readTaskFile(pid: number, tid: number, name: string): string | null {
  try {
    return readProcText(`/proc/${pid}/task/${tid}/${name}`);
  } catch {
    return null;
  }
}
