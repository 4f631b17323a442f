/** The watchdog: looks at the chosen processes in turn, has those in trouble captured, acts, tells. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SleeperError } from '../errors.ts';
import { limits } from '../limits.ts';
import { openLoopProbe } from '../probe/loop.ts';
import { AgentService } from './agent-service.ts';
import { CaptureQueue } from './capture-queue.ts';
import { Claims } from './claims.ts';
import { DeepLooks } from './deep-looks.ts';
import { Dispatcher } from './dispatcher.ts';
import type { ProcessEnd, Teller } from './events.ts';
import { type Chosen, Population } from './population.ts';
import { Services } from './services.ts';
import { Standbys } from './standbys.ts';
import type { WatchSettings } from './settings.ts';
import { passes } from './subject.ts';
import { type Finding, WatchedProcess } from './watched-process.ts';

/** What a watcher has others do. */
export interface Programs {
  /** A capture process. */
  readonly capturer: string;
  /** The command line, `bin/sleeper.js`. */
  readonly command: string;
}

/** How to watch. */
export interface WatcherOptions {
  readonly settings: WatchSettings;
  /** Directory of the archive. */
  readonly archive: string;
  readonly programs: Programs;
  /** What other watchers are told, such as `sleeper watch`. */
  readonly command: string;
  readonly teller: Teller;
  /** Ends the watch; captures that are under way are finished first. */
  readonly signal: AbortSignal;
  /** End after the first captured trouble. */
  readonly once?: boolean;
  /** Called for every end of a watched process, before it is told. */
  readonly onEnd?: (end: ProcessEnd) => void;
  /** Called when all were looked at whose time it was. */
  readonly onTurn?: (watched: number) => void;
}

/** The watcher sleeps for at most this long: looks are spread over the interval in steps of it. */
const stepMs = 50;
/** Between two looks through /proc. */
const scanEveryMs = 1_000;

/** Watches until it is told to end, or nobody is left. */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #population: Population;
  readonly #claims: Claims;
  readonly #queue: CaptureQueue;
  readonly #dispatcher: Dispatcher;
  readonly #services: Services;
  readonly #deepLooks: DeepLooks;
  readonly #agents: AgentService;
  readonly #watched = new Map<number, WatchedProcess>();
  /** Watched by somebody else, who may let go. */
  readonly #leftToOthers = new Map<number, Chosen>();
  readonly #end = new AbortController();
  #nextScanAtMs = -Infinity;
  #isFull = false;

  /** @throws SleeperError ERR_SLEEPER_NO_SUCH_PROCESS, ERR_SLEEPER_TARGET_GONE */
  constructor(options: WatcherOptions) {
    this.#options = options;
    const { settings, teller, programs } = options;
    this.#population = new Population(settings.whom);
    this.#claims = new Claims(options.command);
    this.#queue = new CaptureQueue(programs.capturer, settings.capture.parallel);
    this.#dispatcher = new Dispatcher({
      settings,
      archive: options.archive,
      queue: this.#queue,
      teller,
      watched: this.#watched,
      afterCapture: () => {
        if (options.once === true) this.#end.abort();
      },
    });
    const found = (process: WatchedProcess, finding: Finding): void => {
      this.#dispatcher.dispatch(process, finding);
    };
    this.#services = new Services(settings.rules, this.#watched, teller, found);
    this.#agents = new AgentService(this.#queue, new Standbys(programs.command, teller), teller);
    const { deadlineMs } = settings.capture;
    const { archive } = options;
    this.#deepLooks = new DeepLooks({ queue: this.#queue, archive, deadlineMs, teller, found });
  }

  /** The processes watched now. */
  get watched(): Iterable<WatchedProcess> {
    return this.#watched.values();
  }

  /** Troubles that were found. */
  get findings(): number {
    return this.#dispatcher.findings;
  }

  /**
   * Watches.
   * @throws SleeperError ERR_SLEEPER_WATCHED when all that were named are watched by others
   */
  async run(): Promise<void> {
    const { signal, teller } = this.#options;
    const signals = AbortSignal.any([signal, this.#end.signal]);
    if (this.#claims.weakness !== null) {
      teller.watcher({
        kind: 'weakness',
        reason: `other watchers are not told: ${this.#claims.weakness}`,
      });
    }
    this.#services.start();
    try {
      while (!signals.aborted) {
        const nowMs = performance.now();
        if (nowMs >= this.#nextScanAtMs) {
          this.#nextScanAtMs = nowMs + scanEveryMs;
          await this.#admit(nowMs);
          if (this.#isOver()) break;
        }
        this.#look(performance.now());
        this.#options.onTurn?.(this.#watched.size);
        await pause(stepMs, signals);
      }
    } finally {
      await this.#close();
    }
  }

  #isOver(): boolean {
    if (this.#watched.size > 0 || this.#population.isOpen || this.#population.leftOut > 0)
      return false;
    const [other] = this.#leftToOthers.values();
    if (other === undefined) return true;
    const { pid } = other.subject.identity;
    const owner = this.#claims.take(other.subject.identity, other.subject.userId);
    if (owner === null) return false;
    throw new SleeperError(
      'ERR_SLEEPER_WATCHED',
      `Process ${pid} is watched already, by process ${owner.pid} (${owner.command}).`,
      { pid, owner: owner.pid },
    );
  }

  async #admit(nowMs: number): Promise<void> {
    const { teller } = this.#options;
    const room = limits.maxWatched - this.#watched.size;
    const chosen = await this.#population.choose(room, nowMs);
    const returned = [...this.#leftToOthers.values()];
    this.#leftToOthers.clear();
    // One after the other: what it takes to open one is dropped before the next.
    for (const one of chosen) await this.#begin(one, true);
    for (const one of returned) await this.#begin(one, false);
    const isFull = room <= chosen.length && this.#population.leftOut > 0;
    if (isFull && !this.#isFull) {
      const { leftOut } = this.#population;
      teller.watcher({ kind: 'too-many', watched: this.#watched.size, leftOut });
    }
    this.#isFull = isFull;
  }

  async #begin(chosen: Chosen, isNew: boolean): Promise<void> {
    const { settings, teller } = this.#options;
    const { subject, root } = chosen;
    const { identity, userId } = subject;
    const owner = this.#claims.take(identity, userId);
    if (owner !== null) {
      this.#leftToOthers.set(identity.pid, chosen);
      if (isNew) teller.process(identity.pid, { kind: 'left-to-other', owner });
      return;
    }
    const rules = settings.rules.filter(({ only }) => passes(subject, only));
    const probe = await openLoopProbe(identity);
    // It became another program: what was known of its memory is worth nothing.
    this.#watched.get(identity.pid)?.close();
    const watched = new WatchedProcess(subject, root, rules, probe, {
      tell: (process, event) => {
        teller.process(process.pid, event);
      },
      found: (process, finding) => {
        this.#dispatcher.dispatch(process, finding);
      },
      suspect: (process) => {
        this.#queue.warm(process.pid);
      },
      ended: (process, end) => {
        this.#forget(process, end);
      },
    });
    this.#watched.set(identity.pid, watched);
    if (this.#watched.size === 1) this.#queue.warm(identity.pid);
    // The first look at once, the next ones spread over the interval.
    watched.look(settings.intervalMs);
    watched.nextLookAtMs = performance.now() + Math.random() * settings.intervalMs;
  }

  #look(nowMs: number): void {
    const { intervalMs } = this.#options.settings;
    for (const process of this.#watched.values()) {
      if (process.nextLookAtMs > nowMs) continue;
      process.nextLookAtMs = Math.max(process.nextLookAtMs + intervalMs, nowMs + intervalMs / 2);
      process.look(intervalMs);
      this.#deepLooks.turn(process, nowMs);
      this.#agents.turn(process, nowMs);
    }
  }

  #forget(process: WatchedProcess, end: ProcessEnd): void {
    const { onEnd, teller } = this.#options;
    this.#watched.delete(process.pid);
    this.#claims.release(process.subject.identity);
    this.#population.forget(process.pid);
    this.#dispatcher.forget(process);
    onEnd?.(end);
    teller.process(process.pid, { kind: 'ended', end });
    this.#nextScanAtMs = Math.min(this.#nextScanAtMs, performance.now() + stepMs);
  }

  async #close(): Promise<void> {
    this.#services.close();
    await Promise.all([this.#agents.close(), this.#queue.close()]);
    await this.#dispatcher.close();
    // Whoever stops us when the program ends must hear that it was we who ended it.
    const endedByUs = [...this.#watched.values()].filter(({ isBeingEnded }) => isBeingEnded);
    for (const process of endedByUs) process.look(this.#options.settings.intervalMs);
    for (const process of this.#watched.values()) process.close();
    this.#watched.clear();
    this.#claims.releaseAll();
  }
}

async function pause(timeMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(timeMs, undefined, { signal });
  } catch {
    // Aborted: the loop above ends.
  }
}
