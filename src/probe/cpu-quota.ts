/**
 * How much the CPU quota of a control group holds its processes back. Sources: Documentation/admin-guide/cgroup-v2.rst (cpu.max,
 * cpu.stat: nr_periods, nr_throttled, throttled_usec) and scheduler/sched-bwc.rst (v1: cpu.cfs_quota_us, cpu.cfs_period_us,
 * throttled_time in nanoseconds).
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Process } from '../report/schema.ts';
import { readFact } from './fact.ts';

/** One group that has a quota, at one moment. */
export interface QuotaReading {
  readonly cgroup: string;
  readonly atMs: number;
  /** CPUs on average; null when it cannot be read. */
  readonly cpus: number | null;
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly throttledMs: number;
}

/** Groups between a process and the root; deeper nesting than this is not known. */
const maxLevels = 16;
const root = '/sys/fs/cgroup';

/** The group of the process and those above it, as far as they have a quota. Empty where there is none, or nothing is to be seen. */
export function readQuotas(pid: number, atMs: number): QuotaReading[] {
  const groups = readFact(`/proc/${pid}/cgroup`, findCpuGroup);
  if (!groups.known || groups.value === null) return [];
  const { group, mounts } = groups.value;
  const mount = mounts.map((name) => path.join(root, name)).find((at) => existsSync(at));
  if (mount === undefined) return [];
  const readings: QuotaReading[] = [];
  let level = group;
  for (let i = 0; i < maxLevels && level !== '/'; i++) {
    const reading = readQuota(path.join(mount, level), level, atMs);
    if (reading !== null) readings.push(reading);
    level = path.dirname(level);
  }
  return readings;
}

/** From /proc/PID/cgroup: the group of the CPU controller, and where its tree may be mounted. */
export function findCpuGroup(text: string): { group: string; mounts: string[] } | null {
  const lines = text.trim().split('\n');
  const version1 = lines.find((line) => line.split(':')[1]?.split(',').includes('cpu') === true);
  const line = version1 ?? lines.find((candidate) => candidate.startsWith('0::'));
  if (line === undefined) return null;
  const [, controllers = '', ...group] = line.split(':');
  const mounts = version1 === undefined ? ['', 'unified'] : [controllers, 'cpu', 'cpu,cpuacct'];
  return { group: group.join(':'), mounts };
}

function readQuota(directory: string, cgroup: string, atMs: number): QuotaReading | null {
  const stat = readFact(path.join(directory, 'cpu.stat'), parseCpuStat);
  if (!stat.known || stat.value.periods === 0) return null;
  return { cgroup, atMs, cpus: readCpus(directory), ...stat.value };
}

/** Parses cpu.stat of either version; a group without a quota has no periods. */
export function parseCpuStat(
  text: string,
): Pick<QuotaReading, 'periods' | 'throttledPeriods' | 'throttledMs'> {
  const fields = new Map(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  );
  const number = (name: string): number => Number(fields.get(name) ?? 0);
  return {
    periods: number('nr_periods'),
    throttledPeriods: number('nr_throttled'),
    throttledMs: fields.has('throttled_usec')
      ? number('throttled_usec') / 1e3
      : number('throttled_time') / 1e6,
  };
}

function readCpus(directory: string): number | null {
  const max = readFact(path.join(directory, 'cpu.max'), (text) => {
    const [quota, period] = text.trim().split(' ').map(Number);
    return (quota ?? NaN) / (period ?? NaN);
  });
  if (max.known) return Number.isFinite(max.value) ? max.value : null;
  const quota = readFact(path.join(directory, 'cpu.cfs_quota_us'), Number);
  const period = readFact(path.join(directory, 'cpu.cfs_period_us'), Number);
  return quota.known && period.known && quota.value > 0 ? quota.value / period.value : null;
}

/** What happened between two readings, in the group that was throttled most; undefined where none has a quota. */
export function compareQuotas(
  before: readonly QuotaReading[],
  after: readonly QuotaReading[],
): Process['cpuQuota'] {
  const changes = after.flatMap((now) => {
    const then = before.find(({ cgroup }) => cgroup === now.cgroup);
    if (then === undefined) return [];
    return {
      ...(now.cpus !== null && { cpus: now.cpus }),
      cgroup: now.cgroup,
      overMs: Math.round(now.atMs - then.atMs),
      periods: now.periods - then.periods,
      throttledPeriods: now.throttledPeriods - then.throttledPeriods,
      throttledMs: Math.round(now.throttledMs - then.throttledMs),
    };
  });
  return changes.sort((left, right) => right.throttledMs - left.throttledMs)[0];
}
