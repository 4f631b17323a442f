/** The few facts of proc(5) that the reader itself needs. */
import { closeSync, openSync, readSync, readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** One for all: node's own readFileSync() takes 64 KiB anew for every file of /proc, of which nobody knows the size before. */
const buffer = Buffer.alloc(64 << 10);

/** The whole text of a file that the kernel answers without waiting for the target. @throws the system's error */
export function readProcText(path: string): string {
  const fd = openSync(path, 'r');
  try {
    let text = '';
    for (;;) {
      const bytes = readSync(fd, buffer, 0, buffer.length, null);
      if (bytes === 0) return text;
      text += buffer.toString('latin1', 0, bytes);
    }
  } finally {
    closeSync(fd);
  }
}

/** Where the kernel says the program file is; ` (deleted)` follows when it was replaced. @throws the system's error */
export function readExecutablePath(pid: number): string {
  return readlinkSync(`/proc/${pid}/exe`);
}

/** @throws the system's error */
export function readThreadIds(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map(Number);
}

/** pid of the tracer; 0: none, or the process is gone. */
export function readTracerPid(pid: number): number {
  try {
    const status = readProcText(`/proc/${pid}/status`);
    return Number(/^TracerPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** True: the thread sleeps so that nothing wakes it, or is gone; it will not come to a stop soon. */
export function isUninterruptible(pid: number, tid: number): boolean {
  return 'DZX'.includes(readThreadState(pid, tid));
}

/** Threads of our own process, but for the one that asks, that have or want a processor. */
export function readOwnBusyThreads(): string[] {
  try {
    const asking = basename(readlinkSync('/proc/thread-self'));
    // By `self`: /proc may be that of another pid namespace, in which we have another number.
    return readdirSync('/proc/self/task').filter(
      (tid) => tid !== asking && readThreadState('self', tid) === 'R',
    );
  } catch {
    return [];
  }
}

/** The letter of proc(5), field 3 of stat; X for a thread that is gone. */
function readThreadState(pid: number | 'self', tid: number | string): string {
  try {
    const stat = readProcText(`/proc/${pid}/task/${tid}/stat`);
    // Parentheses may also stand in the name before it.
    return stat.charAt(stat.lastIndexOf(')') + 2);
  } catch {
    return 'X';
  }
}

/** Why the kernel keeps a process from us, as far as /proc tells it to everybody: whose it is. */
export function whyRefused(pid: number): string {
  const own = process.geteuid?.() ?? -1;
  const owner = readUserId(pid);
  if (owner === null) return 'It belongs to another user, or has more rights than we have.';
  return owner === own
    ? `It belongs to us (user ${own}), but has more rights than we: capabilities, or a program file that we may not read.`
    : `It belongs to user ${owner}, we are user ${own}.`;
}

function readUserId(pid: number): number | null {
  try {
    const status = readProcText(`/proc/${pid}/status`);
    const user = /^Uid:\s+(\d+)/m.exec(status)?.[1];
    return user === undefined ? null : Number(user);
  } catch {
    return null;
  }
}
