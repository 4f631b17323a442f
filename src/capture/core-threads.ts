/** The threads of a core in report form. Nothing is asked of /proc: a process of that pid is another one by now. */
import { describeSyscall, epollDescriptorOf, type SyscallReading } from '../probe/syscall.ts';
import { findSyscallName } from '../probe/syscall-table.ts';
import type { CoreCall, CoreReading, CoreThreadReading } from '../reader/read-core.ts';
import { isMachineFrame } from '../report/machine-frame.ts';
import type { Thread } from '../report/schema.ts';
import { wasSent } from './core-signal.ts';

/** Main thread first, then workers, then the others. */
export function coreThreads(core: CoreReading): Thread[] {
  const rank = { main: 0, worker: 1, native: 2 };
  return core.threads
    .map((thread) => threadOf(thread, core))
    .sort((left, right) => rank[left.kind] - rank[right.kind] || left.tid - right.tid);
}

function threadOf(thread: CoreThreadReading, core: CoreReading): Thread {
  const { tid, reading, cpuMs } = thread;
  const isMain = tid === core.pid;
  const call = thread.call && syscallOf(thread.call);
  const words = thread.call && call && describeCall(core.pid, thread.call, call);
  const loop = isMain ? loopOf(thread, call, core) : null;
  const heap = core.activity?.heaps.get(tid);
  const isOfPool = core.activity?.threadpool?.threads.some((pooled) => pooled.tid === tid);
  return {
    tid,
    kind: isMain ? 'main' : reading?.kind === 'worker' ? 'worker' : 'native',
    name: isMain ? core.name : isOfPool === true ? 'libuv pool' : '',
    // By the registers: it slept in a call, or it ran.
    state: call === null ? 'R' : 'S',
    // Only the reader looks at cores; a main thread that it could not read is known by its registers alone.
    via: reading === null ? 'proc' : 'reader',
    frames: [...(reading?.frames ?? [])],
    ...(words !== null && { syscall: words }),
    ...(cpuMs !== null && { cpuMs }),
    ...(reading?.vmState !== undefined && { vmState: reading.vmState }),
    ...(reading?.note !== undefined && { note: reading.note }),
    ...(loop !== null && { loop }),
    ...(heap !== undefined && { heap }),
  };
}

function syscallOf({ number, arguments: words }: CoreCall): SyscallReading {
  const name = findSyscallName(number, 'x64') ?? `syscall ${number}`;
  return { kind: 'call', number, name, arguments: words };
}

function describeCall(pid: number, call: CoreCall, syscall: SyscallReading): string | null {
  return describeSyscall(
    pid,
    syscall,
    (_, address) => call.texts.get(address) ?? null,
    (_, fd) => `fd ${fd}`,
  );
}

/**
 * Whether the loop was in its own poll, or in a callback. In a crash neither is of interest: what ran then was not
 * waited for.
 */
function loopOf(
  { reading }: CoreThreadReading,
  call: SyscallReading | null,
  core: CoreReading,
): NonNullable<Thread['loop']> | null {
  const { loop, signal } = core;
  if (loop === null || (signal !== null && !wasSent(core))) return null;
  const { activeHandles, activeRequests, backendFd } = loop;
  const isPolling = call !== null && epollDescriptorOf(call) === backendFd;
  if (!isPolling && (reading === null || reading.frames.every(isMachineFrame))) return null;
  return { alive: isPolling, activeHandles, activeRequests };
}
