/**
 * Writes the reports that the agents of watched processes ask for. A capture process is warm, where a helper of the agent's own has
 * yet to start: a program that dies is gone sooner. Over its socket an agent is offered this (`{"op":"serve"}`); from then on it
 * is the agent who asks, in lines:
 *   `READY?`      → `READY`         whoever does not answer at once is not asked
 *   {"pid":…}     → `REPORT <path>`, `NONE`, `ERROR <text>`, or `BUSY`: the agent then starts its helper
 * Offered to programs of our own user that see the same files under the same names: their reports are written where they say.
 */
import { readlinkSync } from 'node:fs';
import net from 'node:net';
import { requireNative } from '../native.ts';
import type { CaptureQueue } from './capture-queue.ts';
import type { Teller } from './events.ts';
import type { WatchedProcess } from './watched-process.ts';

/** An agent may be loaded late, and an old one does not know of this. */
const retryMs = 30_000;
/** As much as a helper takes. */
const maxRequestChars = 16 << 20;

type Queue = Pick<CaptureQueue, 'answerAgent'>;

/** Offers and keeps connections to agents. */
export class AgentService {
  readonly #queue: Queue;
  readonly #teller: Teller;
  /** CLOCK_MONOTONIC of the next try; Infinity: it is not for us. */
  readonly #nextTryAtMs = new WeakMap<WatchedProcess, number>();
  readonly #offers = new Map<WatchedProcess, Offer>();
  #isClosed = false;

  constructor(queue: Queue, teller: Teller) {
    this.#queue = queue;
    this.#teller = teller;
  }

  /** Offers when it is time. @param nowMs CLOCK_MONOTONIC */
  turn(process: WatchedProcess, nowMs: number): void {
    if (this.#offers.has(process) || (this.#nextTryAtMs.get(process) ?? 0) > nowMs) return;
    const isNew = !this.#nextTryAtMs.has(process);
    if (isNew && !seesWhatWeSee(process)) {
      this.#nextTryAtMs.set(process, Infinity);
      return;
    }
    this.#nextTryAtMs.set(process, nowMs + retryMs);
    const fd = requireNative().connectAgent(process.pid);
    if (fd < 0) return;
    const socket = new net.Socket({ fd, readable: true, writable: true });
    const offer = new Offer(socket, {
      accepted: () => {
        this.#teller.process(process.pid, { kind: 'agent-found' });
      },
      answer: (request) => this.#answer(process, request),
      closed: () => {
        this.#offers.delete(process);
      },
    });
    this.#offers.set(process, offer);
  }

  /** Takes no more questions; those that are being answered still are. */
  close(): void {
    this.#isClosed = true;
    for (const offer of this.#offers.values()) offer.closeWhenIdle();
  }

  async #answer(process: WatchedProcess, request: string): Promise<string> {
    if (this.#isClosed) return busy;
    process.isReporting = true;
    const answer = await this.#queue.answerAgent({ pid: process.pid, request });
    process.isReporting = false;
    const report = /^REPORT (.+)\n$/.exec(answer ?? '')?.[1];
    if (report !== undefined) this.#teller.process(process.pid, { kind: 'agent-report', report });
    return answer ?? busy;
  }
}

const busy = 'BUSY\n';

interface OfferListener {
  accepted(): void;
  /** @returns the line to send, with its newline */
  answer(request: string): Promise<string>;
  closed(): void;
}

/** One connection. */
class Offer {
  readonly #socket: net.Socket;
  readonly #listener: OfferListener;
  #received = '';
  #isAccepted = false;
  #isAnswering = false;
  #endsWhenIdle = false;

  constructor(socket: net.Socket, listener: OfferListener) {
    this.#socket = socket;
    this.#listener = listener;
    socket.unref();
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.#receive(text);
    });
    // 'close' follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      listener.closed();
    });
    socket.write('{"op":"serve"}\n');
  }

  closeWhenIdle(): void {
    this.#endsWhenIdle = true;
    if (!this.#isAnswering) this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#received += text;
    if (this.#received.length > maxRequestChars) this.#socket.destroy();
    for (;;) {
      const end = this.#received.indexOf('\n');
      if (end < 0 || this.#socket.destroyed) return;
      const line = this.#received.slice(0, end);
      this.#received = this.#received.slice(end + 1);
      this.#take(line);
    }
  }

  #take(line: string): void {
    if (!this.#isAccepted) {
      // An agent that does not know the question refuses it.
      this.#isAccepted = line.startsWith('{"ok":true');
      if (this.#isAccepted) this.#listener.accepted();
      else this.#socket.destroy();
    } else if (line === 'READY?') {
      this.#socket.write('READY\n');
    } else {
      void this.#answer(line);
    }
  }

  async #answer(request: string): Promise<void> {
    this.#isAnswering = true;
    const text = await this.#listener.answer(request);
    this.#isAnswering = false;
    if (!this.#socket.destroyed) this.#socket.write(text);
    if (this.#endsWhenIdle) this.#socket.end();
  }
}

/** Paths and pids mean the same to both, and what we write is written as its own user. */
function seesWhatWeSee({ pid, subject }: WatchedProcess): boolean {
  const names = ['root', 'ns/mnt', 'ns/pid', 'ns/user'];
  try {
    return (
      subject.userId === process.geteuid?.() &&
      names.every(
        (name) => readlinkSync(`/proc/${pid}/${name}`) === readlinkSync(`/proc/self/${name}`),
      )
    );
  } catch {
    return false;
  }
}
