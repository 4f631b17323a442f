/** The system call a thread is in, from /proc/PID/task/TID/syscall (proc_pid_syscall(5)). */
import { type Fact, readFact, readLinkFact } from './fact.ts';
import { type ArgumentKind, findSyscallName, shownArguments } from './syscall-table.ts';

/** Where a thread is, seen by the kernel. */
export type SyscallReading =
  | { readonly kind: 'running' }
  /** Blocked by the kernel, but not in a call: a page fault, a stop. */
  | { readonly kind: 'outside' }
  | {
      readonly kind: 'call';
      readonly number: number;
      /** `syscall 463` when the table does not know it. */
      readonly name: string;
      /** Six raw arguments; pointers are addresses in the target. */
      readonly arguments: readonly bigint[];
    };

/**
 * Reads a zero-terminated string of the target.
 * @returns null when the memory cannot be read
 */
export type ReadTargetString = (pid: number, address: number) => string | null;

/** dirfd value for "relative to the working directory" (fcntl.h). */
const atFdCwd = -100;

/** Futex operations that wait, by number without flags (linux/futex.h). */
const futexOps: Readonly<Record<number, string>> = {
  0: 'wait',
  1: 'wake',
  6: 'lock priority-inheriting mutex',
  9: 'wait',
  10: 'wake',
  11: 'wait',
  13: 'lock priority-inheriting mutex',
};

/** Clears FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME. */
const futexOpMask = 0x7f;

/** Calls in which a thread waits for events on an epoll descriptor. */
const epollWaits = new Set(['epoll_wait', 'epoll_pwait', 'epoll_pwait2']);

/** Parses one line of a `syscall` file. @throws Error when it is none */
export function parseSyscall(text: string, arch: string = process.arch): SyscallReading {
  const words = text.trim().split(' ');
  const first = words[0] ?? '';
  if (first === 'running') return { kind: 'running' };
  const number = Number.parseInt(first, 10);
  if (Number.isNaN(number)) throw new Error('not a syscall line');
  if (number < 0) return { kind: 'outside' };
  return {
    kind: 'call',
    number,
    name: findSyscallName(number, arch) ?? `syscall ${number}`,
    arguments: words.slice(1, 7).map(BigInt),
  };
}

/** Reads where a thread is. Needs the right to trace it: absent for processes of other users. */
export function readSyscall(pid: number, tid: number): Fact<SyscallReading> {
  return readFact(`/proc/${pid}/task/${tid}/syscall`, (text) => parseSyscall(text));
}

/** The epoll descriptor a thread waits on; null when it is not in such a wait. */
export function epollDescriptorOf(reading: SyscallReading): number | null {
  if (reading.kind !== 'call' || !epollWaits.has(reading.name)) return null;
  return toInt32(reading.arguments[0] ?? -1n);
}

/**
 * The call in words, such as `read(fd 17 → /tmp/orders.fifo, 4096 bytes)`.
 * @param nameDescriptor how a descriptor is shown
 * @returns null when the thread is in no call
 */
export function describeSyscall(
  pid: number,
  reading: SyscallReading,
  readTargetString: ReadTargetString,
  nameDescriptor: (pid: number, fd: number) => string = describeDescriptor,
): string | null {
  if (reading.kind !== 'call') return null;
  const parts: string[] = [];
  for (const [index, kind] of shownArguments(reading.name).entries()) {
    const raw = reading.arguments[index];
    if (raw === undefined) break;
    const part = describeArgument(pid, kind, raw, readTargetString, nameDescriptor);
    if (part !== null) parts.push(part);
  }
  return `${reading.name}(${parts.join(', ')})`;
}

function describeArgument(
  pid: number,
  kind: ArgumentKind,
  raw: bigint,
  readTargetString: ReadTargetString,
  nameDescriptor: (pid: number, fd: number) => string,
): string | null {
  switch (kind) {
    case '-':
      return null;
    case 'fd':
      return nameDescriptor(pid, toInt32(raw));
    case 'dirfd':
      return toInt32(raw) === atFdCwd ? null : nameDescriptor(pid, toInt32(raw));
    case 'path': {
      const path = readTargetString(pid, Number(raw));
      return path === null ? `path at 0x${raw.toString(16)}` : path;
    }
    case 'bytes':
      return `${raw} bytes`;
    case 'timeoutMs':
      return toInt32(raw) < 0 ? 'no timeout' : `timeout ${toInt32(raw)} ms`;
    case 'pid':
      return `pid ${toInt32(raw)}`;
    case 'futexOp':
      return describeFutexOp(toInt32(raw) & futexOpMask);
    case 'address':
      return `0x${raw.toString(16)}`;
  }
}

function describeFutexOp(op: number): string {
  return futexOps[op] ?? `operation ${op}`;
}

/** A descriptor and what it is: `fd 17 → /tmp/orders.fifo`. */
export function describeDescriptor(pid: number, fd: number): string {
  const target = readLinkFact(`/proc/${pid}/fd/${fd}`);
  return target.known ? `fd ${fd} → ${target.value}` : `fd ${fd}`;
}

/** The kernel prints arguments as 64-bit words; descriptors and timeouts are the low half, signed. */
function toInt32(word: bigint): number {
  return Number(BigInt.asIntN(32, word));
}
