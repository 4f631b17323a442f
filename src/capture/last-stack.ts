/**
 * The stack of the thread that dies, as it was when it began to die: without what stands on top of it meanwhile, which is
 * our own code and whatever called it.
 */
import { isMachineFrame } from '../report/machine-frame.ts';
import type { ProcessFacts } from '../probe/process-facts.ts';
import type { ErrorRecord, Fault, Frame, Missing, Thread, Trigger } from '../report/schema.ts';
import type { KeptStack } from '../reader/kept-stack.ts';
import type { ReadScripts } from '../reader/reading.ts';
import type { CaptureDependencies } from './climb.ts';
import { parseErrorFrames } from './error-frames.ts';
import { findErrorStack, withoutErrorReporter } from './error-stack.ts';
import { type FaultNotes, faultSection } from './fault-section.ts';
import { addSourceLines } from './source-lines.ts';
import { within } from './within.ts';

/** What the agent of a dying process knows. */
export interface Death {
  /** Thread that dies, or that kills the process. */
  readonly tid: number;
  /** The stack at the throw, as the agent has kept it. */
  readonly thrown?: Omit<KeptStack, 'tid'>;
  readonly fault?: FaultNotes;
}

/** The stack at the throw. */
export interface ThrowStack {
  readonly frames: Frame[];
  readonly omitted?: Omitted;
  /** What is missing in it. */
  readonly note?: string;
}

type Omitted = NonNullable<Thread['omitted']>;

const addonName = 'sleeper.node';
const valuesAtThrow = 'arguments and locals at the throw';
const notThrown = 'the error was not thrown by the code that made it, but handed to Node';
const atThrow = 'the stack at the throw';
const noStack = 'the error has no stack; this is where Node found that nobody handles it';
const exitModule = 'node:internal/process/per_thread';
/** Of the time left: one thread, no tasks. */
const keptStackShare = 0.5;

/** A death as far as it is known before the process itself is read. */
export interface DeathReading {
  readonly tid: number;
  readonly pid: number;
  readonly trigger: Trigger;
  readonly error: ErrorRecord | undefined;
  readonly fault: Fault | undefined;
  /** The stack at the throw; null when it cannot be had. */
  readonly thrown: ThrowStack | null;
  /** Whether that stack has to do with the error shows only in the places before compilation. */
  readonly isDoubtful: boolean;
  /** Of that stack. */
  readonly scripts?: ReadScripts;
}

/**
 * Reads what the agent has kept of the last moment.
 * @param missing gets the reason for what cannot be had
 * @returns null when the process is not dying
 */
export async function readDeath(
  request: {
    readonly pid: number;
    readonly trigger: Trigger;
    readonly death?: Death;
    readonly error?: ErrorRecord;
  },
  timeMs: number,
  dependencies: Pick<CaptureDependencies, 'readKeptStack'>,
  missing: Missing[],
): Promise<DeathReading | null> {
  const { pid, trigger, death, error } = request;
  if (death === undefined) return null;
  const kept = await readThrow(pid, death, error, timeMs, dependencies, missing);
  const fault = death.fault && faultSection(pid, death.fault);
  const { scripts, ...thrown } = kept ?? {};
  return {
    ...{ pid, trigger, tid: death.tid, error, fault },
    isDoubtful: kept !== null && !isStackOf(error, kept.frames),
    thrown: kept === null ? null : { ...thrown, frames: kept.frames },
    ...(scripts !== undefined && { scripts }),
  };
}

async function readThrow(
  pid: number,
  { tid, thrown }: Death,
  error: ErrorRecord | undefined,
  timeMs: number,
  { readKeptStack }: Pick<CaptureDependencies, 'readKeptStack'>,
  missing: Missing[],
): Promise<(ThrowStack & { readonly scripts?: ReadScripts }) | null> {
  if (thrown === undefined) return null;
  const refuse = (reason: string): null => {
    missing.push({ what: valuesAtThrow, reason });
    return null;
  };
  const deadlineMs = timeMs * keptStackShare;
  try {
    const kept = { ...thrown, tid };
    const thread = await within(async () => readKeptStack(pid, kept, deadlineMs), deadlineMs);
    if (!thread.known) return refuse(thread.reason);
    if (thread.value === null || thread.value.frames.length === 0)
      return refuse(thread.value?.note ?? 'no JavaScript was on the stack');
    const { frames, omitted, note, scripts } = thread.value;
    if (!isStackOf(error, frames) && !isMapped(error, frames)) return refuse(notThrown);
    return {
      frames: [...frames],
      ...(omitted !== undefined && { omitted }),
      ...(note !== undefined && { note }),
      ...(scripts !== undefined && { scripts }),
    };
  } catch (failure) {
    return refuse(failure instanceof Error ? failure.message : String(failure));
  }
}

/** Whether the frames have to do with the error: one line of its own stack at least is in them, as it ran or as it was written. */
function isStackOf(error: ErrorRecord | undefined, frames: readonly Frame[]): boolean {
  const own = placesOf(error);
  if (own.length === 0) return true;
  const places = new Set(
    frames.flatMap(({ original, ...ran }) => [ran, original ?? ran]).map(textOfPlace),
  );
  return own.some((place) => places.has(textOfPlace(place)));
}

/** Whether somebody has written the error's stack down in places before compilation (`--enable-source-maps`). */
function isMapped(error: ErrorRecord | undefined, frames: readonly Frame[]): boolean {
  const files = new Set(frames.map(({ file }) => file));
  return placesOf(error).every(({ file }) => !files.has(file));
}

function placesOf(error: ErrorRecord | undefined): Frame[] {
  return parseErrorFrames(error?.stack ?? '').filter(({ line }) => line !== undefined);
}

function textOfPlace({ file, line }: Pick<Frame, 'file' | 'line'>): string {
  return `${file ?? ''}:${line ?? ''}`;
}

/**
 * @param map makes what the report shows of a death, with the places before compilation
 * @returns what it made; once more without the stack at the throw, where it turns out to be that of another error
 */
export async function mapLastStack<T extends { readonly threads: readonly Thread[] }>(
  death: DeathReading | null,
  missing: Missing[],
  map: (death: DeathReading | null, missing: Missing[]) => Promise<T>,
): Promise<T> {
  const missingThen: Missing[] = [];
  const mapped = await map(death, missingThen);
  const dying = mapped.threads.find(({ tid }) => tid === death?.tid);
  if (death?.isDoubtful === true && !isStackOf(death.error, dying?.frames ?? [])) {
    missing.push({ what: valuesAtThrow, reason: notThrown });
    return map({ ...death, thrown: null }, missing);
  }
  missing.push(...missingThen);
  return mapped;
}

/** The thread that dies, shown as it was when it began to. */
export function showLastStack(
  threads: readonly Thread[],
  death: DeathReading,
  facts: Pick<ProcessFacts, 'startedAtMs'>,
  missing: Missing[],
): Thread[] {
  const startedAtMs = facts.startedAtMs.known ? facts.startedAtMs.value : 0;
  return threads.map((shown) => {
    if (shown.tid !== death.tid) return shown;
    // What it is in now is our own waiting.
    const thread = { ...shown };
    delete thread.syscall;
    delete thread.wchan;
    const { trigger, error, thrown, pid, fault } = death;
    if (thrown !== null)
      return {
        ...thread,
        ...thrown,
        note: thrown.note === undefined ? atThrow : `${atThrow}; ${thrown.note}`,
      };
    if (trigger.kind === 'exit') return { ...thread, ...withoutExitReporter(thread) };
    if (fault !== undefined || trigger.secondFault === true || error === undefined)
      return {
        ...thread,
        ...withoutReporter(thread.frames, thread.omitted, fault !== undefined),
      };
    const stack = findErrorStack(error);
    if (stack === null) {
      const first = withoutErrorReporter(thread.frames);
      return { ...thread, ...cutAt(thread.frames, thread.omitted, first), note: noStack };
    }
    missing.push({ what: valuesAtThrow, reason: noValuesReason(trigger) });
    return {
      ...thread,
      frames: addSourceLines(pid, stack.frames, startedAtMs),
      note: `${stack.whose}, as it was when the error was made`,
    };
  });
}

function noValuesReason(trigger: Trigger): string {
  return trigger.kind === 'unhandled-rejection'
    ? 'not-supported: a rejection is known to be unhandled only after its functions have ended; the frames come from the text of error.stack'
    : 'not-supported: the frames come from the text of error.stack';
}

/** Without the innermost frames up to the last one of our addon; for signals also without the kernel's return to it. */
function withoutReporter(
  frames: readonly Frame[],
  omitted: Omitted | undefined,
  isSignal: boolean,
): ThrowStack {
  const machine = frames.findIndex((frame) => !isMachineFrame(frame));
  const innermost = machine < 0 ? frames : frames.slice(0, machine);
  const ours = innermost.findLastIndex(({ file }) => file === addonName);
  return cutAt(frames, omitted, ours < 0 ? 0 : ours + (isSignal ? 2 : 1));
}

/** Without our listener and what calls it. A loop that ran empty has no stack. */
function withoutExitReporter({ frames, omitted }: Thread): ThrowStack {
  const exit = frames.findLastIndex(({ file }) => file === exitModule);
  if (exit >= 0) return { ...cutAt(frames, omitted, exit), note: 'the stack at process.exit()' };
  return { frames: [], note: 'no JS frames: the event loop had nothing left to wait for' };
}

function cutAt(frames: readonly Frame[], omitted: Omitted | undefined, first: number): ThrowStack {
  const rest = frames.slice(first);
  if (omitted === undefined) return { frames: rest };
  return { frames: rest, omitted: { ...omitted, before: Math.max(0, omitted.before - first) } };
}
