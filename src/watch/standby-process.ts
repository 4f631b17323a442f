/**
 * A process that stands by to write one report for an agent of another user, with that user's rights: it has loaded its code,
 * waits for one request, answers in one line and ends. Who writes where a program says must have no more rights than the program.
 *
 * Nothing that comes from it is believed: its user may trace it, and have it say anything. So it has no channel of Node's, a
 * few kilobytes are read of it, for a bounded time, and only what an agent's helper may say is passed on.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Rights } from '../probe/rights.ts';
import type { AgentQuestion } from './capture-protocol.ts';

/** It reads the symbols of a binary, and compiles; on a busy machine that takes seconds. */
const startLimitMs = 30_000;
/** An agent waits for 60 s at most, and says in its request until when. */
const answerLimitMs = 63_000;
/** From its answer, or from our letting go, to its end. */
const farewellMs = 3_000;
const lastWordsMs = 1_000;
/** A path has 4096 bytes at most. */
const maxAnswerChars = 8_192;
const answerForm = /^(REPORT \/[^\n]+|NONE|ERROR [^\n]+)\n$/;

/** What becomes of it. */
export interface StandbyFate {
  readonly wasReady: boolean;
  /** Why it ended without having answered or been let go; null: all was well. */
  readonly failure: string | null;
}

/** One of them. */
export class StandbyProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #ended: (fate: StandbyFate) => void;
  #phase: 'starting' | 'ready' | 'answering' | 'leaving' | 'ended' = 'starting';
  #wasReady = false;
  #failure: string | null = null;
  #received = '';
  #timer: NodeJS.Timeout | null = null;
  #finish: ((answer: string | null) => void) | null = null;

  /**
   * Starts it.
   * @param script bin/sleeper.js
   * @param pid a process of that user, whose binary it gets to know
   * @param ended called once
   * @throws Error of spawn()
   */
  constructor(
    script: string,
    pid: number,
    { userId, groupId }: Pick<Rights, 'userId' | 'groupId'>,
    ended: (fate: StandbyFate) => void,
  ) {
    this.#ended = ended;
    // Of our environment nothing is for others. Other groups than this one are dropped with the user (libuv).
    this.#child = spawn(process.execPath, [script, 'agent-capture', '--standby', String(pid)], {
      uid: userId,
      gid: groupId,
      cwd: '/',
      env: { SLEEPER_DISABLE: '1' },
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    this.#child.on('error', ({ message }) => {
      if (this.#child.pid !== undefined) return; // a signal was refused; it ends by itself
      this.#failure = message;
      this.#end();
    });
    this.#child.on('exit', (status, signal) => {
      const failure = `it ended (${String(signal ?? status)})`;
      // Its last words may be on their way, or others may hold its output.
      if (this.#phase === 'answering') this.#limit(lastWordsMs, failure);
      else this.#fail(failure);
    });
    this.#child.on('close', (status, signal) => {
      this.#fail(`it ended (${String(signal ?? status)})`);
      this.#end();
    });
    if (this.#child.pid === undefined) return; // the error is yet to come
    this.#limit(startLimitMs, 'it was not ready in time').unref();
    this.#child.stdin.on('error', () => undefined);
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#receive(text);
    });
    // Only an answer that is waited for keeps us alive, by its timer.
    this.#child.unref();
    for (const stream of [this.#child.stdin, this.#child.stdout]) (stream as Socket).unref();
  }

  get isReady(): boolean {
    return this.#phase === 'ready';
  }

  /** To be called once, when it is ready. @returns the line for the agent; null: there is none */
  answerAgent({ pid, request }: AgentQuestion): Promise<string | null> {
    return new Promise((resolve) => {
      this.#phase = 'answering';
      this.#finish = resolve;
      this.#limit(answerLimitMs, 'it did not answer in time');
      this.#child.stdin.end(`${pid}\n${request}\n`);
    });
  }

  /** Lets go of it: it ends by itself, unless it is answering. */
  release(): void {
    if (this.#phase === 'starting' || this.#phase === 'ready') this.#leave();
  }

  /** Ends it at once. */
  kill(): void {
    this.#fail('it was killed');
  }

  #receive(text: string): void {
    this.#received += text;
    if (this.#received.length > maxAnswerChars) this.#fail('it says too much');
    if (!this.#received.endsWith('\n')) return;
    if (this.#phase === 'starting' && this.#received === 'READY\n') {
      this.#phase = 'ready';
      this.#wasReady = true;
      this.#received = '';
      this.#clearTimer();
    } else if (this.#phase === 'answering' && answerForm.test(this.#received)) {
      const finish = this.#finish;
      this.#leave();
      finish?.(this.#received);
    } else {
      this.#fail('it says what was not asked');
    }
  }

  #leave(): void {
    this.#phase = 'leaving';
    this.#finish = null;
    this.#child.stdin.end();
    this.#limit(farewellMs, 'it did not end').unref();
  }

  #limit(timeMs: number, failure: string): NodeJS.Timeout {
    this.#clearTimer();
    this.#timer = setTimeout(() => {
      this.#fail(failure);
    }, timeMs);
    return this.#timer;
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** No failure is what comes after its answer. */
  #fail(failure: string): void {
    if (this.#phase !== 'leaving') this.#failure = failure;
    this.#phase = 'leaving';
    this.#clearTimer();
    this.#child.kill('SIGKILL');
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
    const finish = this.#finish;
    this.#finish = null;
    finish?.(null);
  }

  #end(): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#ended({ wasReady: this.#wasReady, failure: this.#failure });
  }
}
