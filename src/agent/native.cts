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
   * @returns 0 or -errno
   */
  armAgent(
    argv: string,
    environment: string,
    archive: string,
    hostname: string,
    workerId: number,
  ): number;
  /** Takes the calling thread's isolate off the list. The sleeping thread stays, asleep. */
  disarmAgent(): void;
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
  /** As in `src/native.ts`. */
  connectAgent(pid: number): number;
}

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
