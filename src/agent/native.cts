/** The addon's agent part. Loaded into other people's programs: nothing is imported but the addon itself. */

import { join } from 'node:path';

/** What the addon exports to the agent. `src/native.ts` types the reader's part of the same file. */
export interface NativeAgent {
  /** Whether the calling thread is the process's first. */
  isMainThread(): boolean;
  /**
   * Starts the sleeping thread, if this process has none yet, and adds the calling thread's isolate to its list.
   * @param argv program and arguments of the helper, each ended by a NUL; later calls do not change it
   * @param environment `NAME=value` pairs of the helper, each ended by a NUL
   * @param archive directory of the reports, absolute
   * @param workerId 0 on the main thread
   * @param deathLimitMs longest time a dying program waits for its report
   * @param watched ways to die that are watched in this thread, the sum of `watchable`
   * @returns 0 or -errno
   */
  armAgent(
    argv: string,
    environment: string,
    archive: string,
    workerId: number,
    deathLimitMs: number,
    watched: number,
  ): number;
  /** Takes the calling thread's isolate off the list. The sleeping thread stays, asleep. */
  disarmAgent(): void;
  /**
   * Opens the file of the flight recorder; all threads write to it.
   * @param directories each ended by a NUL; the first that is a tmpfs of our own is taken
   * @param identity JSON of what this process is, at most 8 KiB
   * @returns 0 or -errno of the last directory
   */
  openFlightRecorder(directories: string, identity: string): number;
  /** The process is no longer recorded: removes the file. */
  closeFlightRecorder(): void;
  /**
   * The recorder's table of HTTP requests: shared memory of all threads, laid out as FlightRequest in native/agent/flight_layout.h.
   * disarmAgent() and the end of the thread give back what it has there.
   */
  flightRequests(): ArrayBuffer;
  /** Replaces the annotations of the process. @param json an object; at most 16 KiB @returns false: too long */
  setAnnotations(json: string): boolean;
  /** Adds to the ring of 64 breadcrumbs. @param json an object; at most 1 KiB @returns false: too long */
  addBreadcrumb(json: string): boolean;
  /** JSON of a ProcessDescription. */
  describeProcess(): string;
  /**
   * Runs the helper and waits for its line. No SIGCHLD, no child that the program's wait() could see.
   * @returns the line, or -errno: ETIMEDOUT, EPIPE no answer, ENOENT, …
   */
  runHelper(request: string, timeoutMs: number): string | number;
  /**
   * The stack of the last throw of this thread that no JavaScript caught, as native/agent/throw_watch.h tells; JSON for the
   * helper, empty when there is none. It stays until it is released.
   * @param copies a copy of the process keeps the heap as it is, at the cost of a fork
   */
  claimThrow(copies: boolean): string;
  releaseThrow(): void;
  /** An ErrorRecord in JSON while the program's handlers for it run: a throw then is a second fault. Empty: they are done. */
  setOpenError(json: string): void;
  /**
   * In a Worker: remembers the stack of the error that it dies of. On the main thread: whether this is the stack remembered
   * last, a short time ago; Node hands the same error on.
   */
  isToldByWorker(stack: string, workerId: number): boolean;
  /** Gives up the stacks of throws, in the whole process, if an addon is loaded that can make isolates. */
  yieldToForeignIsolates(): void;
  /** As in `src/native.ts`. */
  connectAgent(pid: number): number;
}

/** Ways to die, as bits; what the addon cannot watch in this version of Node is left out. */
export const watchable = {
  /** Values at the throw of errors that nobody catches. */
  throws: 1,
  /** SIGSEGV, SIGABRT and their like. */
  signals: 2,
  heapLimit: 4,
  /** Somebody else answers V8's question about a full heap, too: `--heapsnapshot-near-heap-limit`. */
  othersWatchHeap: 8,
} as const;

/** What the native side knows of this process. */
export interface ProcessDescription {
  isolates: { tid: number; workerId: number; address: number }[];
  annotations: Record<string, string>;
  breadcrumbs: Record<string, unknown>[];
}

/** Loads the addon. @throws whatever require() throws: not built, or addons are forbidden (`--permission`) */
export function loadNative(): NativeAgent {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a .node file; this is a CommonJS module
  return require(join(__dirname, '../../build/Release/sleeper.node')) as NativeAgent;
}
