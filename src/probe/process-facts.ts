/** What a process is: its command line, environment, limits and surroundings, from /proc/PID. */
import { readdirSync } from 'node:fs';
import { limits } from '../limits.ts';
import { parseCommandLine } from './command-line.ts';
import { type Fact, readFact, readLinkFact, readTargetMemoryFact, reasonOf } from './fact.ts';
import { readStat } from './stat.ts';

/** What a process has open. */
export interface Descriptors {
  readonly count: number;
  /** Of those that were looked at. */
  readonly kinds: Readonly<Record<string, number>>;
}

/** Each fact may be absent with its own reason. */
export interface ProcessFacts {
  readonly argv: Fact<string[]>;
  readonly env: Fact<Record<string, string>>;
  readonly cwd: Fact<string>;
  readonly execPath: Fact<string>;
  readonly limits: Fact<Record<string, number>>;
  readonly cgroup: Fact<string>;
  readonly containerId: Fact<string>;
  /** What descriptors 0, 1 and 2 are; `closed` for one that is not open. */
  readonly stdio: Fact<string[]>;
  readonly descriptors: Fact<Descriptors>;
  readonly uptimeMs: Fact<number>;
  /** Wall clock, milliseconds since 1970, exact to about 10 ms. */
  readonly startedAtMs: Fact<number>;
}

/** Reads everything. @param deadlineMs for the parts that lie in the target's own memory */
export async function readProcessFacts(pid: number, deadlineMs: number): Promise<ProcessFacts> {
  const [argv, env] = await Promise.all([
    readTargetMemoryFact(`/proc/${pid}/cmdline`, parseCommandLine, deadlineMs),
    readTargetMemoryFact(`/proc/${pid}/environ`, parseEnvironment, deadlineMs),
  ]);
  const cgroup = readFact(`/proc/${pid}/cgroup`, parseCgroup);
  const uptimeMs = readUptimeMs(pid);
  // At once: what is read below takes its time.
  const nowMs = Date.now();
  return {
    argv,
    env,
    cwd: readLinkFact(`/proc/${pid}/cwd`),
    execPath: readLinkFact(`/proc/${pid}/exe`),
    limits: readFact(`/proc/${pid}/limits`, parseLimits),
    cgroup,
    containerId: findContainerId(cgroup),
    stdio: readStdio(pid),
    descriptors: readDescriptors(pid),
    uptimeMs,
    startedAtMs: uptimeMs.known ? { known: true, value: nowMs - uptimeMs.value } : uptimeMs,
  };
}

/** Parses `environ`: NAME=value, separated by zeros. A program that wrote over its own memory leaves odd entries: left out. */
export function parseEnvironment(text: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const entry of text.split('\0')) {
    const equals = entry.indexOf('=');
    if (equals > 0) env[entry.slice(0, equals)] = entry.slice(equals + 1);
  }
  return env;
}

/** Parses `limits`: the soft limit by name, -1 for unlimited. */
export function parseLimits(text: string): Record<string, number> {
  const soft: Record<string, number> = {};
  for (const line of text.split('\n').slice(1)) {
    const match = /^(\S.*?)\s{2,}(\S+)\s+(\S+)/.exec(line);
    if (match?.[1] === undefined) continue;
    soft[match[1]] = match[2] === 'unlimited' ? -1 : Number(match[2]);
  }
  return soft;
}

/** The cgroup v2 path, or the one of the memory controller where only v1 is used. */
export function parseCgroup(text: string): string {
  const lines = text.trim().split('\n');
  const unified = lines.find((line) => line.startsWith('0::'));
  const memory = lines.find((line) => line.split(':')[1]?.split(',').includes('memory'));
  const pathOf = (line: string | undefined): string => line?.split(':').slice(2).join(':') ?? '/';
  const path = pathOf(unified);
  return path === '/' ? pathOf(memory ?? unified) : path;
}

/** Container engines put the 64 hex digits of the container's id into the cgroup path. */
function findContainerId(cgroup: Fact<string>): Fact<string> {
  if (!cgroup.known) return cgroup;
  const id = /[0-9a-f]{64}/.exec(cgroup.value)?.[0];
  return id === undefined
    ? { known: false, reason: 'not in a container' }
    : { known: true, value: id };
}

function readStdio(pid: number): Fact<string[]> {
  const names: string[] = [];
  for (const fd of [0, 1, 2]) {
    const target = readLinkFact(`/proc/${pid}/fd/${fd}`);
    if (target.known) names.push(target.value);
    else if (target.reason.startsWith('gone')) names.push('closed');
    else return target;
  }
  return { known: true, value: names };
}

function readDescriptors(pid: number): Fact<Descriptors> {
  let names: string[];
  try {
    names = readdirSync(`/proc/${pid}/fd`);
  } catch (error) {
    return { known: false, reason: reasonOf(error) };
  }
  const kinds: Record<string, number> = {};
  for (const name of names.slice(0, limits.maxDescriptorsLookedAt)) {
    const target = readLinkFact(`/proc/${pid}/fd/${name}`);
    if (!target.known) continue; // closed meanwhile
    const kind = descriptorKind(target.value);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return { known: true, value: { count: names.length, kinds } };
}

/** By the kernel's name of what a descriptor leads to: `socket:[4711]`, `anon_inode:[eventpoll]`, a path. */
function descriptorKind(target: string): string {
  if (target.startsWith('/dev/')) return 'device';
  if (target.startsWith('/')) return 'file';
  return /^anon_inode:\[?([^\]]+)/.exec(target)?.[1] ?? target.split(':')[0] ?? 'other';
}

/** Time since the process started, by the clock of /proc/uptime (CLOCK_BOOTTIME). */
export function readUptimeMs(pid: number): Fact<number> {
  const stat = readStat(pid);
  if (!stat.known) return stat;
  return readFact('/proc/uptime', (text) => {
    const bootMs = Number(text.split(' ')[0]) * 1000;
    return Math.max(0, bootMs - stat.value.startTicks * 10);
  });
}
