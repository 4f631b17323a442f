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
import { SleeperError } from '../errors.ts';
import { connectAgent } from '../probe/agent.ts';
import { readFlight } from '../probe/flight-file.ts';
import { readHost } from '../probe/host.ts';
import { type ProcessIdentity, isAlive, requireNodeProcess } from '../probe/identity.ts';
import { type ProcessFacts, readProcessFacts } from '../probe/process-facts.ts';
import { readFact } from '../probe/fact.ts';
import { readStatus } from '../probe/stat.ts';
import { readTasks } from '../probe/task.ts';
import { describeTaskEnds } from '../probe/task-ends.ts';
import { readKeptStack } from '../reader/kept-stack.ts';
import { openEventLoop, readProcess } from '../reader/read.ts';
import type { EventLoopClock, KnownIsolate, ProcessReading } from '../reader/reading.ts';
import {
  type AsyncStore,
  type Capture,
  type ErrorRecord,
  type Missing,
  type Sample,
  type Task,
  type Trigger,
  formatVersion,
  minReaderVersion,
} from '../report/schema.ts';
import { type CaptureDependencies, askAgent, climb } from './climb.ts';
import { addRejectedValue } from './error-stack.ts';
import {
  type Death,
  type DeathReading,
  mapLastStack,
  readDeath,
  showLastStack,
} from './last-stack.ts';
import { ProcessLooks, waitUntilTurnedOrStuck } from './looks.ts';
import { asyncStoreSection } from './async-stores.ts';
import { flightSection, toBreadcrumb } from './flight-section.ts';
import { liveLoopSection } from './loop-section.ts';
import { readNeighbours } from './neighbours.ts';
import { readPackages } from './packages.ts';
import { processSection } from './process-section.ts';
import { mapCapture, type MapWishes } from './original-places.ts';
import { mergeThreads, nameCalls } from './threads.ts';
import { within } from './within.ts';
import { redact } from './redaction.ts';

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
  /** False: names and places only, after one short stop. */
  readonly values?: boolean;
  /** What only the inside knows. */
  readonly error?: ErrorRecord;
  /** Of AsyncLocalStorage, where they cannot be read from outside. */
  readonly asyncStores?: readonly AsyncStore[];
  /** The process is dying and waits for us; what its agent knows of that. */
  readonly death?: Death;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly breadcrumbs?: readonly Record<string, unknown>[];
  /** Where source maps are, besides where the program says; by default SLEEPER_SOURCE_MAP_DIR. */
  readonly sourceMapDirectory?: string;
}

const realDependencies: CaptureDependencies = {
  readProcess,
  readKeptStack,
  openEventLoop,
  connectAgent,
};

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
  const before = readTasks(request.pid);
  if (!before.known) throw targetGone(request.pid);
  const looks = new ProcessLooks(request.pid, before.value);
  // Before anybody disturbs it: being stopped, and answering an agent, make a loop turn.
  const loop = clock?.read() ?? null;
  const calls = nameCalls(request.pid, before.value);
  const factsRead = readProcessFacts(request.pid, Math.min(factsTimeoutMs, request.deadlineMs / 2));
  noteTracer(request.pid, missing);
  const isolates = await isolatesOf(request, dependencies, missing);
  const timeLeftMs = (): number => endsAtMs - reserveMs - performance.now();
  const death = await readDeath(request, timeLeftMs(), dependencies, missing);
  const { tasks = true, values = true } = request;
  // A dying thread does nothing but wait for us.
  const more = death === null && { looks: { ...looks.wishes(), mayStop: values } };
  const wishes = { timeMs: timeLeftMs(), tasks, values, ...more };
  const reading = await climb(request.pid, isolates, wishes, dependencies, missing);
  const { samples, cpuQuota } = await looks.finish(death === null, reading, endsAtMs);
  const facts = await factsRead;
  noteEnd(identity, request, reading, missing);

  const sights = { pid: request.pid, tasks: before.value, calls, reading, loop, isolates };
  const threads = mergeThreads(sights);
  if (reading !== null) missing.push(...reading.missing);
  const process = processSection(request.pid, facts, reading, missing);
  const loops = liveLoopSection(request.pid, reading?.activity ?? null);
  const seen = { process, threads, requests: loops.requests };
  const neighbours = await readNeighbours(request, seen, dependencies, endsAtMs);
  const mapped = await mapSeen(
    { ...loops, threads, tasks: describeTaskEnds(request.pid, reading?.tasks), samples },
    death,
    { facts, scripts: [reading?.scripts, death?.scripts] },
    { request: addRejectedValue(request, threads), timeLeftMs: timeLeftMs(), missing },
  );
  return redact({
    id: request.id,
    formatVersion,
    minReaderVersion,
    capturedAt,
    durationMs: Math.round(performance.now() - startedAtMs),
    pausedMs: reading?.pausedMs ?? 0,
    trigger: { ...request.trigger, ...(death !== null && { tid: death.tid }) },
    host: {
      ...readHost(),
      ...(facts.containerId.known && { containerId: facts.containerId.value }),
    },
    process: { ...process, ...(cpuQuota !== undefined && { cpuQuota }) },
    ...loops,
    ...mapped,
    neighbours,
    ...asyncStoreSection(reading?.threads ?? [], request.asyncStores),
    ...flightSection(readFlight(request.pid), Date.now()),
    ...(death?.fault && { fault: death.fault }),
    ...(request.annotations && { annotations: { ...request.annotations } }),
    ...(request.breadcrumbs && { breadcrumbs: request.breadcrumbs.map(toBreadcrumb) }),
    missing,
    redactions: { count: 0, keys: [] },
  });
}

async function isolatesOf(
  request: CaptureRequest,
  dependencies: CaptureDependencies,
  missing: Missing[],
): ReturnType<typeof askAgent> {
  if (request.isolates !== undefined) return request.isolates;
  return request.askAgent === false ? [] : askAgent(request.pid, dependencies, missing);
}

/** What holds places: of a live process, and what is needed to find those before compilation. */
interface Seen {
  readonly placed: Pick<Capture, 'threads' | 'timers' | 'handles'> & {
    readonly tasks: readonly Task[];
    readonly samples: Sample[];
  };
  readonly wishes: {
    readonly request: CaptureRequest;
    readonly timeLeftMs: number;
    readonly missing: Missing[];
  };
}

/** Shows a dying thread as it was, and maps all. */
async function mapSeen(
  placed: Seen['placed'],
  death: DeathReading | null,
  { facts, scripts }: { readonly facts: ProcessFacts } & Pick<MapWishes, 'scripts'>,
  wishes: Seen['wishes'],
): ReturnType<typeof mapTarget> {
  const { startedAtMs } = facts;
  return mapLastStack(death, wishes.missing, (of, missing) => {
    const threads =
      of === null ? placed.threads : showLastStack(placed.threads, of, facts, missing);
    return mapTarget({ ...placed, threads }, { scripts, startedAtMs }, { ...wishes, missing });
  });
}

/** With the places before compilation by the source maps that the target sees; and the packages of it all. */
async function mapTarget(
  placed: Seen['placed'],
  { scripts, startedAtMs }: Pick<MapWishes, 'scripts'> & Pick<ProcessFacts, 'startedAtMs'>,
  { request, timeLeftMs, missing }: Seen['wishes'],
): Promise<
  Pick<
    Capture,
    'threads' | 'tasks' | 'timers' | 'handles' | 'samples' | 'error' | 'scripts' | 'packages'
  >
> {
  const { samples, tasks, ...rest } = placed;
  const all = {
    ...rest,
    tasks: [...tasks],
    ...(request.error && { error: request.error }),
    ...(samples.length > 0 && { samples }),
  };
  const mapped = await mapCapture(all, {
    scripts,
    root: `/proc/${request.pid}/root`,
    startedAtMs: startedAtMs.known ? startedAtMs.value : 0,
    timeMs: timeLeftMs / 2,
    directory: request.sourceMapDirectory,
  });
  missing.push(...mapped.missing);
  const packages = await readPackages({
    pid: request.pid,
    files: mapped.scripts.map(({ file }) => file),
    startedAtMs: startedAtMs.known ? startedAtMs.value : 0,
    timeMs: timeLeftMs / 2,
  });
  return {
    ...mapped.placed,
    ...(mapped.scripts.length > 0 && { scripts: [...mapped.scripts] }),
    ...(packages.length > 0 && { packages }),
  };
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
