/**
 * A process that captures for the watcher. Not in the watcher itself: decoding takes hundreds of milliseconds of work, in
 * which nobody would look at the other targets; and whatever a sick process's memory does to the reader, it does it there.
 * Should it not answer in time it is killed, and the kernel lets go of what it held.
 */
import { type ChildProcess, fork } from 'node:child_process';
import type {
  AgentQuestion,
  CaptureAnswer,
  CaptureMessage,
  CaptureOrder,
  CaptureReply,
} from './capture-protocol.ts';

/** It waits for most of its life: by default V8 would keep 32 MB more for what is made and dropped at once. */
const youngGeneration = '--max-semi-space-size=2';
/** Past the deadline that the capture itself keeps. */
const graceMs = 3_000;
/** An agent waits for 60 s at most, and says in its request until when. */
const agentLimitMs = 60_000;

/** One capture process; works on one order at a time. */
export class CaptureProcess {
  readonly #child: ChildProcess;
  #finish: ((reply: CaptureReply) => void) | null = null;
  #hasEnded = false;

  /** @param script the compiled program of such a process */
  constructor(script: string) {
    this.#child = fork(script, [], {
      execArgv: [youngGeneration],
      // What is meant for other programs is not for this one; and Node.js 20 reads certificates for 60 ms before it starts.
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        NODE_EXTRA_CA_CERTS: undefined,
        SLEEPER_DISABLE: '1',
      },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // A Ctrl-C at the terminal is for the watcher, which ends us when the capture is done.
      detached: true,
    });
    this.#child.on('message', (reply: CaptureReply) => {
      this.#end(reply);
    });
    this.#child.on('error', (error) => {
      this.#fail(`the capture process failed: ${error.message}`);
    });
    this.#child.on('exit', (status, signal) => {
      this.#fail(`the capture process ended (${String(signal ?? status)})`);
    });
    // What waits for an answer keeps us alive by its timer; an idle one must not.
    this.#child.unref();
    this.#child.channel?.unref();
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get isBusy(): boolean {
    return this.#finish !== null;
  }

  /** Lets it load and compile its code, on itself and on us, and read the symbols of this process's binary. */
  warm(pid: number): void {
    this.#send({ kind: 'warm', pid });
  }

  /** Never throws. */
  async capture(order: CaptureOrder): Promise<CaptureAnswer> {
    const reply = await this.#exchange({ kind: 'capture', order }, order.deadlineMs);
    if (reply.kind !== 'answered') return reply;
    return { kind: 'failed', message: 'the capture process answered something else' };
  }

  /** Never throws. @returns the line for the agent; null: there is none */
  async answerAgent(question: AgentQuestion): Promise<string | null> {
    const reply = await this.#exchange({ kind: 'answer-agent', question }, agentLimitMs);
    return reply.kind === 'answered' ? reply.text : null;
  }

  /** Ends it; what it works on is finished first. */
  close(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #exchange(message: CaptureMessage, deadlineMs: number): Promise<CaptureReply> {
    return new Promise((resolve) => {
      const limitMs = deadlineMs + graceMs;
      const timer = setTimeout(() => {
        this.#child.kill('SIGKILL');
        this.#fail(`no report within ${limitMs / 1000} s`);
      }, limitMs);
      this.#finish = (reply) => {
        clearTimeout(timer);
        resolve(reply);
      };
      if (this.#hasEnded) this.#fail('the capture process has ended');
      else this.#send(message);
    });
  }

  #send(message: CaptureMessage): void {
    if (!this.#child.connected) return;
    this.#child.send(message, (error) => {
      if (error !== null) this.#fail(`the capture process cannot be reached: ${error.message}`);
    });
  }

  #fail(message: string): void {
    this.#hasEnded = true;
    this.#end({ kind: 'failed', message });
  }

  #end(reply: CaptureReply): void {
    const finish = this.#finish;
    this.#finish = null;
    finish?.(reply);
  }
}
