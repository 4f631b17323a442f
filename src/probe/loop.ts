/**
 * Does the main event loop of a process turn? Asked again and again by the watchdog, so it must be cheap: a round trip
 * on a socket, or a few small reads.
 *
 * With an agent inside, its answer settles it. Without, three sights from outside are put together:
 *   - the loop's own clock, which libuv sets each time the loop turns (and only then);
 *   - the system call of the main thread: in epoll on the loop's own descriptor it waits for work and will answer; in
 *     epoll on another descriptor it is inside a nested loop (execSync) and will not;
 *   - its state: stopped, traced and frozen threads are not to blame.
 * Where the loop's clock cannot be read either, a thread that neither waits in epoll nor has made a system call nor
 * given up the CPU since the last reading is taken as not turning. That may miss a hang; it does not invent one.
 */
import { performance } from 'node:perf_hooks';
import { openEventLoop } from '../reader/read.ts';
import type { EventLoopClock, EventLoopReading } from '../reader/reading.ts';
import { type AgentClient, connectAgent } from './agent.ts';
import { type Fact, absent, known, readFact, reasonOf } from './fact.ts';
import { type ProcessIdentity, isAlive } from './identity.ts';
import { readStatus } from './stat.ts';
import { type SyscallReading, epollDescriptorOf } from './syscall.ts';
import { type TaskReading, isFrozen, readTask } from './task.ts';

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
}

/** Looks at one process again and again. */
export interface LoopProbe {
  /** Takes one look. @param timeoutMs how long an agent may take to answer */
  read(timeoutMs: number): Promise<LoopReading>;
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
  return new CombinedLoopProbe(identity, sources, clock);
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
  readonly #identity: ProcessIdentity;
  readonly #sources: LoopProbeSources;
  readonly #clock: Fact<EventLoopClock>;
  #agent: AgentClient | null = null;
  #activity: Activity | null = null;

  constructor(identity: ProcessIdentity, sources: LoopProbeSources, clock: Fact<EventLoopClock>) {
    this.#identity = identity;
    this.#sources = sources;
    this.#clock = clock;
  }

  get weakness(): string | null {
    return this.#clock.known || this.#agent !== null ? null : this.#clock.reason;
  }

  async read(timeoutMs: number): Promise<LoopReading> {
    const { pid } = this.#identity;
    const task = isAlive(this.#identity) ? readTask(pid, pid) : null;
    if (task === null) return readingOf('proc', 'gone');
    const held = heldBy(task);
    if (held !== null) return readingOf('proc', held);
    const answer = await this.#askAgent(timeoutMs);
    const outside = this.#lookFromOutside(task);
    if (!answer.known || outside.loop === 'gone') return outside;
    const { loop, ...rest } = outside;
    // An agent that did not get an answer from the loop has seen more than one instant.
    if (answer.value) return { ...rest, via: 'agent', loop: 'turning', lastTurnAgoMs: 0 };
    return { ...rest, via: 'agent', loop: heldBy(task) ?? (loop === 'turning' ? loop : 'stuck') };
  }

  close(): void {
    this.#agent?.close();
    this.#agent = null;
  }

  /** @returns whether the main loop answered; absent when there is no agent to ask */
  async #askAgent(timeoutMs: number): Promise<Fact<boolean>> {
    try {
      this.#agent ??= this.#sources.connectAgent(this.#identity.pid);
    } catch (error) {
      return absent(error instanceof Error ? error.message : 'no agent');
    }
    const isolates = await this.#agent.probe(timeoutMs);
    if (!isolates.known) {
      this.close();
      return isolates;
    }
    const main = isolates.value.find((isolate) => isolate.tid === this.#identity.pid);
    return main === undefined ? absent('no main isolate') : known(main.loopUs !== null);
  }

  #lookFromOutside(before: TaskReading): LoopReading {
    const { pid } = this.#identity;
    // The call first, then the clock: see judgeLoop().
    const task = readTask(pid, pid) ?? before;
    const clock = this.#clock.known ? this.#clock.value.read() : null;
    if (clock === null) return this.#lookAtProc(task);
    return readingOf('reader', judgeLoop(clock, task.syscall), clock.lastTurnAgoMs);
  }

  #lookAtProc(task: TaskReading): LoopReading {
    if (!isAlive(this.#identity)) return readingOf('proc', 'gone');
    const before = this.#activity;
    const now = readActivity(this.#identity.pid);
    this.#activity = now.known ? now.value : null;
    if (!task.syscall.known) return readingOf('proc', 'unknown');
    if (epollDescriptorOf(task.syscall.value) !== null) return readingOf('proc', 'polling');
    if (before === null || !now.known) return readingOf('proc', 'unknown');
    const moved =
      now.value.voluntarySwitches !== before.voluntarySwitches ||
      now.value.systemCalls !== before.systemCalls;
    return readingOf('proc', moved ? 'turning' : 'stuck');
  }
}

/** Who holds the thread, so that nobody may blame it. */
function heldBy(task: TaskReading): 'stopped' | 'traced' | 'frozen' | null {
  if (task.state === 'T') return 'stopped';
  if (task.state === 't') return 'traced';
  return isFrozen(task.wchan) ? 'frozen' : null;
}

function readingOf(
  via: LoopReading['via'],
  loop: LoopReading['loop'],
  lastTurnAgoMs?: number,
): LoopReading {
  const reading = { atMs: performance.now(), via, loop };
  return lastTurnAgoMs === undefined ? reading : { ...reading, lastTurnAgoMs };
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
