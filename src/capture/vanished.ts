/**
 * A capture of a process that is no more: what it left in its flight recorder, and what the kernel knows of its end. No
 * stack, no values: who wants those must ask while it lives.
 */
import type { FlightLoop, FlightRecord } from '../probe/flight-layout.ts';
import { readHost, readPressure } from '../probe/host.ts';
import {
  type OomCounter,
  type ProcessEnd,
  readMemoryLimit,
  readOomKills,
  readOomLog,
} from '../probe/process-end.ts';
import {
  type Capture,
  type End,
  type Missing,
  type Process,
  type Thread,
  formatVersion,
  minReaderVersion,
} from '../report/schema.ts';
import { flightSection, noteTorn } from './flight-section.ts';
import { redact } from './redaction.ts';

/** What is known of a process that vanished. */
export interface VanishedRequest {
  readonly id: string;
  readonly pid: number;
  readonly record: FlightRecord;
  /** A sentence: who noticed, and how. */
  readonly reason: string;
  readonly end: ProcessEnd | null;
  readonly endSource: End['source'];
  /** The counter of its cgroup when it was last seen; absent: as it was when the agent was armed. */
  readonly oomBefore?: OomCounter;
  /** When its end was noticed; absent: not known. Wall clock. */
  readonly noticedAtMs?: number;
}

/** Clock ticks of proc(5) are 10 ms on every x86-64 kernel. */
const tickMs = 10;

/** Puts the capture together. Reads only files of the kernel. */
export function captureVanished(request: VanishedRequest): Capture {
  const startedAtMs = performance.now();
  const nowMs = Date.now();
  const { record, pid } = request;
  const missing: Missing[] = [
    { what: 'stacks, values and tasks', reason: 'gone with the process; the recorder holds none' },
  ];
  noteTorn(record, missing);
  const lastSignMs = lastSign(record);
  const end = describeEnd(request, lastSignMs, missing);
  return redact({
    id: request.id,
    formatVersion,
    minReaderVersion,
    capturedAt: new Date(nowMs).toISOString(),
    durationMs: Math.round(performance.now() - startedAtMs),
    pausedMs: 0,
    trigger: { kind: 'vanished', reason: request.reason },
    host: readHost(),
    process: {
      pid,
      ...known(record.identity),
      uptimeMs: Math.max(0, Math.round(lastSignMs - record.armedAtMs)),
    },
    threads: threadsOf(record, pid, request.noticedAtMs ?? lastSignMs),
    tasks: [],
    handles: [],
    requests: [],
    timers: [],
    ...flightSection(record, nowMs),
    end,
    missing,
    redactions: { count: 0, keys: [] },
  });
}

function known(identity: FlightRecord['identity']): Partial<Process> {
  const { argv, execPath, cwd, nodeVersion, v8Version } = identity;
  return {
    ...(argv && { argv }),
    ...(execPath !== undefined && { execPath }),
    ...(cwd !== undefined && { cwd }),
    ...(nodeVersion !== undefined && { nodeVersion }),
    ...(v8Version !== undefined && { v8Version }),
  };
}

function lastSign(record: FlightRecord): number {
  return Math.max(
    record.armedAtMs,
    ...record.loops.map(({ sinceMs }) => sinceMs),
    ...record.timeline.map(({ atMs }) => atMs),
  );
}

function describeEnd(request: VanishedRequest, lastSignMs: number, missing: Missing[]): End {
  const { record, pid } = request;
  const before = request.oomBefore ?? record.identity.oom ?? null;
  const after = before === null ? null : readOomKills(before.file);
  const limitBytes = before === null ? null : readMemoryLimit(before.file);
  const kernelLog = readOomLog(pid, record.startTicks * tickMs);
  const pressure = readPressure('memory');
  if (kernelLog === null)
    missing.push({ what: "the kernel's log", reason: 'not permitted to read /dev/kmsg' });
  if (before === null)
    missing.push({ what: 'count of OOM kills', reason: 'no memory control group to be seen' });
  else if (after === null)
    missing.push({ what: 'count of OOM kills', reason: `${before.file} is gone` });
  if (request.end === null)
    missing.push({
      what: 'exit status',
      reason: 'not known: told to its parent alone, and by Linux 6.15 to who watched it',
    });
  return {
    ...request.end,
    source: request.endSource,
    lastSignAt: new Date(lastSignMs).toISOString(),
    ...(before !== null &&
      after !== null && { oomKills: { before: before.kills, after, file: before.file } }),
    ...(limitBytes !== null && { memoryLimitBytes: limitBytes }),
    ...(kernelLog !== null && kernelLog.length > 0 && { kernelLog }),
    ...(pressure !== null && { memoryPressurePercent: pressure }),
  };
}

/** The threads of JavaScript as they were; the main thread always. */
function threadsOf(record: FlightRecord, pid: number, endedAtMs: number): Thread[] {
  const threads = record.loops.map((loop) => threadOf(loop, pid, endedAtMs));
  if (threads.some(({ kind }) => kind === 'main')) return threads;
  return [{ tid: pid, kind: 'main', name: 'node', state: 'X', frames: [] }, ...threads];
}

function threadOf(loop: FlightLoop, pid: number, endedAtMs: number): Thread {
  const isMain = loop.workerId === 0;
  return {
    // The recorder has the numbers of the process's own pid namespace.
    tid: isMain ? pid : loop.tid,
    kind: isMain ? 'main' : 'worker',
    ...(!isMain && { workerId: loop.workerId }),
    name: 'node',
    state: 'X',
    via: 'agent',
    ...(loop.isCollecting && { vmState: 'GC' }),
    loop: {
      alive: loop.state === 'polling',
      lastTurnAgoMs: Math.max(0, Math.round(endedAtMs - loop.sinceMs)),
    },
    frames: [],
    note:
      loop.state === 'polling'
        ? 'gone; its event loop was waiting for events'
        : `gone; its event loop was at work${loop.isCollecting ? ', collecting garbage' : ''}`,
  };
}
