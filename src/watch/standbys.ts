/**
 * Keeps one process standing by for each user, other than ourselves, whose programs have agents that may ask for a report. When it
 * has answered the next one is started. Where there is none the agents start helpers, as they would without us.
 */
import type { Rights } from '../probe/rights.ts';
import type { AgentQuestion } from './capture-protocol.ts';
import type { Teller } from './events.ts';
import { type StandbyFate, StandbyProcess } from './standby-process.ts';

type User = Pick<Rights, 'userId' | 'groupId'>;
/** A process that carries the agent. */
interface Program {
  readonly pid: number;
}

/** Each takes some 50 MB, and getting it ready the better part of a second. */
const maxUsers = 4;
/** Before the next one: the program that died is gone by then, and one that asks without end costs little. */
const restMs = 5_000;
/** After one that ended without an answer; and after several in a row. */
const afterFailureMs = 30_000;
const afterFailuresMs = 600_000;
const manyFailures = 3;
/** When the watcher ends: its supervisor does not wait for ever. */
const closeLimitMs = 10_000;

/** All of them. */
export class Standbys {
  readonly #script: string;
  readonly #teller: Teller;
  readonly #posts = new Map<string, Post>();

  /** @param script bin/sleeper.js */
  constructor(script: string, teller: Teller) {
    this.#script = script;
    this.#teller = teller;
  }

  /** Who answers the agents of a user. @returns null: there are too many users */
  of(user: User): Post | null {
    const key = `${user.userId}:${user.groupId}`;
    const known = this.#posts.get(key);
    if (known !== undefined) return known;
    if (this.#posts.size >= maxUsers) {
      const [vacant] = [...this.#posts].find(([, { isVacant }]) => isVacant) ?? [];
      if (vacant === undefined) return null;
      this.#posts.delete(vacant);
    }
    const post = new Post(this.#script, user, this.#teller);
    this.#posts.set(key, post);
    return post;
  }

  /** Starts no more; resolves when what is being answered is, or a limit is over. */
  async close(): Promise<void> {
    await Promise.all([...this.#posts.values()].map((post) => post.close()));
  }
}

/** The place of one user. */
export class Post {
  readonly #script: string;
  readonly #user: User;
  readonly #teller: Teller;
  /** Whose agents may ask. */
  readonly #programs = new Set<Program>();
  #standby: StandbyProcess | null = null;
  #answer: Promise<unknown> | null = null;
  #failures = 0;
  /** CLOCK_MONOTONIC. */
  #nextStartAtMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;
  #isTold = false;

  constructor(script: string, user: User, teller: Teller) {
    this.#script = script;
    this.#user = user;
    this.#teller = teller;
  }

  /** Nobody needs it. */
  get isVacant(): boolean {
    return this.#programs.size === 0 && this.#standby === null;
  }

  get isReady(): boolean {
    return this.#standby?.isReady === true;
  }

  /** The agent of this process may ask. */
  admit(program: Program): void {
    this.#programs.add(program);
    this.#start();
  }

  /** It will not ask any more. */
  leave(program: Program): void {
    this.#programs.delete(program);
    if (this.#programs.size === 0) this.#standby?.release();
  }

  /** Never throws. @returns the line for the agent; null: nobody stands by, or it has failed */
  async answerAgent(question: AgentQuestion): Promise<string | null> {
    if (this.#isClosed || this.#standby?.isReady !== true) return null;
    const answer = this.#standby.answerAgent(question);
    this.#answer = answer;
    return answer;
  }

  /** See Standbys.close(). */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const timer = setTimeout(() => this.#standby?.kill(), closeLimitMs);
    await this.#answer;
    clearTimeout(timer);
    this.#standby?.release();
  }

  #start(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const [program] = this.#programs;
    if (this.#isClosed || this.#standby !== null || program === undefined) return;
    const waitMs = this.#nextStartAtMs - performance.now();
    if (waitMs > 0) {
      this.#timer = setTimeout(() => {
        this.#start();
      }, waitMs);
      this.#timer.unref();
      return;
    }
    try {
      this.#standby = new StandbyProcess(this.#script, program.pid, this.#user, (fate) => {
        this.#standby = null;
        this.#note(fate);
      });
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      this.#note({ wasReady: false, failure });
    }
  }

  /** One has ended. */
  #note({ failure, wasReady }: StandbyFate): void {
    this.#answer = null;
    this.#failures = failure === null ? 0 : this.#failures + 1;
    const pauseMs =
      failure === null ? restMs : this.#failures < manyFailures ? afterFailureMs : afterFailuresMs;
    this.#nextStartAtMs = performance.now() + pauseMs;
    if (failure !== null && !wasReady && !this.#isTold) {
      this.#isTold = true;
      const reason = `no process stands by for the agents of user ${this.#user.userId}, which start helpers of their own: ${failure}`;
      this.#teller.watcher({ kind: 'weakness', reason });
    }
    this.#start();
  }
}
