/**
 * The only loader of the native addon, and the hand-written type of its surface.
 * Calls are synchronous and take plain numbers and caller-owned buffers. Failures are negative errno
 * numbers; callers turn them into evidence or a SleeperError.
 */
import { createRequire } from 'node:module';
import { SleeperError } from './errors.ts';

/** Bytes of the general registers of one thread: user_regs_struct of x86-64, 27 words, the layout of NT_PRSTATUS. */
export const generalSetBytes = 27 * 8;
/** Bytes of one register set: the general registers, then user_fpregs_struct, where xmm0 starts at byte 160. */
export const registerSetBytes = generalSetBytes + 512;
/** The unit of readPages. */
export const pageBytes = 4096;

/** What the addon exports to the reader and the CLI. The agent's part is typed in agent/native.cts. */
export interface Native {
  /**
   * Copies `out.byteLength` bytes at `address` of `pid` (process_vm_readv).
   * @returns bytes copied: fewer than wanted when the next page is unreadable; or -errno
   *          (EFAULT nothing readable, ESRCH gone, EPERM not allowed)
   */
  readMemory(pid: number, address: number, out: Uint8Array): number;
  /**
   * Copies the 4096-byte pages at `addresses` into `out`, one behind the other, in as few system calls as the
   * kernel allows.
   * @param readable filled with 1 or 0 for each page
   * @returns number of readable pages, or -errno when the process is gone or refused
   */
  readPages(pid: number, addresses: Float64Array, out: Uint8Array, readable: Uint8Array): number;
  /**
   * Stops threads with PTRACE_SEIZE and PTRACE_INTERRUPT, from a tracer thread of the addon's own, and copies
   * their registers. They stay stopped until resumeThreads(), until `holdLimitMs` has passed, or until this
   * process dies, whichever is first: the kernel resumes them when the tracer thread ends. One stop at a time.
   * @param registers  filled: tids.length × registerSetBytes
   * @param results    filled: 0 stopped, else errno (EPERM refused or traced by another, ESRCH gone,
   *                   ETIMEDOUT not stopped within stopTimeoutMs: uninterruptible)
   * @returns number of threads that stand still
   */
  stopThreads(
    tids: Int32Array,
    registers: Uint8Array,
    results: Int32Array,
    stopTimeoutMs: number,
    holdLimitMs: number,
  ): number;
  /**
   * Resumes what stopThreads() stopped and waits until it runs again. Harmless when nothing is stopped.
   * @returns microseconds the threads stood still; negative when they were already resumed because
   *          holdLimitMs had passed: then nothing read since may be trusted
   */
  resumeThreads(): number;
  /**
   * Connects to the agent's socket inside process `pid`, and checks with SO_PEERCRED that it is really that
   * process who listens.
   * @returns a connected, blocking-free stream socket descriptor that the caller owns, or -errno
   *          (ECONNREFUSED no agent, EPERM somebody else listens under that name)
   */
  connectAgent(pid: number): number;
}

let loaded: Native | undefined;

/** The addon. @throws SleeperError ERR_SLEEPER_NO_NATIVE */
export function requireNative(): Native {
  if (loaded === undefined) {
    try {
      loaded = createRequire(import.meta.url)('../build/Release/sleeper.node') as Native;
    } catch (cause) {
      throw new SleeperError(
        'ERR_SLEEPER_NO_NATIVE',
        `Cannot load the native addon: ${cause instanceof Error ? cause.message : String(cause)}`,
        {},
        { cause },
      );
    }
  }
  return loaded;
}
