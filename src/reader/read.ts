/**
 * Reads stacks and values of every JavaScript thread of a live process, from outside.
 *
 * Decoding takes milliseconds, and the target should not stand still for them. So it is looked at more than once:
 *
 *   1. a rehearsal: registers and stacks are copied, the target runs on, everything is decoded from the running
 *      process and thrown away. It tells which pages matter, fills the caches of sources and names, and warms our code;
 *   2. the look that counts: in one stop of well under a millisecond the registers, the stacks and those pages are
 *      copied; the target runs on, and the copy is decoded. If nothing else was needed, all of it is of one moment;
 *      Where all threads have slept since before the rehearsal was decoded, that is such a moment, and the look that counts;
 *   3. else (a process that moves fast) once more with the pages found missing, and at last with the target held while
 *      decoding, for a few milliseconds and never longer than limits.holdLimitMs.
 */
import { SleeperError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Missing } from '../report/schema.ts';
import { allValues, noValues, type ValuesWanted } from './describe-frame.ts';
import { saveLearned } from './layout/learned.ts';
import { readEventLoop } from './loop/event-loop.ts';
import { momentOf, readActivityAt, rehearseActivity } from './loop/moment.ts';
import { SleepingThreads } from './memory/asleep.ts';
import { LiveMemory } from './memory/live.ts';
import { type Look, type StoppedThread, takeLook } from './memory/look.ts';
import type { Mapping } from './memory/maps.ts';
import type { CallPlace } from './frames/loop-check.ts';
import { isCollecting, keepRehearsed, type LookPlan, readOneMoment } from './looks.ts';
import { PulseReader } from './pulse.ts';
import {
  type CountedPulses,
  countPulses,
  firstLook,
  isCalm,
  isNearlyFull,
  type QuickLookPlan,
  type QuickLookWishes,
  takeQuickLooks,
} from './quick-looks.ts';
import { addLoopValues } from './loop-values.ts';
import { readRefused, refusal } from './read-refused.ts';
import { knownFacts, readNativeThreads, readThreads, type ThreadStart } from './read-threads.ts';
import type {
  KnownIsolate,
  ProcessReading,
  QuickLook,
  ReadOptions,
  StoppedReading,
  ThreadReading,
} from './reading.ts';
import { Target } from './target.ts';
import { findIsolates, type ThreadPointer } from './tasks/isolates.ts';
import { readTasks, type TaskPlan } from './tasks/read-tasks.ts';

export { type HeapGauge, openHeapGauge } from './heap-gauge.ts';
export { openEventLoop } from './loop/event-loop.ts';

/**
 * Reads the process as it is now.
 * @throws SleeperError ERR_SLEEPER_NO_SUCH_PROCESS, ERR_SLEEPER_NOT_NODE, ERR_SLEEPER_UNSUPPORTED_NODE,
 *         ERR_SLEEPER_ATTACH_DENIED, ERR_SLEEPER_TARGET_TRACED, ERR_SLEEPER_TARGET_GONE
 */
export async function readProcess(pid: number, options: ReadOptions): Promise<ProcessReading> {
  const target = new Target(pid);
  const missing = target.missing;
  if (options.values === false)
    missing.push({ what: 'values', reason: 'not-supported: only names and places were asked for' });
  const endsAtMs = performance.now() + options.deadlineMs;
  const stopped = await readStopped(target, options, missing);
  const { threads, isolates, asleep, pausedMs, activity, looks } = stopped;
  const tasks =
    options.tasks === false
      ? { tasks: [], pausedMs: 0 }
      : unlessItEnds('suspended async functions', missing, { tasks: [], pausedMs: 0 }, () =>
          readTasks(
            {
              target,
              source: new LiveMemory(pid),
              mayStop: options.values !== false,
              asleep,
              values: options.values !== false,
              mappings: target.readMappings(),
              isolates,
              endsAtMs: tasksEndAtMs(endsAtMs),
            },
            missing,
          ),
        );
  const nodeVersion = unlessItEnds('version', missing, null, () => target.readNodeVersion());
  const loop = unlessItEnds('event loop', missing, null, () => readEventLoop(target));
  saveLearned();
  target.keptNames.save();
  return {
    ...(nodeVersion !== null && { nodeVersion }),
    v8Version: target.binary.v8Version,
    pausedMs: Math.max(pausedMs, tasks.pausedMs),
    threads,
    ...(looks !== undefined && { looks }),
    tasks: tasks.tasks,
    ...(loop !== null && { loop }),
    ...(activity !== undefined && { activity }),
    scripts: target.scripts.own,
    missing,
  };
}

/** The search is the last and the longest part: what was read before must not be lost to its deadline. */
function tasksEndAtMs(endsAtMs: number): number {
  const nowMs = performance.now();
  return nowMs + Math.min(limits.tasksMs, (endsAtMs - nowMs) / 2);
}

/** What was read of a process before it ended is worth more than the news that it did. */
function unlessItEnds<T>(what: string, missing: Missing[], otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    noteItEnded(what, missing, error);
    return otherwise;
  }
}

/** @throws any other error */
function noteItEnded(what: string, missing: Missing[], error: unknown): void {
  if (!(error instanceof SleeperError) || error.code !== 'ERR_SLEEPER_TARGET_GONE') throw error;
  missing.push({ what, reason: 'unreadable: the process ended before' });
}

async function readStopped(
  target: Target,
  options: ReadOptions,
  missing: Missing[],
): Promise<StoppedReading & Required<Pick<TaskPlan, 'isolates' | 'asleep'>>> {
  const { pid } = target;
  const mappings = target.readMappings();
  const endsAtMs = performance.now() + options.deadlineMs;
  const decodeOf = decoderFor(target, mappings, options, endsAtMs);
  const decode = decodeOf(options.values === false ? noValues : allValues);
  const decodeStacks: LookPlan['decodeStacks'] = (look, values) => decodeOf(values)(look, 0);

  const rehearsal = await rehearse(target, mappings, options, decode);
  const { look: first, asleep } = rehearsal;
  if (first.threads.length === 0) {
    const isolates = (options.isolates ?? []).map(({ tid, address }) => ({ tid, address }));
    return { ...readRefused(target, options, first, missing), isolates, asleep: null };
  }
  missing.push(...first.refused.map(refusal));
  const tids = rehearsal.threads.map(({ tid }) => tid);
  const others = first.threads.filter(({ tid }) => !tids.includes(tid));
  const native = readNativeThreads({ target, memory: first.memory, mappings, endsAtMs }, others);
  const isBare = options.values === false;
  const wish = { tids, endsAtMs, withValues: !isBare };
  const loops = rehearseActivity(target, mappings, first, wish);
  const pages = new Set(first.memory.usedPages);
  const plan = { ...loops, target, mappings, pages, endsAtMs, decode, decodeStacks };
  const owners = first.threads.filter(({ tid }) => tids.includes(tid)).map(threadPointerOf);
  const isolates = findIsolates(target, new LiveMemory(pid), mappings, owners);
  const pulses = new PulseReader(target, plan.subject.loadBias, isolates, plan.prepared.loops);
  // Names and places are of what does not change: the stacks that the first look copied are enough for them.
  const isEnough = (isBare || asleep?.haveSlept === true) && !rehearsal.threads.some(isCollecting);
  const counted = isEnough
    ? { threads: rehearsal.threads, pausedMs: 0, look: null }
    : keepRehearsed(target, rehearsal.threads, await readOneMoment(plan, missing), missing);
  // Where all threads wait in their loops there will hardly be more looks, and nothing to count.
  const counts = isCalm(counted.threads) ? null : countPulses(pulses, tids);
  const activity = readActivityAt(plan, momentOf(counted.look ?? first), !isEnough);
  missing.push(...activity.missing);
  const pausedMs = Math.max(rehearsal.pausedMs, counted.pausedMs, activity.pausedMs);
  const withValues = await addLoopValues(plan, counted, pausedMs);
  const calm = isCalm(counted.threads, activity.activity);
  const countsCollector = isNearlyFull(activity.activity.heaps.get(pid));
  const { looks } = options;
  const quick =
    looks === undefined || calm
      ? noLooks
      : await lookOn(
          { ...plan, tids, counted: counted.threads, asleep },
          pulses,
          { ...looks, countsCollector },
          counts,
          missing,
        );
  return {
    pausedMs: Math.max(withValues.pausedMs, quick.pausedMs),
    threads: [...withValues.threads, ...native],
    isolates,
    asleep,
    looks: [firstLook(counted.threads), ...quick.looks],
    activity: activity.activity,
  };
}

/** What makes stacks of a look, with the values that are wanted. */
function decoderFor(
  target: Target,
  mappings: readonly Mapping[],
  { isolates }: ReadOptions,
  endsAtMs: number,
): (values: ValuesWanted) => LookPlan['decode'] {
  const known = new Map(isolates?.map((isolate) => [isolate.tid, isolate]));
  return (values) => (look, budgetMs, at) =>
    readThreads(
      {
        ...{ target, memory: look.memory, mappings, values },
        endsAtMs: Math.min(endsAtMs, performance.now() + budgetMs),
      },
      look.threads.map((thread) => threadStart(thread, known.get(thread.tid), at)),
    );
}

const noLooks = { looks: [] as QuickLook[], pausedMs: 0 };

/** @param counts null: nothing has been counted yet */
async function lookOn(
  plan: QuickLookPlan,
  pulses: PulseReader,
  wishes: QuickLookWishes,
  counts: CountedPulses | null,
  missing: Missing[],
): Promise<typeof noLooks> {
  try {
    return await takeQuickLooks(plan, pulses, wishes, counts ?? countPulses(pulses, plan.tids));
  } catch (error) {
    noteItEnded('more looks', missing, error);
    return noLooks;
  }
}

/** The first look. */
interface Rehearsal {
  readonly look: Look;
  readonly threads: readonly ThreadReading[];
  readonly pausedMs: number;
  /** Set when all threads slept from before they were read: what was read is of one moment as long as they do. */
  readonly asleep: SleepingThreads | null;
}

/** The first look: all threads; its copy is decoded while they run on. */
async function rehearse(
  target: Target,
  mappings: readonly Mapping[],
  { deadlineMs }: ReadOptions,
  decode: LookPlan['decode'],
): Promise<Rehearsal> {
  const wishes = {
    ...{ tids: target.listThreads(), mappings, pages: [], holdWhileDecoding: false },
    oneByOne: true,
    patientUntilMs: performance.now() + deadlineMs / 2,
  };
  const { result: look, pausedMs } = takeLook(target.pid, wishes, (taken) => taken);
  const isWhole = look.refused.length === 0;
  const asleep = isWhole ? await SleepingThreads.after(target.pid, look.threads) : null;
  return { look, pausedMs, asleep, threads: decode(look, deadlineMs / 2) };
}

function threadPointerOf({ tid, registers: { fsBase } }: StoppedThread): ThreadPointer {
  return { tid, fsBase };
}

function threadStart(
  { tid, registers }: StoppedThread,
  isolate: KnownIsolate | undefined,
  at: CallPlace | undefined,
): ThreadStart {
  return {
    tid,
    registers,
    ...knownFacts(isolate),
    ...(at !== undefined && { at }),
  };
}
