/**
 * /proc/PID/stat and /proc/PID/status. Source: proc_pid_stat(5), proc_pid_status(5).
 * Times in `stat` are in clock ticks; USER_HZ is 100 on every Linux that Node runs on.
 */
import { pageBytes } from '../native.ts';
import { type Fact, readFact } from './fact.ts';

/** Milliseconds of one clock tick (USER_HZ = 100, fixed in the kernel's user interface). */
const tickMs = 10;

/** Fields behind the name up to the last one that every look wants; there are 30 more. */
const neededFields = 22;

/** What `stat` says of a process or a thread. */
export interface StatReading {
  /** The kernel's name of the thread: at most 15 characters, may hold anything, parentheses included. */
  readonly name: string;
  /** proc(5) state letter. */
  readonly state: string;
  readonly parentPid: number;
  /** CPU time, user and system, in steps of 10 ms. */
  readonly cpuMs: number;
  /** When it started, in clock ticks since boot. With the pid it names a process for good. */
  readonly startTicks: number;
  /** Threads of the process. */
  readonly threads: number;
  /** Resident memory of the process. */
  readonly rssBytes: number;
  /** Of a zombie that we may trace: what wait(2) will say of it. Else 0. */
  readonly waitStatus: number;
}

/** Parses a `stat` line. @throws Error when it is not one */
export function parseStat(text: string): StatReading {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const rest = text.slice(close + 2);
  const fields = rest.split(' ', neededFields);
  const state = fields[0];
  const startTicks = Number(fields[19]);
  if (open < 0 || close < open || state === undefined || !Number.isFinite(startTicks)) {
    throw new Error('not a stat line');
  }
  return {
    name: text.slice(open + 1, close),
    state,
    parentPid: Number(fields[1]),
    cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs,
    startTicks,
    threads: Number(fields[17]),
    rssBytes: Number(fields[21]) * pageBytes,
    waitStatus: state === 'Z' || state === 'X' ? Number(rest.split(' ')[49] ?? 0) : 0,
  };
}

/** Reads `stat` of a process, or of one of its threads. */
export function readStat(pid: number, tid?: number): Fact<StatReading> {
  const path = tid === undefined ? `/proc/${pid}/stat` : `/proc/${pid}/task/${tid}/stat`;
  return readFact(path, parseStat);
}

/** What `status` says that `stat` does not. */
export interface StatusReading {
  /** Effective user id. */
  readonly userId: number;
  /** 0: nobody traces it. */
  readonly tracerPid: number;
  /** Times it gave up the CPU by itself, that is: waited. */
  readonly voluntarySwitches: number;
  /** Effective capabilities, as a bit mask. */
  readonly capabilities: bigint;
  /** 2: a seccomp filter is installed. */
  readonly seccomp: number;
}

/** Parses a `status` file. Fields of other kernels that are missing become 0. */
export function parseStatus(text: string): StatusReading {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const numberOf = (name: string): number => Number(fields.get(name) ?? 0);
  return {
    userId: Number((fields.get('Uid') ?? '').split(/\s+/)[1] ?? -1),
    tracerPid: numberOf('TracerPid'),
    voluntarySwitches: numberOf('voluntary_ctxt_switches'),
    capabilities: BigInt(`0x${fields.get('CapEff') ?? '0'}`),
    seccomp: numberOf('Seccomp'),
  };
}

/** Reads `status` of a process, or of one of its threads. */
export function readStatus(pid: number, tid?: number): Fact<StatusReading> {
  const path = tid === undefined ? `/proc/${pid}/status` : `/proc/${pid}/task/${tid}/status`;
  return readFact(path, parseStatus);
}
