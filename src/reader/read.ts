/**
 * Reads stacks and values of every JavaScript thread of a live process, from outside.
 *
 * Decoding takes milliseconds, and the target should not stand still for them. So it is looked at more than once:
 *
 *   1. a rehearsal: registers and stacks are copied, the target runs on, everything is decoded from the running
 *      process and thrown away. It tells which pages matter, fills the caches of sources and names, and warms our code;
 *   2. the look that counts: in one stop of well under a millisecond the registers, the stacks and those pages are
 *      copied; the target runs on, and the copy is decoded. If nothing else was needed, all of it is of one moment;
 *   3. else (a process that moves fast) once more with the pages found missing, and at last with the target held while
 *      decoding, for a few milliseconds and never longer than limits.holdLimitMs.
 */
import { setImmediate } from 'node:timers/promises';
import { SleeperError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Missing } from '../report/schema.ts';
import { liveSubject, prepareActivity, readActivity } from './loop/activity.ts';
import { readEventLoop } from './loop/event-loop.ts';
import { momentOf, readActivityAt } from './loop/moment.ts';
import { LiveMemory, refuseIfGoneOrDenied } from './memory/live.ts';
import { type Look, type StoppedThread, takeLook } from './memory/look.ts';
import type { Mapping } from './memory/maps.ts';
import type { Address } from './memory/source.ts';
import { PagedMemory } from './memory/paged.ts';
import type { LoopCheck } from './frames/loop-check.ts';
import { lacksLocals, withLoopValues } from './loop-values.ts';
import { planCatch, readThreads, type ThreadStart } from './read-threads.ts';
import type {
  KnownIsolate,
  LoopActivity,
  ProcessReading,
  ReadOptions,
  ThreadReading,
} from './reading.ts';
import { Target } from './target.ts';

export { openEventLoop } from './loop/event-loop.ts';

const EPERM = 1;

/**
 * Reads the process as it is now.
 * @throws SleeperError ERR_SLEEPER_NO_SUCH_PROCESS, ERR_SLEEPER_NOT_NODE, ERR_SLEEPER_UNSUPPORTED_NODE,
 *         ERR_SLEEPER_ATTACH_DENIED, ERR_SLEEPER_TARGET_TRACED, ERR_SLEEPER_TARGET_GONE
 */
export async function readProcess(pid: number, options: ReadOptions): Promise<ProcessReading> {
  const target = new Target(pid);
  const missing: Missing[] = [];
  if (!target.layout.isExact)
    missing.push({
      what: `exact tables for V8 ${target.binary.v8Version}`,
      reason: `not-supported: those of V8 ${target.layout.version} were used, what they show is likely, not certain`,
    });
  const { threads, pausedMs, activity } = await readStopped(target, options, missing);
  const nodeVersion = target.readNodeVersion();
  const loop = readEventLoop(target);
  return {
    ...(nodeVersion !== null && { nodeVersion }),
    v8Version: target.binary.v8Version,
    pausedMs,
    threads,
    ...(loop !== null && { loop }),
    ...(activity !== undefined && { activity }),
    missing,
  };
}

interface StoppedReading {
  readonly threads: readonly ThreadReading[];
  readonly pausedMs: number;
  readonly activity?: LoopActivity;
}

async function readStopped(
  target: Target,
  options: ReadOptions,
  missing: Missing[],
): Promise<StoppedReading> {
  const { pid } = target;
  const mappings = target.readMappings();
  const endsAtMs = performance.now() + options.deadlineMs;
  const known = new Map(options.isolates?.map((isolate) => [isolate.tid, isolate]));
  const decode: LookPlan['decode'] = (look, budgetMs, checks = []) =>
    readThreads(
      {
        target,
        memory: look.memory,
        mappings,
        endsAtMs: Math.min(endsAtMs, performance.now() + budgetMs),
      },
      look.threads.map((thread) => threadStart(thread, known.get(thread.tid), checks)),
    );

  const rehearsal = takeLook(
    pid,
    { tids: target.listThreads(), mappings, pages: [], holdWhileDecoding: false },
    (look) => ({ look, threads: decode(look, options.deadlineMs / 2) }),
  );
  const { look: first } = rehearsal.result;
  if (first.threads.length === 0) return readRefused(target, options, first, missing);
  for (const { tid, errno } of first.refused)
    missing.push({
      what: `stack of thread ${tid}`,
      reason: `unreadable: it could not be stopped (errno ${errno})`,
    });

  const tids = rehearsal.result.threads.map(({ tid }) => tid);
  const moment = momentOf(first);
  const workers = tids.filter((tid) => tid !== pid);
  const subject = liveSubject(target, mappings);
  const prepared = prepareActivity(subject, moment, workers);
  const { activity: rehearsed } = readActivity(subject, prepared, moment, endsAtMs);
  const pool = rehearsed.threadpool?.threads.flatMap(({ tid }) => tid ?? []) ?? [];
  const pages = new Set(first.memory.usedPages);
  const plan = { target, subject, mappings, tids: [...tids, ...pool], pages, endsAtMs, decode };
  const counted = await readOneMoment(plan, missing);
  const activity = readActivityAt(
    plan,
    prepared,
    counted.look === null ? moment : momentOf(counted.look),
  );
  missing.push(...activity.missing);
  const pausedMs = Math.max(rehearsal.pausedMs, counted.pausedMs, activity.pausedMs);
  return { ...addLoopValues(plan, counted, pausedMs), activity: activity.activity };
}

interface LookPlan {
  readonly target: Target;
  readonly mappings: readonly Mapping[];
  readonly tids: readonly number[];
  /** Grows from look to look. */
  readonly pages: Set<Address>;
  readonly endsAtMs: number;
  readonly decode: (look: Look, budgetMs: number, checks?: readonly LoopCheck[]) => ThreadReading[];
}

interface CountedLook extends StoppedReading {
  readonly look: Look | null;
}

async function readOneMoment(plan: LookPlan, missing: Missing[]): Promise<CountedLook> {
  const { target, mappings, tids, pages, endsAtMs, decode } = plan;
  let pausedMs = 0;
  for (const holdWhileDecoding of [false, false, true]) {
    // Between looks our own process may do other things: answer a signal, watch other targets.
    await setImmediate();
    const taken = takeLook(target.pid, { tids, mappings, pages, holdWhileDecoding }, (look) => ({
      look,
      threads: decode(
        look,
        holdWhileDecoding ? limits.decodeInStopMs : endsAtMs - performance.now(),
      ),
    }));
    pausedMs = Math.max(pausedMs, taken.pausedMs);
    const { look, threads } = taken.result;
    for (const page of look.memory.usedPages) pages.add(page);
    const isOneMoment = holdWhileDecoding ? taken.isConsistent : look.memory.lateReads.size === 0;
    const isLast = holdWhileDecoding || performance.now() > endsAtMs;
    if (isOneMoment || isLast) {
      if (!isOneMoment)
        missing.push({
          what: 'one consistent moment',
          reason:
            'over-limit: the process changed while it was read; some values may be newer than the stack',
        });
      return { look, threads, pausedMs };
    }
  }
  return { look: null, threads: [], pausedMs };
}

/**
 * A thread in the middle of optimised code shows no locals of its innermost function. It is caught again at a check of its
 * loop, where they can be read (frames/loop-check.ts), and they are put into the frames already read.
 */
function addLoopValues(plan: LookPlan, counted: CountedLook, pausedMs: number): StoppedReading {
  let longestMs = pausedMs;
  const threads = counted.threads.map((thread) => {
    const registers = counted.look?.threads.find(({ tid }) => tid === thread.tid)?.registers;
    if (registers === undefined || !lacksLocals(thread) || performance.now() > plan.endsAtMs)
      return thread;
    const memory = new PagedMemory(new LiveMemory(plan.target.pid));
    const catchPlan = planCatch({ ...plan, memory }, registers);
    if (catchPlan === null) return thread;
    const taken = takeLook(
      plan.target.pid,
      {
        tids: [thread.tid],
        mappings: plan.mappings,
        pages: plan.pages,
        holdWhileDecoding: true,
        catch: { tid: thread.tid, addresses: catchPlan.addresses },
      },
      (look) => ({
        isCaught: look.threads.some(({ caught }) => caught !== undefined),
        threads: plan.decode(look, limits.decodeInStopMs, catchPlan.checks),
      }),
    );
    longestMs = Math.max(longestMs, taken.pausedMs);
    const caught = taken.result.threads.find(({ tid }) => tid === thread.tid);
    if (caught === undefined || !taken.result.isCaught || !taken.isConsistent) return thread;
    return withLoopValues(thread, caught);
  });
  return { threads, pausedMs: longestMs };
}

/** Nothing could be stopped: say why, or read what needs no stop. */
function readRefused(
  target: Target,
  options: ReadOptions,
  look: Look,
  missing: Missing[],
): StoppedReading {
  const { pid } = target;
  const errno = look.refused[0]?.errno ?? 0;
  const tracer = target.tracerPid();
  if (errno !== EPERM || tracer === 0) refuseIfGoneOrDenied(pid, errno);
  if (options.isolates === undefined)
    throw new SleeperError(
      'ERR_SLEEPER_TARGET_TRACED',
      `Process ${pid} is traced by process ${tracer}; its threads cannot be stopped by anybody else.`,
      { pid, tracerPid: tracer },
    );
  missing.push({
    what: 'registers of the threads',
    reason: `unreadable: process ${tracer} traces the target; stacks are those that V8 left in memory`,
  });
  const scene = {
    target,
    memory: new PagedMemory(new LiveMemory(pid)),
    mappings: target.readMappings(),
    endsAtMs: performance.now() + options.deadlineMs,
  };
  const starts = options.isolates.map((isolate): ThreadStart => ({
    tid: isolate.tid,
    registers: null,
    ...knownFacts(isolate),
  }));
  const moment = { memory: scene.memory, threads: [] };
  const subject = liveSubject(target, scene.mappings);
  const prepared = prepareActivity(subject, moment, []);
  const activity = readActivity(subject, prepared, moment, scene.endsAtMs);
  missing.push(...activity.missing);
  return { threads: readThreads(scene, starts), pausedMs: 0, activity: activity.activity };
}

function threadStart(
  { tid, registers, caught }: StoppedThread,
  isolate: KnownIsolate | undefined,
  checks: readonly LoopCheck[],
): ThreadStart {
  return {
    tid,
    registers,
    ...knownFacts(isolate),
    ...(caught !== undefined && { check: { checks, address: registers.rip, ...caught } }),
  };
}

function knownFacts(isolate: KnownIsolate | undefined): Partial<ThreadStart> {
  if (isolate === undefined) return {};
  const { address, workerId, framePointer } = isolate;
  return {
    isolate: address,
    ...(workerId !== undefined && { workerId }),
    ...(framePointer !== undefined && { framePointer }),
  };
}
