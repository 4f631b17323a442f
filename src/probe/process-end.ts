/** How a process ended, and what the kernel knows of the reason. */
import fs from 'node:fs';
import os from 'node:os';
import { readFact } from './fact.ts';
import { readStat } from './stat.ts';

/** Exit status or signal; one of them. */
export interface ProcessEnd {
  readonly exitCode?: number;
  readonly signal?: string;
  readonly coreDumped?: boolean;
}

const signalNames = new Map(
  Object.entries(os.constants.signals).map(([name, number]) => [number, name]),
);

/** @param status as wait(2) gives it */
export function describeExitStatus(status: number): ProcessEnd {
  const signal = status & 0x7f;
  if (signal === 0) return { exitCode: (status >> 8) & 0xff };
  return {
    signal: signalNames.get(signal) ?? `signal ${signal}`,
    ...((status & 0x80) !== 0 && { coreDumped: true }),
  };
}

/** How a process ended whose parent has not collected it yet (state Z): proc_pid_stat(5), field 52. Null: not told to us. */
export function readZombieEnd(pid: number): ProcessEnd | null {
  const stat = readStat(pid);
  if (!stat.known || stat.value.state !== 'Z') return null;
  const { waitStatus } = stat.value;
  // 0 is also what those get to see who may not look.
  return waitStatus > 0 ? describeExitStatus(waitStatus) : null;
}

/** Where a memory cgroup counts the processes that the OOM killer has killed. */
export interface OomCounter {
  readonly file: string;
  readonly kills: number;
}

/** cgroup v2 `memory.events`, v1 `memory.oom_control` (Linux 4.13): the line `oom_kill N`. */
export function readOomKills(file: string): number | null {
  const kills = readFact(file, (text) => /^oom_kill (\d+)$/m.exec(text)?.[1]);
  return kills.known && kills.value !== undefined ? Number(kills.value) : null;
}

/** The counter of a living process's memory cgroup, as seen from here; null without one. */
export function findOomCounter(pid: number): OomCounter | null {
  const cgroups = readFact(`/proc/${pid}/cgroup`, (text) => text);
  if (!cgroups.known) return null;
  const unified = /^0::(.*)$/m.exec(cgroups.value)?.[1] ?? '/';
  const memory = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(cgroups.value)?.[1];
  const file =
    memory === undefined
      ? `/sys/fs/cgroup${unified}/memory.events`
      : `/sys/fs/cgroup/memory${memory}/memory.oom_control`;
  const kills = readOomKills(file);
  return kills === null ? null : { file, kills };
}

/** Upper bound of a memory cgroup in bytes, beside its counter; null when there is none. */
export function readMemoryLimit(counterFile: string): number | null {
  const directory = counterFile.slice(0, counterFile.lastIndexOf('/'));
  for (const name of ['memory.max', 'memory.limit_in_bytes']) {
    const limit = readFact(`${directory}/${name}`, (text) => Number(text.trim()));
    // v1 writes almost 2^63 for none, v2 the word `max`.
    if (limit.known && Number.isFinite(limit.value) && limit.value < 2 ** 60) return limit.value;
  }
  return null;
}

/** The kernel's ring buffer is at most some megabytes. */
const maxLogRecords = 50_000;
const maxLogBytes = 8 << 10;

/**
 * Lines of the kernel's log about the death of a process: `Out of memory: Killed process 4711 (node) …`. Null when the log may
 * not be read (kernel.dmesg_restrict, no root).
 * @param sinceBootMs start of the process: an earlier one may have had the same pid
 */
export function readOomLog(pid: number, sinceBootMs: number, path = '/dev/kmsg'): string[] | null {
  let fd: number;
  try {
    fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch {
    return null;
  }
  const lines: string[] = [];
  const wanted = new RegExp(`[Kk]illed process ${pid} \\(`);
  const record = Buffer.alloc(maxLogBytes);
  try {
    for (let count = 0; count < maxLogRecords; count++) {
      const line = readRecord(fd, record);
      if (line === null) break;
      const text = line.slice(line.indexOf(';') + 1).split('\n', 1)[0] ?? '';
      // `priority,sequence,microseconds since boot,flags;text` (Documentation/ABI/testing/dev-kmsg).
      const atMs = Number(line.split(',', 3)[2]) / 1000;
      if (wanted.test(text) && atMs >= sinceBootMs) lines.push(text);
    }
  } finally {
    fs.closeSync(fd);
  }
  return lines;
}

/** One record of /dev/kmsg a read; null at the end. */
function readRecord(fd: number, record: Buffer): string | null {
  for (;;) {
    try {
      const length = fs.readSync(fd, record, 0, record.length, null);
      return length === 0 ? null : record.toString('latin1', 0, length);
    } catch (error) {
      // EPIPE: the record was overwritten while we looked; the next read is the next one.
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') return null;
    }
  }
}
