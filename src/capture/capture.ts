/**
 * The ladder: collects what can be known of a process, from the best source to the plainest, each with its own deadline.
 *
 *   agent    what its isolates are, whether their loops answer, leave to trace      at most 0.7 s
 *   reader   stacks and values; by itself with ptrace, else without stopping        what is left, less a reserve
 *   /proc    threads, system calls, command line, environment                       answers at once
 *
 * A rung that fails says why in `missing`. /proc is read first, before anything we do can change what threads wait
 * for, and a second time at the end: what moves is running, what does not is blocked.
 */
import { performance } from 'node:perf_hooks';
import { SleeperError } from '../errors.ts';
import { connectAgent } from '../probe/agent.ts';
import { readHost } from '../probe/host.ts';
import { type ProcessIdentity, isAlive, requireNodeProcess } from '../probe/identity.ts';
import { type ProcessFacts, readProcessFacts } from '../probe/process-facts.ts';
import { readFact } from '../probe/fact.ts';
import { readStatus } from '../probe/stat.ts';
import { readTasks } from '../probe/task.ts';
import { openEventLoop, readProcess } from '../reader/read.ts';
import type { EventLoopClock, KnownIsolate, ProcessReading } from '../reader/reading.ts';
import { redactCapture } from '../report/redact.ts';
import {
  type Capture,
  type ErrorRecord,
  type Missing,
  type Thread,
  type Trigger,
  formatVersion,
  minReaderVersion,
} from '../report/schema.ts';
import { type CaptureDependencies, askAgent, climb } from './climb.ts';
import { parseErrorFrames } from './error-frames.ts';
import { lookAgain, waitUntilTurnedOrStuck } from './looks.ts';
import { liveLoopSection } from './loop-section.ts';
import { processSection } from './process-section.ts';
import { addSourceLines } from './source-lines.ts';
import { mergeThreads, nameCalls } from './threads.ts';
import { within } from './within.ts';

/** What to capture. */
export interface CaptureRequest {
  readonly pid: number;
  readonly id: string;
  readonly trigger: Trigger;
  /** Total time; the capture ends within it, partial if need be. */
  readonly deadlineMs: number;
  /** Known already because the agent itself asks; else the agent is asked. */
  readonly isolates?: readonly KnownIsolate[];
  /** Ask the agent for isolates and leave to trace. Default true, but for requests that name the isolates. */
  readonly askAgent?: boolean;
  /** False: stacks only, no search of the heap for suspended async functions. */
  readonly tasks?: boolean;
  /** What only the inside knows. */
  readonly error?: ErrorRecord;
  /** Thread in which the error was thrown; the main thread when absent. */
  readonly errorTid?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly breadcrumbs?: readonly Record<string, unknown>[];
}

const realDependencies: CaptureDependencies = { readProcess, openEventLoop, connectAgent };

/** Kept for /proc and for putting the report together. */
const reserveMs = 400;
/** For the parts of /proc that lie in the target's memory. */
const factsTimeoutMs = 1_000;

/**
 * Captures a process. Ends within the deadline with whatever was found.
 * @throws SleeperError ERR_SLEEPER_NO_SUCH_PROCESS, ERR_SLEEPER_NOT_NODE, ERR_SLEEPER_ATTACH_DENIED before anything was
 *         read; ERR_SLEEPER_TARGET_GONE when it ended and nobody but the caller had asked
 */
export async function capture(
  request: CaptureRequest,
  dependencies: CaptureDependencies = realDependencies,
): Promise<Capture> {
  const identity = requireNodeProcess(request.pid);
  const startedAtMs = performance.now();
  const capturedAt = new Date().toISOString();
  const endsAtMs = startedAtMs + request.deadlineMs;
  const missing: Missing[] = [];

  const clock = await openClock(request, dependencies, endsAtMs);
  if (clock !== null) await settle(request, clock, endsAtMs);
  const firstLookAtMs = performance.now();
  const before = readTasks(request.pid);
  if (!before.known) throw targetGone(request.pid);
  // Before anybody disturbs it: being stopped, and answering an agent, make a loop turn.
  const loop = clock?.read() ?? null;
  const calls = nameCalls(request.pid, before.value);
  const factsRead = readProcessFacts(request.pid, Math.min(factsTimeoutMs, request.deadlineMs / 2));
  noteTracer(request.pid, missing);
  const isolates =
    request.isolates ??
    (request.askAgent === false ? [] : await askAgent(request.pid, dependencies, missing));
  const readerMs = endsAtMs - reserveMs - performance.now();
  const wishes = { timeMs: readerMs, tasks: request.tasks !== false };
  const reading = await climb(request.pid, isolates, wishes, dependencies, missing);
  const main = before.value.find((task) => task.tid === request.pid);
  const samples = await lookAgain(request.pid, main, firstLookAtMs, endsAtMs);
  const facts = await factsRead;
  noteEnd(identity, request, reading, missing);

  const threads = mergeThreads({
    pid: request.pid,
    tasks: before.value,
    calls,
    reading,
    loop,
    isolates,
  });
  if (reading !== null) missing.push(...reading.missing);
  return redactCapture({
    id: request.id,
    formatVersion,
    minReaderVersion,
    capturedAt,
    durationMs: Math.round(performance.now() - startedAtMs),
    pausedMs: reading?.pausedMs ?? 0,
    trigger: request.trigger,
    host: {
      ...readHost(),
      ...(facts.containerId.known && { containerId: facts.containerId.value }),
    },
    process: processSection(request.pid, facts, reading, missing),
    threads: withErrorFrames(threads, request, facts, missing),
    tasks: [...(reading?.tasks ?? [])],
    ...liveLoopSection(request.pid, reading?.activity ?? null),
    ...(request.error && { error: request.error }),
    ...(request.annotations && { annotations: { ...request.annotations } }),
    ...(request.breadcrumbs && { breadcrumbs: [...request.breadcrumbs] }),
    samples,
    missing,
    redactions: { count: 0, keys: [] },
  });
}

/** @returns null when the loop cannot be found; the reader will say why */
async function openClock(
  request: CaptureRequest,
  dependencies: CaptureDependencies,
  endsAtMs: number,
): Promise<EventLoopClock | null> {
  try {
    const open = async (): Promise<EventLoopClock> => dependencies.openEventLoop(request.pid);
    const clock = await within(open, (endsAtMs - performance.now()) / 2);
    return clock.known ? clock.value : null;
  } catch {
    return null;
  }
}

/** Only for questions: a watchdog, a debugger or an error has a moment of its own. */
async function settle(
  request: CaptureRequest,
  clock: EventLoopClock,
  endsAtMs: number,
): Promise<void> {
  if (request.trigger.kind !== 'request' || request.isolates !== undefined) return;
  await waitUntilTurnedOrStuck(request.pid, clock, (endsAtMs + performance.now()) / 2);
}

function targetGone(pid: number): SleeperError {
  return new SleeperError(
    'ERR_SLEEPER_TARGET_GONE',
    `Process ${pid} ended while it was being captured.`,
    { pid },
  );
}

function noteTracer(pid: number, missing: Missing[]): void {
  const status = readStatus(pid);
  if (!status.known || status.value.tracerPid === 0) return;
  const { tracerPid } = status.value;
  const name = readFact(`/proc/${tracerPid}/comm`, (text) => text.trim());
  const tracer = name.known ? `${name.value} (process ${tracerPid})` : `process ${tracerPid}`;
  missing.push({ what: 'stopping the threads', reason: `${tracer} traces the process already` });
}

/** A process that ended meanwhile: for a hang or a crash what was seen is worth keeping, for a question it is not. */
function noteEnd(
  identity: ProcessIdentity,
  request: CaptureRequest,
  reading: ProcessReading | null,
  missing: Missing[],
): void {
  if (isAlive(identity)) return;
  if (reading === null && request.trigger.kind === 'request') throw targetGone(identity.pid);
  missing.push({ what: 'process', reason: 'it ended while it was being captured' });
}

/** The guilty thread of a crash shows the stack of the error, not that of the code that reports it. */
function withErrorFrames(
  threads: readonly Thread[],
  request: CaptureRequest,
  facts: ProcessFacts,
  missing: Missing[],
): Thread[] {
  const stack = request.error?.stack;
  const frames = stack === undefined ? [] : parseErrorFrames(stack);
  if (frames.length === 0) return [...threads];
  missing.push({
    what: 'arguments and locals at the throw',
    reason: 'not-supported: the frames come from the text of error.stack',
  });
  const startedAtMs = facts.startedAtMs.known ? facts.startedAtMs.value : 0;
  const guilty = request.errorTid ?? request.pid;
  return threads.map((thread) => {
    if (thread.tid !== guilty) return thread;
    return {
      ...thread,
      frames: addSourceLines(request.pid, frames, startedAtMs),
      note: 'the stack of the error, as it was when the error was made',
    };
  });
}
