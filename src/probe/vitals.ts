/** How much a process uses: processor, memory, descriptors, its loop's time, its heap. Each is read only when somebody asks. */
import { readdirSync } from 'node:fs';
import { type HeapGauge, openHeapGauge } from '../reader/read.ts';
import type { LoopUse } from '../reader/reading.ts';
import { readFact } from './fact.ts';
import type { LoopProbe } from './loop.ts';
import { parseLimits } from './process-facts.ts';
import type { StatReading } from './stat.ts';

/** A share of something, or an amount and what it may grow to. */
export interface Amount {
  readonly value: number;
  /** Absent where there is none, or it is not known. */
  readonly limit?: number;
}

/** The latest of each that was asked for; null: not to be had. */
export interface Vitals {
  /** Percent of one core since the reading before, all threads. */
  cpu(stat: StatReading, atMs: number): number | null;
  /** Percent of the time since the reading before in which the main loop did not wait for events. */
  utilization(): number | null;
  rss(stat: StatReading): Amount;
  fds(): Amount | null;
  /** V8's old generation of the main thread. */
  heap(): Amount | null;
}

/** A rate over less than this says nothing: the kernel counts in steps of 10 ms. */
const shortestMs = 200;

/** Reads one process. */
export function openVitals(pid: number, probe: LoopProbe): Vitals {
  return new ProcessVitals(pid, probe);
}

class ProcessVitals implements Vitals {
  readonly #pid: number;
  readonly #probe: LoopProbe;
  #cpuBefore: { readonly cpuMs: number; readonly atMs: number } | null = null;
  #useBefore: LoopUse | null = null;
  #gauge: HeapGauge | null | undefined;
  #fdLimit: number | null | undefined;

  constructor(pid: number, probe: LoopProbe) {
    this.#pid = pid;
    this.#probe = probe;
  }

  cpu({ cpuMs }: StatReading, atMs: number): number | null {
    const before = this.#cpuBefore;
    if (before !== null && atMs - before.atMs < shortestMs) return null;
    this.#cpuBefore = { cpuMs, atMs };
    return before === null ? null : (100 * (cpuMs - before.cpuMs)) / (atMs - before.atMs);
  }

  utilization(): number | null {
    const use = this.#probe.readUse();
    if (use === null) return null;
    const before = this.#useBefore;
    if (before !== null && use.atMs - before.atMs < shortestMs) return null;
    this.#useBefore = use;
    if (before === null) return null;
    const share = 1 - (use.idleMs - before.idleMs) / (use.atMs - before.atMs);
    return 100 * Math.min(1, Math.max(0, share));
  }

  rss({ rssBytes }: StatReading): Amount {
    return { value: rssBytes };
  }

  fds(): Amount | null {
    let value: number;
    try {
      value = readdirSync(`/proc/${this.#pid}/fd`).length;
    } catch {
      return null;
    }
    if (this.#fdLimit === undefined) {
      const read = readFact(`/proc/${this.#pid}/limits`, parseLimits);
      const limit = read.known ? read.value['Max open files'] : undefined;
      this.#fdLimit = limit === undefined || limit < 0 ? null : limit;
    }
    return this.#fdLimit === null ? { value } : { value, limit: this.#fdLimit };
  }

  heap(): Amount | null {
    this.#gauge ??= openHeapGauge(this.#pid);
    const sizes = this.#gauge?.read() ?? null;
    if (sizes === null) return null;
    const value = sizes.spaces.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
    return { value, ...(sizes.limitBytes !== undefined && { limit: sizes.limitBytes }) };
  }
}
