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
/** What noteReferences() writes. */
export const referenceNoteBytes = 4096;
/** The unit of readPages. */
export const pageBytes = 4096;

/** Memory to be copied in a stop, in few system calls, without anybody being woken in between. */
export type StoppedCopy = [
  pid: number,
  /** Wanted addresses first, ascending; those of the stacks are written behind them, the rest stays as it is. */
  pages: Float64Array,
  wanted: number,
  /** Pairs of start and end, ascending: a stack is copied from its pointer to the end of the range that holds it. */
  ranges: Float64Array,
  maxStackBytes: number,
  /** Room for as many pages as `pages` has. */
  out: Uint8Array,
  /** Filled with 1 or 0 for each page. */
  readable: Uint8Array,
];

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
   * Looks for 64-bit words in bytes: the inner loop of a search of a heap, at the speed of memory.
   * @param bytes  little-endian; a rest of less than 8 bytes is not looked at
   * @param wanted ascending; what is out of order may be missed
   * @param places filled with the indexes of words (not bytes) where one of them stands, ascending
   * @returns how many there are; as many as `places` has room for: there may be more
   */
  findWords(bytes: Uint8Array, wanted: BigUint64Array, places: Uint32Array): number;
  /**
   * Notes in short what the words of a piece of memory refer to: one bit for each KiB of all memory, many to a bit.
   * @param bytes tagged pointers (lowest bits 01) among its little-endian words are noted
   * @param note  overwritten; referenceNoteBytes
   */
  noteReferences(bytes: Uint8Array, note: Uint8Array): void;
  /**
   * @param notes    of noteReferences(), one behind the other
   * @param wanted   tagged pointers
   * @param mayRefer filled for each note: 0 when none of those wanted was among the words noted, else 1
   */
  findReferrers(notes: Uint8Array, wanted: BigUint64Array, mayRefer: Uint8Array): void;
  /**
   * Stops threads with PTRACE_SEIZE and PTRACE_INTERRUPT, from a tracer thread of the addon's own, and copies
   * their registers. They stay stopped until resumeThreads(), until `holdLimitMs` has passed, or until this
   * process dies, whichever is first: the kernel resumes them when the tracer thread ends. One stop at a time.
   * @param registers  filled: tids.length × registerSetBytes
   * @param results    filled: 0 stopped, else errno (EPERM refused or traced by another, ESRCH gone,
   *                   ETIMEDOUT not stopped within stopTimeoutMs: uninterruptible)
   * @param holdLimitMs 0: they run on before this returns
   * @param copy       what is copied while all stand still, by the tracer itself (StoppedCopy, spread)
   * @returns number of threads that stand still, or stood
   */
  stopThreads(
    tids: Int32Array,
    registers: Uint8Array,
    results: Int32Array,
    stopTimeoutMs: number,
    holdLimitMs: number,
    ...copy: StoppedCopy | []
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
  /** Opens a pidfd. @returns a descriptor that the caller owns, or -errno */
  openProcess(pid: number): number;
  /**
   * How the process of a pidfd ended.
   * @returns the status as wait(2) gives it, or -errno (EAGAIN it lives, or its parent has not collected it; ENOTTY or
   *          EINVAL the kernel is older than 6.15)
   */
  readExitStatus(pidfd: number): number;
  /**
   * Sends a signal by an open descriptor of /proc/PID, which cannot mean another process that got the same pid.
   * @param signal number; 0 only asks whether it exists
   * @returns 0 or -errno (ESRCH it has ended, EPERM refused)
   */
  signalProcess(directory: number, signal: number): number;
  /**
   * Sends one datagram to a Unix socket, without waiting.
   * @param path of the socket; a leading `@` means an abstract name, as in NOTIFY_SOCKET
   * @returns 0 or -errno
   */
  sendDatagram(path: string, text: string): number;
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
