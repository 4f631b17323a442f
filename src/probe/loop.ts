/**
 * Does the main event loop of a process turn? Asked again and again by the watchdog, so it must be cheap: a few small reads
 * from outside, which the process does not notice. Three sights are put together:
 *   - the loop's own clock, which libuv sets each time the loop turns (and only then);
 *   - the system call of the main thread: in epoll on the loop's own descriptor it waits for work and will answer; in
 *     epoll on another descriptor it is inside a nested loop (execSync) and will not;
 *   - its state: stopped, traced and frozen threads are not to blame.
 * Where the loop's clock cannot be read either, a thread that neither waits in epoll nor has made a system call nor
 * given up the CPU since the last reading is taken as not turning. That may miss a hang; it does not invent one.
 *
 * Only when these leave a doubt is an agent inside asked, if there is one: its question wakes the loop up.
 */
import { SleeperError } from '../errors.ts';
import { openEventLoop } from '../reader/read.ts';
import type { EventLoopClock, EventLoopReading, LoopUse } from '../reader/reading.ts';
import { type AgentClient, type IsolateAnswer, connectAgent } from './agent.ts';
import { type Fact, absent, known, readFact, reasonOf } from './fact.ts';
import type { ProcessIdentity } from './identity.ts';
import { OpenFiles } from './open-files.ts';
import { type StatReading, readStatus } from './stat.ts';
import { type SyscallReading, epollDescriptorOf } from './syscall.ts';
import { isFrozen, readWchan } from './task.ts';

/** What one look at the main loop gave. */
export interface LoopReading {
  /** When, in milliseconds of CLOCK_MONOTONIC (performance.now). */
  readonly atMs: number;
  /** Who answered. */
  readonly via: 'agent' | 'reader' | 'proc';
  /**
   * `turning`: it turned just now · `polling`: it waits in its own poll, and would answer · `stuck`: it did not turn ·
   * `stopped`, `traced`, `frozen`: somebody holds the process · `unknown`: nothing can be said yet · `gone`
   */
  readonly loop:
    'turning' | 'polling' | 'stuck' | 'stopped' | 'traced' | 'frozen' | 'unknown' | 'gone';
  /** Time since the loop turned last, where its clock can be read. */
  readonly lastTurnAgoMs?: number;
  /** What /proc/PID/stat said at the same time; a zombie's when it was the last look. Absent: it is gone. */
  readonly stat?: StatReading;
}

/** One in the making: a thousand are made every second. */
type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** Looks at one process again and again. */
export interface LoopProbe {
  /** Takes one look from outside: some ten microseconds, nothing is waited for. */
  look(): LoopReading;
  /** Takes one look, and asks an agent when that leaves a doubt. @param timeoutMs how long an agent may take to answer */
  read(timeoutMs: number): Promise<LoopReading>;
  /** Asks the agent for a sign of life of every event loop, Workers' too. */
  askIsolates(timeoutMs: number): Promise<Fact<readonly IsolateAnswer[]>>;
  /** What the loop did with its time, as far as this version of libuv tells. */
  readUse(): LoopUse | null;
  /** Why the better ways of looking cannot be used, once tried; for people. */
  readonly weakness: string | null;
  close(): void;
}

/** The ways to ask, replaceable by tests. */
export interface LoopProbeSources {
  connectAgent(pid: number): AgentClient;
  openEventLoop(pid: number): EventLoopClock | Promise<EventLoopClock>;
}

/** A loop that turned within this time turns: an ordinary callback takes less. */
const turningWithinMs = 100;
/** An agent that was not there is looked for again after this time: the program may have loaded it late. */
const agentRetryMs = 10_000;

/**
 * Judges the main loop by its clock and by the call its thread is in.
 * @param syscall read before the clock: a loop that wakes up in between has set its clock
 */
export function judgeLoop(
  clock: EventLoopReading,
  syscall: Fact<SyscallReading>,
): 'turning' | 'polling' | 'stuck' | 'unknown' {
  if (clock.lastTurnAgoMs <= turningWithinMs) return 'turning';
  if (!syscall.known) return 'unknown';
  return epollDescriptorOf(syscall.value) === clock.backendFd ? 'polling' : 'stuck';
}

/** Prepares looking at a process. Never throws: what is not possible is left out. */
export async function openLoopProbe(
  identity: ProcessIdentity,
  sources: LoopProbeSources = { connectAgent, openEventLoop },
): Promise<LoopProbe> {
  const clock = await openClock(identity.pid, sources);
  return new CombinedLoopProbe(OpenFiles.open(identity), identity.pid, sources, clock);
}

async function openClock(pid: number, sources: LoopProbeSources): Promise<Fact<EventLoopClock>> {
  try {
    return known(await sources.openEventLoop(pid));
  } catch (error) {
    return absent(error instanceof Error ? error.message : reasonOf(error));
  }
}

/** Signs that a thread did something since the last look: it waited, or made a system call that moved bytes. */
interface Activity {
  readonly voluntarySwitches: number;
  readonly systemCalls: number;
}

class CombinedLoopProbe implements LoopProbe {
  readonly #files: OpenFiles | null;
  readonly #pid: number;
  readonly #sources: LoopProbeSources;
  readonly #clock: Fact<EventLoopClock>;
  #agent: AgentClient | null = null;
  #agentMissingAtMs = -Infinity;
  #activity: Activity | null = null;
  /** What its clock said when it was seen to wait in its poll; null: not seen, or it has turned since. */
  #pollingSinceMs: number | null = null;

  /** @param files null: the process is gone already */
  constructor(
    files: OpenFiles | null,
    pid: number,
    sources: LoopProbeSources,
    clock: Fact<EventLoopClock>,
  ) {
    this.#files = files;
    this.#pid = pid;
    this.#sources = sources;
    this.#clock = clock;
  }

  get weakness(): string | null {
    return this.#clock.known || this.#agent !== null ? null : this.#clock.reason;
  }

  look(): LoopReading {
    const stat = this.#files?.readStat() ?? null;
    if (this.#files === null || stat === null) return readingOf('proc', 'gone');
    if (stat.state === 'Z' || stat.state === 'X') return { ...readingOf('proc', 'gone'), stat };
    if (stat.state === 'T') return { ...readingOf('proc', 'stopped'), stat };
    if (stat.state === 't') return { ...readingOf('proc', 'traced'), stat };
    let reading: Mutable<LoopReading>;
    try {
      reading = this.#lookAtClock(this.#files) ?? this.#lookAtProc(this.#files.readSyscall());
    } catch (error) {
      // It ended between two lines.
      if (!(error instanceof SleeperError) || error.code !== 'ERR_SLEEPER_TARGET_GONE') throw error;
      return readingOf('proc', 'gone');
    }
    // A frozen process looks stuck; only then is it worth asking.
    const frozen = reading.loop === 'stuck' && isFrozen(readWchan(this.#pid, this.#pid));
    reading.stat = stat;
    if (frozen) reading.loop = 'frozen';
    return reading;
  }

  async read(timeoutMs: number): Promise<LoopReading> {
    const outside = this.look();
    const isDoubtful = outside.loop === 'stuck' || outside.loop === 'unknown';
    if (!isDoubtful && (outside.via === 'reader' || outside.loop !== 'polling')) return outside;
    const isolates = await this.askIsolates(timeoutMs);
    if (!isolates.known) return outside;
    const main = isolates.value.find((isolate) => isolate.tid === this.#pid);
    if (main === undefined) return outside;
    const { stat } = outside;
    const seen = { via: 'agent', ...(stat !== undefined && { stat }) } as const;
    if (main.loopUs !== null) return { ...seen, atMs: now(), loop: 'turning', lastTurnAgoMs: 0 };
    // It did not answer for longer than one instant; meanwhile somebody may have stopped it.
    const after = this.look();
    if (after.loop === 'gone' || isHeld(after)) return after;
    return { ...after, via: 'agent', loop: after.loop === 'turning' ? 'turning' : 'stuck' };
  }

  async askIsolates(timeoutMs: number): Promise<Fact<readonly IsolateAnswer[]>> {
    if (this.#agent === null && now() - this.#agentMissingAtMs < agentRetryMs) {
      return absent('no agent');
    }
    try {
      this.#agent ??= this.#sources.connectAgent(this.#pid);
    } catch (error) {
      this.#agentMissingAtMs = now();
      return absent(error instanceof Error ? error.message : 'no agent');
    }
    const isolates = await this.#agent.probe(timeoutMs);
    if (!isolates.known) this.#closeAgent();
    return isolates;
  }

  readUse(): LoopUse | null {
    return this.#clock.known ? (this.#clock.value.readUse?.() ?? null) : null;
  }

  close(): void {
    this.#closeAgent();
    this.#files?.close();
  }

  #closeAgent(): void {
    this.#agent?.close();
    this.#agent = null;
  }

  /**
   * By the loop's clock; most looks need no more. libuv sets it whenever a wait in its poll ends: a loop that was seen to wait,
   * and whose clock has not moved since, waits on. @returns null when the clock cannot be read
   */
  #lookAtClock(files: OpenFiles): LoopReading | null {
    const first = this.#readClock();
    if (first === null) return null;
    if (first.turnedAtMs === this.#pollingSinceMs)
      return readingOf('reader', 'polling', first.lastTurnAgoMs);
    this.#pollingSinceMs = null;
    if (first.lastTurnAgoMs <= turningWithinMs)
      return readingOf('reader', 'turning', first.lastTurnAgoMs);
    // The call first, then the clock: see judgeLoop().
    const syscall = files.readSyscall();
    const clock = this.#readClock();
    if (clock === null) return null;
    const loop = judgeLoop(clock, syscall);
    if (loop === 'polling') this.#pollingSinceMs = clock.turnedAtMs;
    return readingOf('reader', loop, clock.lastTurnAgoMs);
  }

  #readClock(): EventLoopReading | null {
    return this.#clock.known ? this.#clock.value.read() : null;
  }

  #lookAtProc(syscall: Fact<SyscallReading>): LoopReading {
    const before = this.#activity;
    const activity = readActivity(this.#pid);
    this.#activity = activity.known ? activity.value : null;
    if (!syscall.known) return readingOf('proc', 'unknown');
    if (epollDescriptorOf(syscall.value) !== null) return readingOf('proc', 'polling');
    if (before === null || !activity.known) return readingOf('proc', 'unknown');
    const moved =
      activity.value.voluntarySwitches !== before.voluntarySwitches ||
      activity.value.systemCalls !== before.systemCalls;
    return readingOf('proc', moved ? 'turning' : 'stuck');
  }
}

/** Somebody holds the process: nobody may blame it. */
export function isHeld({ loop }: LoopReading): boolean {
  return loop === 'stopped' || loop === 'traced' || loop === 'frozen';
}

function now(): number {
  return performance.now();
}

function readingOf(
  via: LoopReading['via'],
  loop: LoopReading['loop'],
  lastTurnAgoMs?: number,
): Mutable<LoopReading> {
  const reading: Mutable<LoopReading> = { atMs: now(), via, loop };
  if (lastTurnAgoMs !== undefined) reading.lastTurnAgoMs = lastTurnAgoMs;
  return reading;
}

function readActivity(pid: number): Fact<Activity> {
  const status = readStatus(pid, pid);
  if (!status.known) return status;
  const systemCalls = readFact(`/proc/${pid}/task/${pid}/io`, (text) =>
    [...text.matchAll(/^sysc[rw]: (\d+)$/gm)].reduce((sum, match) => sum + Number(match[1]), 0),
  );
  if (!systemCalls.known) return systemCalls;
  return known({
    voluntarySwitches: status.value.voluntarySwitches,
    systemCalls: systemCalls.value,
  });
}
