/** Stands by watched processes, so that their last words are read when they vanish. Light: what makes reports comes when needed. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { flightDirectories } from '../agent/flight.cts';
import { type FlightFile, openAbandonedFlight, openFlight } from '../probe/flight-file.ts';
import { flightState } from '../probe/flight-layout.ts';
import {
  type OomCounter,
  type ProcessEnd,
  findOomCounter,
  readOomKills,
  readZombieEnd,
} from '../probe/process-end.ts';
import { requireProcess } from '../probe/identity.ts';
import type { Teller } from '../watch/events.ts';
import type { SealedReport } from './vanished.ts';

/** The kernel tells the exit status once the parent has collected it. */
const endTimeoutMs = 1_000;
const endPollMs = 20;
const refreshEveryMs = 1_000;
/** A child of ours is looked at from its first moment on: one that is killed at once leaves words, too. */
const firstLooksEveryMs = 25;
/** The agent is armed before the program's first line; a process that has no recorder after so many looks carries none. */
const looksForRecorder = 20;
const firstLooks = 400;

/** Stands by while a process lives, to report its end. */
export class VanishWatch {
  readonly #pid: number;
  readonly #isChild: boolean;
  #file: FlightFile | null = null;
  #oom: OomCounter | null = null;
  /** Left until it is taken to have no recorder. */
  #looks: number;

  /** @param isChild of ours: it is stood by from its start, with our environment */
  constructor(pid: number, isChild = false) {
    this.#pid = pid;
    this.#isChild = isChild;
    this.#looks = isChild ? firstLooks : looksForRecorder;
    this.refresh();
  }

  /** It has a recorder, or will not get one. */
  get isSettled(): boolean {
    return this.#file !== null || this.#looks <= 0;
  }

  /** Call it at every look: finds the recorder, remembers the count of OOM kills as it is now. Reads one file of the kernel. */
  refresh(): void {
    if (this.#file === null && this.#looks-- > 0) {
      this.#file = openFlight(this.#pid);
      if (this.#file !== null) this.#oom = findOomCounter(this.#pid);
    }
    const kills = this.#oom === null ? null : readOomKills(this.#oom.file);
    if (this.#oom !== null && kills !== null) this.#oom = { file: this.#oom.file, kills };
  }

  /**
   * After the process has gone: seals the report of its end. Ends the watch.
   * @param end as its parent knows it
   * @returns null when there is nothing to report: it ended by itself, or somebody else reports it
   */
  async report(archive: string, end: ProcessEnd | null = null): Promise<SealedReport | null> {
    const file = this.#file ?? (this.#isChild ? findLeftBehind(this.#pid) : null);
    if (file === null) return null;
    try {
      const record = file.read();
      if (record === null || record.state !== flightState.open) return null;
      const known = end ?? (await this.#waitForEnd(file));
      const endSource = end !== null ? 'parent' : known === null ? 'unknown' : 'kernel';
      const { reportVanished } = await import('./vanished.ts');
      const seen = { noticedAtMs: Date.now(), ...(this.#oom !== null && { oomBefore: this.#oom }) };
      const sealed = await reportVanished(
        archive,
        { pid: this.#pid, record, end: known, endSource, ...seen },
        () => file.claim(),
      );
      if (sealed !== null) file.remove();
      return sealed;
    } finally {
      file.close();
      this.#file = null;
    }
  }

  /** Harmless when it is closed already. */
  close(): void {
    this.#file?.close();
    this.#file = null;
  }

  async #waitForEnd(file: FlightFile): Promise<ProcessEnd | null> {
    const until = performance.now() + endTimeoutMs;
    for (;;) {
      const end = file.readEnd() ?? readZombieEnd(this.#pid);
      if (end !== null || performance.now() > until) return end;
      await sleep(endPollMs);
    }
  }
}

/** The recorder of a child that was gone before its first look: it is still where the agent has put it. */
function findLeftBehind(pid: number): FlightFile | null {
  const own = requireProcess(process.pid).startTicks;
  for (const directory of flightDirectories(process.env)) {
    for (const name of listFlights(directory)) {
      const [of, startTicks = 0] = name.split(/[-.]/).map(Number);
      // An older one with this pid is somebody else's.
      if (of === pid && startTicks >= own) return openAbandonedFlight(directory, name);
    }
  }
  return null;
}

function listFlights(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => /^\d+-\d+\.flight$/.test(name));
  } catch {
    return [];
  }
}

/** The watches of all processes that a watcher has; listens to what it tells. */
export class VanishWatches {
  readonly #archive: string;
  readonly #watches = new Map<number, VanishWatch>();
  readonly #reports: Promise<void>[] = [];
  readonly #child: number | null;
  readonly #inner: Teller;
  readonly #timer: NodeJS.Timeout;
  #firstLooks: NodeJS.Timeout | null = null;

  /** @param child its end is told by its parent, with end(); null: we are nobody's parent */
  constructor(archive: string, child: number | null, inner: Teller) {
    this.#archive = archive;
    this.#child = child;
    this.#inner = inner;
    this.#timer = setInterval(() => {
      for (const watch of this.#watches.values()) watch.refresh();
    }, refreshEveryMs);
    this.#timer.unref();
    if (child !== null) this.#standByFromTheStart(child);
  }

  /** What the watcher is to tell its events; they are passed on. */
  get teller(): Teller {
    return {
      watcher: (event) => {
        this.#inner.watcher(event);
      },
      process: (pid, event) => {
        // First: who hears that it is watched may kill it.
        if (event.kind === 'watching' && !this.#watches.has(pid))
          this.#watches.set(pid, new VanishWatch(pid));
        this.#inner.process(pid, event);
        // Who ended it ourselves has captured it before.
        if (event.kind === 'ended' && pid !== this.#child) this.end(pid, null, event.end.byUs);
      },
    };
  }

  /**
   * A process has ended.
   * @param end as its parent knows it
   * @param isExplained nothing is to be reported
   */
  end(pid: number, end: ProcessEnd | null, isExplained: boolean): void {
    const watch = this.#watches.get(pid);
    this.#watches.delete(pid);
    if (watch === undefined) return;
    if (isExplained) watch.close();
    else this.#reports.push(this.#report(pid, watch, end));
  }

  /** Waits until all reports are made; lets go of the rest. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#firstLooks !== null) clearInterval(this.#firstLooks);
    await Promise.all(this.#reports);
    for (const watch of this.#watches.values()) watch.close();
  }

  #standByFromTheStart(child: number): void {
    const watch = new VanishWatch(child, true);
    this.#watches.set(child, watch);
    const timer = setInterval(() => {
      watch.refresh();
      if (watch.isSettled) clearInterval(timer);
    }, firstLooksEveryMs);
    timer.unref();
    this.#firstLooks = timer;
  }

  async #report(pid: number, watch: VanishWatch, end: ProcessEnd | null): Promise<void> {
    try {
      const sealed = await watch.report(this.#archive, end);
      if (sealed === null) return;
      const { id, trigger, verdict, signature, pausedMs, durationMs } = sealed.report;
      const told = { id, trigger, verdict, signature, pausedMs, durationMs, tookMs: durationMs };
      this.#inner.process(pid, {
        kind: 'captured',
        rule: 'vanished',
        captured: { ...told, path: sealed.path },
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#inner.process(pid, { kind: 'capture-failed', rule: 'vanished', message });
    }
  }
}
