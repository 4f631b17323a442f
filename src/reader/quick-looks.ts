/**
 * A few quick looks at the JavaScript threads after the one that counts: stacks without values, each in a stop of its own of
 * well under a millisecond. They show whether the program moves. Between them the pulse is taken without stopping
 * anything, which shows what moves too fast to be seen in a look: turns of the loop, microtasks, the collector.
 */
import { limits } from '../limits.ts';
import { isMachineFrame } from '../report/machine-frame.ts';
import { oldGenerationBytes } from '../report/old-generation.ts';
import type { Frame, HeapSizes, SampleFrame } from '../report/schema.ts';
import { monotonicMs } from './loop/event-loop.ts';
import type { SleepingThreads } from './memory/asleep.ts';
import { takeLook, type TakenLook } from './memory/look.ts';
import type { LookPlan } from './looks.ts';
import type { Pulse, PulseReader } from './pulse.ts';
import type { LoopActivity, QuickLook, QuickThread, ThreadReading } from './reading.ts';
import { isWaiting, takePulse } from './rhythm.ts';

/** How often to look, and what to do right before each look. */
export interface QuickLookWishes {
  readonly count: number;
  /** Looks while they leave open how long a turn of the main loop takes, or whether ticks come and go. */
  readonly atMost: number;
  /** A loop that has not turned for this long is stuck, and nothing is open. */
  readonly stuckAfterMs: number;
  readonly apartMs: number;
  /** The same for a loop that is stuck in one thing: whether that moves shows at once, and nothing has to be counted. */
  readonly apartIfPlainMs: number;
  /** True: the heap is nearly full, and whether the collector works is to be counted. */
  readonly countsCollector?: boolean;
  /** False: looks that would stop the target are not taken. Default true. */
  readonly mayStop?: boolean;
  /** Called before the target is stopped: what /proc says must be of an undisturbed process. */
  readonly beforeLook?: () => void;
}

/** The looks come after one that counts. */
export interface QuickLookPlan extends LookPlan {
  /** What that one saw. */
  readonly counted: readonly ThreadReading[];
  /** Null: its threads may have run since. */
  readonly asleep: SleepingThreads | null;
}

/** The loop's clock in the report may have been read a moment before the look that counts. */
const clockMarginMs = 100;
/** In lib/internal/process/task_queues.js; its local asyncId is another one for each tick. */
const tickFunction = 'processTicksAndRejections';

/** The moment of the look that counts. */
export interface CountedPulses {
  /** By the clock libuv uses, as in a Pulse. */
  readonly startedAtMs: number;
  readonly pulses: ReadonlyMap<number, Pulse>;
}

/** Takes the pulse of the threads at the look that counts. */
export function countPulses(pulses: PulseReader, tids: readonly number[]): CountedPulses {
  return {
    startedAtMs: monotonicMs(),
    pulses: new Map(tids.map((tid) => [tid, pulses.read(tid)])),
  };
}

/** True when all threads wait in their loops and nothing is under way: more looks would show the same. */
export function isCalm(threads: readonly ThreadReading[], activity?: LoopActivity): boolean {
  const isIdle = ({ frames, vmState }: ThreadReading): boolean =>
    isWaiting(vmState) && frames.every(isMachineFrame);
  const pool = activity?.threadpool;
  return (
    threads.every(isIdle) &&
    (activity?.requests.length ?? 0) === 0 &&
    (pool === undefined || pool.running + pool.queued === 0)
  );
}

/** Of a heap that is this full the collector may have more to do than the program has. */
const nearlyFullShare = 0.7;

/** Whether the collector is to be counted. */
export function isNearlyFull(heap: HeapSizes | undefined): boolean {
  if (heap?.limitBytes === undefined) return false;
  return oldGenerationBytes(heap) > nearlyFullShare * heap.limitBytes;
}

/** The look that counts, in the form of the others. */
export function firstLook(threads: readonly ThreadReading[]): QuickLook {
  return { atMs: 0, threads: threads.map(quickThread) };
}

/**
 * Looks `count` times. Ends early when its time is over.
 * @param counted the moment of the look that counts
 */
export async function takeQuickLooks(
  plan: QuickLookPlan,
  pulses: PulseReader,
  wishes: QuickLookWishes,
  counted: CountedPulses,
): Promise<{ readonly looks: QuickLook[]; readonly pausedMs: number }> {
  const { target, tids, endsAtMs, asleep } = plan;
  const { startedAtMs } = counted;
  let before = counted.pulses;
  // What was done since the look that counts is time in which something could have moved.
  let lookedAtMs = performance.now() - (monotonicMs() - startedAtMs);
  const looks: QuickLook[] = [];
  let shown = firstLook(plan.counted).threads;
  let pausedMs = 0;
  /** Looks far enough apart for counts and shares to mean something. */
  let apart = 0;
  const haveSlept = (): boolean => asleep?.haveSlept === true;
  const isEnough = (isPlain: boolean): boolean => {
    if (looks.length >= wishes.atMost) return true;
    // One that has not run at all cannot have moved between the looks either.
    if (isPlain) return looks.length >= (haveSlept() ? 1 : wishes.count);
    return apart >= wishes.count && isDecided(looks, target.pid, wishes.stuckAfterMs, counted);
  };
  const mayNotLook = (): boolean => wishes.mayStop === false && !haveSlept();
  for (;;) {
    const isPlain =
      wishes.countsCollector !== true &&
      isPlainlyStuck(looks, target.pid, wishes.stuckAfterMs, counted);
    if (isEnough(isPlain) || mayNotLook()) break;
    if (!isPlain) apart++;
    const dueMs = isPlain ? lookedAtMs + wishes.apartIfPlainMs : performance.now() + wishes.apartMs;
    if (dueMs >= endsAtMs) break;
    const rhythms = await takePulse(pulses, tids, dueMs, before);
    // What happens during a look is counted with what comes after it.
    before = new Map([...rhythms].map(([tid, rhythm]) => [tid, rhythm.last]));
    if (mayNotLook()) break;
    wishes.beforeLook?.();
    const atMs = monotonicMs() - startedAtMs;
    lookedAtMs = performance.now();
    // Threads that have slept since are where they were, and need not be stopped to see it.
    if (!haveSlept()) {
      const taken = lookQuickly(plan);
      pausedMs = Math.max(pausedMs, taken.pausedMs);
      shown = taken.result.map(quickThread);
    }
    const seen = shown.map((thread) => ({ ...thread, ...rhythms.get(thread.tid)?.sum() }));
    looks.push({ atMs, threads: seen.map((thread) => addCounts(thread, looks.at(-1))) });
  }
  return { looks, pausedMs };
}

function lookQuickly({
  target,
  mappings,
  tids,
  pages,
  decodeStacks,
}: LookPlan): TakenLook<readonly ThreadReading[]> {
  const wishes = { tids, mappings, pages, holdWhileDecoding: false };
  return takeLook(target.pid, wishes, (look) => {
    const threads = decodeStacks(look, (name) => name === tickFunction);
    for (const page of look.memory.usedPages) pages.add(page);
    return threads;
  });
}

/** Counts are told since the first look. */
function addCounts(thread: QuickThread, before: QuickLook | undefined): QuickThread {
  const { loopTurns, microtasks } = thread;
  const last = before?.threads.find(({ tid }) => tid === thread.tid);
  return {
    ...thread,
    ...(loopTurns !== undefined && { loopTurns: loopTurns + (last?.loopTurns ?? 0) }),
    ...(microtasks !== undefined && { microtasks: microtasks + (last?.microtasks ?? 0) }),
  };
}

/** The main loop has not turned for long, and it is neither microtasks, nor ticks, nor the collector that keep it from that. */
function isPlainlyStuck(
  looks: readonly QuickLook[],
  tid: number,
  stuckAfterMs: number,
  counted: CountedPulses,
): boolean {
  const stalledMs = stalledAtLastLook(looks, tid, counted);
  if (stalledMs === null || stalledMs < stuckAfterMs + clockMarginMs) return false;
  const seen = looks.flatMap(({ threads }) => threads);
  return !seen.some(
    ({ loopTurns = 0, microtasks = 0, vmState, vmStates = {}, frames }) =>
      loopTurns > 0 ||
      microtasks > 0 ||
      vmState === 'GC' ||
      vmStates['GC'] !== undefined ||
      frames.some(isTickLoop),
  );
}

/** Whether the looks at the main thread leave nothing open that more of them would show. */
function isDecided(
  looks: readonly QuickLook[],
  tid: number,
  stuckAfterMs: number,
  counted: CountedPulses,
): boolean {
  const seen = looks.flatMap(({ threads }) => threads.filter((thread) => thread.tid === tid));
  const turns = seen.at(-1)?.loopTurns ?? 0;
  const ticks = seen.filter(({ frames }) => frames.some(isTickLoop));
  const ids = new Set(ticks.flatMap(({ tickId }) => tickId ?? []));
  if (turns === 0 && ticks.length > 0 && ids.size < 2) return false;
  if (turns > 1 || seen.some(({ pollingShare = 1 }) => pollingShare > 0)) return true;
  const stalledMs = stalledAtLastLook(looks, tid, counted) ?? Infinity;
  return turns === 0 && stalledMs >= stuckAfterMs + clockMarginMs;
}

/** By the last look, not by now: the verdict knows of looks only. Null: its clock cannot be read. */
function stalledAtLastLook(
  looks: readonly QuickLook[],
  tid: number,
  { pulses, startedAtMs }: CountedPulses,
): number | null {
  const turnedAtMs = pulses.get(tid)?.turnedAtMs;
  return turnedAtMs === undefined ? null : startedAtMs + (looks.at(-1)?.atMs ?? 0) - turnedAtMs;
}

function isTickLoop(frame: { readonly function: string }): boolean {
  return frame.function === tickFunction;
}

function quickThread({ tid, vmState, frames }: ThreadReading): QuickThread {
  const asyncId = frames
    .find((frame) => frame.function === tickFunction)
    ?.locals.find(({ name, value }) => name === 'asyncId' && value.type === 'number');
  return {
    tid,
    ...(vmState !== undefined && { vmState }),
    ...(asyncId !== undefined && { tickId: Number(asyncId.value.preview) }),
    frames: frames.slice(0, limits.maxSampleFrames).map(sampleFrame),
  };
}

function sampleFrame({ function: name, file, line, column, kind }: Frame): SampleFrame {
  return {
    function: name,
    kind,
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
  };
}
