/** Waiting for a state, never for a time: every wait names what it waits for and has a deadline. */
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Generous: it is only ever reached by a test that fails anyway, and machines are slow and shared. */
export const defaultDeadlineMs = 30_000;
const pollEveryMs = 5;
/** CLK_TCK; Linux shows it to user space as 100 on every x86-64 kernel. */
const clockTicksPerSecond = 100;

/** System calls that a stuck Node.js thread is found in, x86-64 numbers (unistd_64.h). */
const syscallNames = new Map([
  [0, 'read'],
  [7, 'poll'],
  [202, 'futex'],
  [232, 'epoll_wait'],
  [281, 'epoll_wait'], // epoll_pwait: what libuv calls by version differs, what it means does not,
]);

/**
 * Asks again and again until the answer is neither null, undefined nor false.
 * @throws Error naming `what` after the deadline
 */
export async function waitFor<T>(
  what: string,
  ask: () => T | Promise<T>,
  deadlineMs: number = defaultDeadlineMs,
): Promise<Exclude<T, null | undefined | false>> {
  const endsAtMs = performance.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false) {
      return answer as Exclude<T, null | undefined | false>;
    }
    if (performance.now() > endsAtMs) {
      throw new Error(`Waited ${String(deadlineMs)} ms in vain until ${what}`);
    }
    await delay(pollEveryMs);
  }
}

/** One thread as proc(5) shows it. */
export interface ThreadStatus {
  readonly tid: number;
  readonly name: string;
  /** proc(5) letter. */
  readonly state: string;
  /** User and system time, in steps of 10 ms. */
  readonly cpuMs: number;
  /** By name where known, else the number; `running` while it is in none. */
  readonly syscall: string;
  /** First argument of the system call: for read, the descriptor. */
  readonly firstArgument: number | undefined;
}

function readText(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return null; // the thread or the process has gone
  }
}

/** @returns null when the thread is gone */
export function readThread(pid: number, tid: number): ThreadStatus | null {
  const stat = readText(`/proc/${String(pid)}/task/${String(tid)}/stat`);
  if (stat === null) return null;
  const nameEnd = stat.lastIndexOf(')');
  const fields = stat.slice(nameEnd + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const call = (readText(`/proc/${String(pid)}/task/${String(tid)}/syscall`) ?? '').split(' ');
  const number = Number.parseInt(call[0] ?? '', 10);
  return {
    tid,
    name: stat.slice(stat.indexOf('(') + 1, nameEnd),
    state: fields[0] ?? '',
    cpuMs: (ticks * 1000) / clockTicksPerSecond,
    syscall: Number.isNaN(number) ? 'running' : (syscallNames.get(number) ?? String(number)),
    firstArgument: call[1] === undefined ? undefined : Number(call[1]),
  };
}

/** Main thread first. Empty when the process is gone. */
export function readThreads(pid: number): ThreadStatus[] {
  let names: string[];
  try {
    names = fs.readdirSync(`/proc/${String(pid)}/task`);
  } catch {
    return [];
  }
  return names
    .map((name) => readThread(pid, Number(name)))
    .filter((thread) => thread !== null)
    .sort((a, b) => a.tid - b.tid);
}

/** Resolves when the main thread waits in this system call. */
export function waitForSyscall(pid: number, name: string): Promise<ThreadStatus> {
  return waitFor(`process ${String(pid)} is in ${name}`, () => {
    const thread = readThread(pid, pid);
    return thread?.syscall === name ? thread : null;
  });
}

/** Resolves when the main thread has this proc(5) state letter. */
export function waitForState(pid: number, state: string): Promise<ThreadStatus> {
  return waitFor(`the main thread of ${String(pid)} is in state ${state}`, () => {
    const thread = readThread(pid, pid);
    return thread?.state === state ? thread : null;
  });
}

/**
 * Resolves when one of the chosen threads has consumed this much more CPU than when the wait began: it is
 * then busy for good, and hot code has been compiled.
 */
export function waitForCpu(
  pid: number,
  cpuMs: number,
  choose: (thread: ThreadStatus) => boolean = (thread) => thread.tid === pid,
): Promise<ThreadStatus> {
  const before = new Map(readThreads(pid).map((thread) => [thread.tid, thread.cpuMs]));
  return waitFor(`process ${String(pid)} has used ${String(cpuMs)} ms of CPU`, () => {
    const threads = readThreads(pid);
    if (threads.length === 0)
      throw new Error(`Process ${String(pid)} ended before it had used ${String(cpuMs)} ms of CPU`);
    return threads
      .filter(choose)
      .find((thread) => thread.cpuMs - (before.get(thread.tid) ?? 0) >= cpuMs);
  });
}
