/**
 * Which mutex a thread waits for, and who holds it: pthread_mutex_t of glibc (sysdeps/nptl/bits/struct_mutex.h) begins
 * with the lock word, a count, and the owner's thread id. The lock word is what futex(2) waits on.
 */
import type { Frame } from '../../report/schema.ts';
import type { PagedMemory } from '../memory/paged.ts';
import type { Registers } from '../memory/registers.ts';
import { UnreadableMemory } from '../memory/source.ts';

const SYS_futex = 202;
const SYS_restart_syscall = 219;
const ownerOffset = 8;
/** The lock function is the caller of at most two internal ones. */
const searchedFrames = 3;
const lockFunction = /^_*(?:libc_)?pthread_mutex_(?:cond_|timed|clock)?lock/;
/** Largest thread id of Linux (PID_MAX_LIMIT). */
const maxTid = 1 << 22;

/** @returns null when the thread does not wait for a pthread mutex */
export function describeMutexWait(
  memory: PagedMemory,
  registers: Registers,
  frames: readonly Frame[],
): string | null {
  const { originalRax, rdi } = registers;
  if (originalRax !== SYS_futex && originalRax !== SYS_restart_syscall) return null;
  if (!frames.slice(0, searchedFrames).some((frame) => lockFunction.test(frame.function)))
    return null;
  const mutex = `waits for the mutex 0x${rdi.toString(16)}`;
  try {
    const owner = memory.u32(rdi + ownerOffset);
    return owner > 0 && owner <= maxTid ? `${mutex} held by thread ${owner}` : mutex;
  } catch (error) {
    if (error instanceof UnreadableMemory) return mutex;
    throw error;
  }
}
