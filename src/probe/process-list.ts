/**
 * Which Node.js processes run on this machine: /proc, looked through again and again.
 *
 * Cheap: what a process runs is asked (one readlink) when it is new, while it is young (a shell becomes node by exec, with the
 * same pid and start time), and of the others a slice each time. Bounded: a fork bomb gets as much of our time as anybody.
 * Never a name, never a file's content, but once for each large binary under an unusual name.
 */
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { limits } from '../limits.ts';
import type { ProcessIdentity } from './identity.ts';
import { readStat } from './stat.ts';

/** A process that appeared, or that became Node.js. */
export interface ListedProcess {
  readonly identity: ProcessIdentity;
  readonly parentPid: number;
  /** Effective user id; of a process that hides its memory, 0. */
  readonly userId: number;
  /** What it runs, as the kernel calls it. */
  readonly executable: string;
}

interface Seen {
  executable: string | null;
  readonly firstSeenAtMs: number;
}

/** A process that is older has done its exec, or will be found by the slices. */
const youngForMs = 15_000;
/** Old processes looked at again in one scan. */
const sliceSize = 500;

/** Looks through /proc. Keeps a few dozen bytes for each process of the machine. */
export class ProcessList {
  readonly #seen = new Map<number, Seen>();
  /** Where the next slice begins. */
  #cursor = 0;
  #leftOut = 0;

  /** New processes that did not fit into the latest scan; they come with the next ones. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /**
   * Processes that are new, or run something else, since the last scan.
   * @param nowMs CLOCK_MONOTONIC
   * @param only the others need not be looked at
   */
  scan(nowMs: number, only: ReadonlyMap<number, unknown> | null = null): ListedProcess[] {
    const pids = readdirSync('/proc').flatMap((name) =>
      /^\d+$/.test(name) && only?.has(Number(name)) !== false ? Number(name) : [],
    );
    this.#forget(pids);
    const found: ListedProcess[] = [];
    let examined = 0;
    this.#leftOut = 0;
    for (const pid of this.#choose(pids, nowMs)) {
      const isNew = !this.#seen.has(pid);
      if (isNew && examined >= limits.maxNewProcesses) {
        this.#leftOut++;
        continue;
      }
      if (isNew) examined++;
      const listed = this.#examine(pid, nowMs);
      if (listed !== null) found.push(listed);
    }
    return found;
  }

  /** True when the latest scan saw this pid in use. */
  has(pid: number): boolean {
    return this.#seen.has(pid);
  }

  /** To be called when a process has ended: its pid may have been taken by another one between two scans. */
  forget(pid: number): void {
    this.#seen.delete(pid);
  }

  #forget(pids: readonly number[]): void {
    const alive = new Set(pids);
    for (const pid of this.#seen.keys()) if (!alive.has(pid)) this.#seen.delete(pid);
  }

  #choose(pids: readonly number[], nowMs: number): number[] {
    const fresh: number[] = [];
    const old: number[] = [];
    for (const pid of pids) {
      const seen = this.#seen.get(pid);
      if (seen === undefined || nowMs - seen.firstSeenAtMs < youngForMs) fresh.push(pid);
      else old.push(pid);
    }
    if (this.#cursor >= old.length) this.#cursor = 0;
    const slice = old.slice(this.#cursor, this.#cursor + sliceSize);
    this.#cursor += sliceSize;
    return [...fresh, ...slice];
  }

  #examine(pid: number, nowMs: number): ListedProcess | null {
    const before = this.#seen.get(pid);
    let executable: string | null = null;
    try {
      executable = readlinkSync(`/proc/${pid}/exe`);
    } catch {
      // A kernel thread, a zombie, gone, or another user's.
    }
    if (before !== undefined && before.executable === executable) return null;
    this.#seen.set(pid, { executable, firstSeenAtMs: before?.firstSeenAtMs ?? nowMs });
    if (executable === null) return null;
    const stat = readStat(pid);
    if (!stat.known || stat.value.state === 'Z') return null;
    const { startTicks, parentPid } = stat.value;
    return {
      identity: { pid, startTicks },
      parentPid,
      userId: ownerOf(pid),
      executable,
    };
  }
}

function ownerOf(pid: number): number {
  try {
    return statSync(`/proc/${pid}`).uid;
  } catch {
    return -1;
  }
}
