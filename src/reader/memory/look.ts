/**
 * One look at a live process: its threads stand still while registers, stacks and the wanted pages are copied, and run
 * on before anything is decoded. The copy is one consistent moment.
 */
import { limits } from '../../limits.ts';
import { pageBytes, registerSetBytes, requireNative, type StoppedCopy } from '../../native.ts';
import { LiveMemory } from './live.ts';
import type { Mapping } from './maps.ts';
import { PagedMemory } from './paged.ts';
import { isUninterruptible, readOwnBusyThreads, readTracerPid } from './process-files.ts';
import { parseRegisters, type Registers } from './registers.ts';
import type { Address } from './source.ts';

export interface StoppedThread {
  readonly tid: number;
  readonly registers: Registers;
  /** All of them, as Native.stopThreads() fills them. */
  readonly registerSet: Buffer;
}

export interface Look {
  readonly memory: PagedMemory;
  readonly threads: readonly StoppedThread[];
  /** Threads that could not be stopped, with the errno. */
  readonly refused: readonly { readonly tid: number; readonly errno: number }[];
}

export interface TakenLook<Result> {
  readonly result: Result;
  /** How long the threads stood still. */
  readonly pausedMs: number;
  /** False: they ran on before `decode` was done, because the hold limit had passed. */
  readonly isConsistent: boolean;
}

export interface LookWishes {
  readonly tids: readonly number[];
  readonly mappings: readonly Mapping[];
  /** Pages to copy besides the stacks. */
  readonly pages: Iterable<Address>;
  /** False: only registers and the named pages. Default true. */
  readonly stacks?: boolean;
  /** True: the threads stand still until `decode` has returned, so that every read is of the same moment. */
  readonly holdWhileDecoding: boolean;
  /** True: each stands still by itself; what they share is not of one moment. */
  readonly oneByOne?: boolean;
  /** performance.now() until which a thread that gets no processor is waited for; absent: no longer than for any other. */
  readonly patientUntilMs?: number;
}

/** For one of the groups of threads that stand still together. */
interface GroupWishes extends LookWishes {
  /** performance.now() until which other tracers are waited for, by all groups together. */
  readonly tracedUntilMs: number;
}

/**
 * In a look that is not of one moment each thread stands still alone, for a tenth of a millisecond; several wait for each
 * other. When one does not come at once (uninterruptible, or no processor for it), the others are likely alike, and are
 * waited for together.
 */
const slowStopMs = 20;
const threadsIfSlow = 4;
/** ETIMEDOUT of stopThreads(): the thread did not come to a stop. */
const timedOut = 110;
/** EPERM of stopThreads(): refused, or traced by another. */
const notPermitted = 1;
/** How often others are asked whether they are done. */
const pollMs = 1;
/** For a tracer that comes and goes; when the kernel refuses there is none, and asking again costs next to nothing. */
const maxTries = 5;
const clock = new Int32Array(new SharedArrayBuffer(4));

/** Stops, copies, resumes, decodes; whatever `decode` throws, the target runs on. */
export function takeLook<Result>(
  pid: number,
  wishes: LookWishes,
  decode: (look: Look) => Result,
): TakenLook<Result> {
  const memory = new PagedMemory(new LiveMemory(pid));
  const seen = { threads: [] as StoppedThread[], refused: [] as Look['refused'][number][] };
  const stop = new HeldStop();
  let pausedMs = 0;
  const tracedUntilMs = performance.now() + limits.otherTracerMs;
  letOwnThreadsFinish();
  try {
    for (const tids of groupsOf(pid, wishes)) {
      const taken = stopAndCopy(pid, tids, { ...wishes, tracedUntilMs }, memory);
      const { threads, refused, earlierMs } = taken;
      seen.threads.push(...threads);
      seen.refused.push(...refused);
      pausedMs = Math.max(pausedMs, earlierMs);
      if (!wishes.holdWhileDecoding)
        pausedMs = Math.max(pausedMs, requireNative().resumeThreads() / 1000);
    }
    const result = decode({ memory, ...seen });
    const us = stop.resume();
    return { result, pausedMs: Math.max(pausedMs, Math.abs(us) / 1000), isConsistent: us >= 0 };
  } finally {
    stop.resume();
  }
}

/**
 * V8 compiles and collects for us on threads of its own, most of all after work that was done for the first time. A
 * thread of the target needs a processor to come to its stop, and the kernel does not take one of theirs away at once: on
 * two processors, five threads were waited for 2 to 10 ms, now 0.15.
 */
function letOwnThreadsFinish(): void {
  waitWhile(() => readOwnBusyThreads().length > 0, performance.now() + limits.ownThreadsMs);
}

/** Which threads stand still together. The main thread is asked last and let go first. */
function* groupsOf(pid: number, { tids, oneByOne }: LookWishes): Generator<Int32Array> {
  const main = tids.includes(pid) ? [pid] : [];
  const others = tids.filter((tid) => tid !== pid).slice(0, limits.maxThreads - main.length);
  if (oneByOne !== true) {
    yield Int32Array.from([...others, ...main]);
    return;
  }
  // Whatever patience there is, it is for the main thread first.
  if (main.length > 0) yield Int32Array.from(main);
  let atOnce = 1;
  for (let at = 0; at < others.length;) {
    const startedAtMs = performance.now();
    yield Int32Array.from(others.slice(at, at + atOnce));
    at += atOnce;
    if (performance.now() - startedAtMs > slowStopMs) atOnce = threadsIfSlow;
  }
}

function stopAndCopy(
  pid: number,
  tids: Int32Array,
  wishes: GroupWishes,
  memory: PagedMemory,
): Pick<Look, 'threads' | 'refused'> & { readonly earlierMs: number } {
  const registers = Buffer.alloc(tids.length * registerSetBytes);
  const results = new Int32Array(tids.length);
  // All that can be prepared is, before anybody stands still.
  const copy = prepareCopy(pid, tids.length, wishes);
  const { stopped, earlierMs } = stopAll(pid, { tids, registers, results, copy }, wishes);
  if (stopped > 0) keepPages(copy, memory);
  return { ...sortResults(tids, registers, results), earlierMs };
}

/**
 * A thread stops when it is given a processor. On a machine that gives it none, all are let go and asked once more, with
 * patience: it is worth little to know all threads but the one that works. One in uninterruptible sleep is not waited for.
 * Likewise when another tracer has one: a look of somebody else's is over in a moment.
 * @returns how many stand still, or stood, and how long those of tries before this one did
 */
function stopAll(
  pid: number,
  words: StopWords,
  { patientUntilMs = 0, holdWhileDecoding, tracedUntilMs }: GroupWishes,
): { stopped: number; earlierMs: number } {
  const native = requireNative();
  const { tids, registers, results, copy } = words;
  const holdLimitMs = holdWhileDecoding ? limits.holdLimitMs : 0;
  let earlierMs = 0;
  const letGo = (): void => {
    earlierMs = Math.max(earlierMs, Math.abs(native.resumeThreads()) / 1000);
  };
  const stop = (timeoutMs: number): number => {
    letGo();
    copy[1].fill(0, copy[2]);
    return native.stopThreads(tids, registers, results, timeoutMs, holdLimitMs, ...copy);
  };
  let stopped = stop(limits.stopTimeoutMs);
  let isFree = true;
  for (let tries = 0; tries < maxTries && isFree && results.includes(notPermitted); tries++) {
    // Nobody stands still while we wait for another.
    letGo();
    const refused = tids.filter((_, i) => results[i] === notPermitted);
    isFree = waitWhile(() => refused.some((tid) => readTracerPid(tid) !== 0), tracedUntilMs);
    stopped = stop(limits.stopTimeoutMs);
  }
  const isStarved = tids.some((tid, i) => results[i] === timedOut && !isUninterruptible(pid, tid));
  const patienceMs = Math.min(limits.starvedStopTimeoutMs, patientUntilMs - performance.now());
  if (isStarved && patienceMs > limits.stopTimeoutMs) stopped = stop(Math.floor(patienceMs));
  return { stopped, earlierMs };
}

/** Waits until something is over. @returns false when it is not after the time */
function waitWhile(goesOn: () => boolean, untilMs: number): boolean {
  while (goesOn()) {
    if (performance.now() > untilMs) return false;
    // Nothing else of ours is to run before the look is taken.
    Atomics.wait(clock, 0, 0, pollMs);
  }
  return true;
}

/** Arrays that a stop fills. */
interface StopWords {
  readonly tids: Int32Array;
  readonly registers: Buffer;
  readonly results: Int32Array;
  readonly copy: StoppedCopy;
}

/** The threads stand still from the call of stopThreads() on, and run on at the first resume(). */
class HeldStop {
  #stoodStillUs: number | null = null;

  /** @returns as Native.resumeThreads(), the same at every call */
  resume(): number {
    this.#stoodStillUs ??= requireNative().resumeThreads();
    return this.#stoodStillUs;
  }
}

function sortResults(
  tids: Int32Array,
  registers: Buffer,
  results: Int32Array,
): Pick<Look, 'threads' | 'refused'> {
  const threads: StoppedThread[] = [];
  const refused: { tid: number; errno: number }[] = [];
  tids.forEach((tid, i) => {
    const errno = results[i] ?? 0;
    if (errno !== 0) refused.push({ tid, errno });
    else {
      const bytes = registers.subarray(i * registerSetBytes, (i + 1) * registerSetBytes);
      threads.push({ tid, registers: parseRegisters(bytes), registerSet: bytes });
    }
  });
  return { threads, refused };
}

/** Where pages are copied to in the stop: touched before, because each new page of ours costs the target half a microsecond. */
let scratch = Buffer.alloc(0);
const touchedBytes = 2 << 20;
/** Room for stacks in one look, all threads together. */
const maxStackPages = 16_384;

function prepareCopy(pid: number, threads: number, wishes: LookWishes): StoppedCopy {
  const wanted = Float64Array.from([...wishes.pages].slice(0, limits.maxWantedPages)).sort();
  const stackBytes = wishes.stacks === false ? 0 : limits.maxStackBytes;
  const stackPages = Math.min(maxStackPages, (threads * stackBytes) / pageBytes);
  const pages = new Float64Array(wanted.length + stackPages);
  pages.set(wanted);
  if (scratch.length < pages.length * pageBytes) {
    scratch = Buffer.allocUnsafeSlow(pages.length * pageBytes);
    scratch.fill(0, 0, Math.min(scratch.length, touchedBytes));
  }
  const ranges = Float64Array.from(wishes.mappings.flatMap(({ start, end }) => [start, end]));
  const readable = new Uint8Array(pages.length);
  return [pid, pages, wanted.length, ranges, stackBytes, scratch, readable];
}

/** Puts what was copied into the memory; stacks are known by their addresses, which are not 0. */
function keepPages([, pages, , , , out, readable]: StoppedCopy, memory: PagedMemory): void {
  const end = pages.indexOf(0);
  const count = end < 0 ? pages.length : end;
  const bytes = Buffer.allocUnsafeSlow(count * pageBytes);
  bytes.set(out.subarray(0, bytes.length));
  for (let i = 0; i < count; i++) {
    const page = bytes.subarray(i * pageBytes, (i + 1) * pageBytes);
    memory.preload(pages[i] ?? 0, readable[i] === 1 ? page : null);
  }
}
