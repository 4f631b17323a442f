/**
 * Captures in turn: as many at a time as the settings say, in the order in which the troubles began, each process once. When
 * many wait, each gets a quick capture (stacks, no search of the heap), so that all have their turn soon.
 */
import { limits } from '../limits.ts';
import { CaptureProcess } from './capture-process.ts';
import type { AgentQuestion, CaptureAnswer, CaptureOrder } from './capture-protocol.ts';

/** One wish. */
export interface CaptureJob {
  readonly order: Omit<CaptureOrder, 'tasks' | 'refuse'>;
  /** Asked when its turn comes. @returns null, or why it is not wanted any more */
  stillWanted(): string | null;
  /** Signatures not wanted, asked when its turn comes. */
  refuse(): readonly string[];
  /** @param tookMs from the wish to the answer */
  done(answer: CaptureAnswer, tookMs: number): void;
}

interface Waiting {
  readonly job: CaptureJob;
  readonly askedAtMs: number;
}

/** With more than this waiting, captures are quick ones. */
const quickAbove = 8;
/**
 * Idle capture processes but one are ended after this time; each takes some 60 MB. One stays ready: starting it takes a
 * second on a busy machine, and that is when things hang, and the hang may be over by then.
 */
const idleForMs = 60_000;
/** Processes kept ready. */
const spares = 1;

/** Runs captures in processes of their own. */
export class CaptureQueue {
  readonly #script: string;
  readonly #parallel: number;
  readonly #waiting: Waiting[] = [];
  readonly #running = new Set<Waiting>();
  /** Those of agents, which do not wait: they are answered by a process that is free, or not at all. */
  readonly #answers = new Set<Promise<unknown>>();
  #processes: CaptureProcess[] = [];
  #idleTimer: NodeJS.Timeout | null = null;
  #isClosed = false;
  #whenIdle: (() => void)[] = [];

  /** @param script the program of a capture process */
  constructor(script: string, parallel: number) {
    this.#script = script;
    this.#parallel = parallel;
  }

  /** Jobs that are before a new one. */
  get length(): number {
    return this.#waiting.length + this.#running.size;
  }

  /** At most this many at a time. */
  get parallel(): number {
    return this.#parallel;
  }

  /** @returns false when too many wait: the job is not taken */
  submit(job: CaptureJob): boolean {
    if (this.#isClosed || this.#waiting.length >= limits.maxWaitingCaptures) return false;
    this.#waiting.push({ job, askedAtMs: performance.now() });
    this.#next();
    return true;
  }

  /** This process may have to be captured: gets one ready that knows its binary. */
  warm(pid: number): void {
    if (!this.#isClosed && this.length === 0) this.#requireFree().warm(pid);
  }

  /** Never throws. @returns the line for the agent; null when no process is free, or it has failed */
  async answerAgent(question: AgentQuestion): Promise<string | null> {
    const free = this.#processes.find(({ hasEnded, isBusy }) => !hasEnded && !isBusy);
    if (this.#isClosed || free === undefined) {
      // The one that was kept ready has died: the next question finds another.
      if (this.#processes.every(({ hasEnded }) => hasEnded)) this.warm(question.pid);
      return null;
    }
    const answer = free.answerAgent(question);
    this.#answers.add(answer);
    void answer.finally(() => this.#answers.delete(answer));
    return answer;
  }

  /** Takes no more, drops what waits, resolves when what runs is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { job, askedAtMs } of this.#waiting.splice(0)) {
      job.done(
        { kind: 'failed', message: 'the watcher ended before its turn' },
        performance.now() - askedAtMs,
      );
    }
    if (this.#running.size > 0) {
      await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    }
    await Promise.all(this.#answers);
    this.#endProcesses(0);
  }

  #next(): void {
    while (this.#running.size < this.#parallel) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      const reason = next.job.stillWanted();
      if (reason !== null) {
        next.job.done({ kind: 'not-kept', reason }, performance.now() - next.askedAtMs);
        continue;
      }
      void this.#run(next);
    }
    if (this.#running.size === 0) {
      this.#endIdleLater();
      for (const resolve of this.#whenIdle.splice(0)) resolve();
    }
  }

  async #run(next: Waiting): Promise<void> {
    this.#running.add(next);
    const { job, askedAtMs } = next;
    const process = this.#requireFree();
    const answer = await process.capture({
      ...job.order,
      tasks: this.#waiting.length < quickAbove,
      refuse: job.refuse(),
    });
    this.#running.delete(next);
    job.done(answer, performance.now() - askedAtMs);
    this.#next();
  }

  /** There is one for each that may run. */
  #requireFree(): CaptureProcess {
    this.#processes = this.#processes.filter(({ hasEnded }) => !hasEnded);
    const free = this.#processes.find(({ isBusy }) => !isBusy);
    if (free !== undefined) return free;
    const process = new CaptureProcess(this.#script);
    this.#processes.push(process);
    return process;
  }

  #endIdleLater(): void {
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => {
      if (this.#running.size === 0 && this.#answers.size === 0) this.#endProcesses(spares);
    }, idleForMs);
    this.#idleTimer.unref();
  }

  #endProcesses(keep: number): void {
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
    for (const process of this.#processes.splice(keep)) process.close();
  }
}
