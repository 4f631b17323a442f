/**
 * Has the reports written that the agents of watched processes ask for. Our processes are warm, where a helper of the agent's own has
 * yet to start: a program that dies is gone sooner. Over its socket an agent is offered this (`{"op":"serve"}`); from then on it
 * is the agent who asks, in lines:
 *   `READY?`      → `READY`, or `BUSY`   whoever does not answer at once is not asked
 *   {"pid":…}     → `REPORT <path>`, `NONE`, `ERROR <text>`, or `BUSY`: the agent then starts its helper
 * Reports are written where the program says, so by nobody with more rights than it: those of our own user by a capture process,
 * those of others, when we are root, by a process of theirs that stands by. All must see the same files under the same names.
 */
import { readlinkSync } from 'node:fs';
import net from 'node:net';
import { limits } from '../limits.ts';
import { requireNative } from '../native.ts';
import { requireProcess } from '../probe/identity.ts';
import { mayTrace, readRights } from '../probe/rights.ts';
import { sanitize } from '../report/sanitize.ts';
import type { AgentQuestion } from './capture-protocol.ts';
import type { Teller } from './events.ts';
import type { Standbys } from './standbys.ts';
import type { WatchedProcess } from './watched-process.ts';

/** An agent may be loaded late, and an old one does not know of this. */
const retryMs = 30_000;
/** What is not for us now is hardly ever for us later. */
const retryForeignMs = 600_000;
/** An agent's notes and one error take 160 KB; what is longer is for its helper. */
const maxRequestChars = 1 << 20;
/** Lines over one connection, and answers that are not taken, until it is closed: agents may be anybody's. */
const maxLines = 1_000;
const maxUnreadBytes = 64 << 10;

/** Who writes a report. */
interface Writer {
  /** @returns the line for the agent; null: not now */
  answerAgent(question: AgentQuestion): Promise<string | null>;
  /** Absent: it is worth asking. */
  readonly isReady?: boolean;
  /** Is told whose agents may ask. */
  admit?(process: WatchedProcess): void;
  leave?(process: WatchedProcess): void;
}

/** Offers and keeps connections to agents. */
export class AgentService {
  readonly #queue: Writer;
  readonly #standbys: Standbys;
  readonly #teller: Teller;
  /** CLOCK_MONOTONIC of the next try. */
  readonly #nextTryAtMs = new WeakMap<WatchedProcess, number>();
  readonly #offers = new Map<WatchedProcess, Offer>();
  #isClosed = false;

  constructor(queue: Writer, standbys: Standbys, teller: Teller) {
    this.#queue = queue;
    this.#standbys = standbys;
    this.#teller = teller;
  }

  /** Offers when it is time. @param nowMs CLOCK_MONOTONIC */
  turn(process: WatchedProcess, nowMs: number): void {
    if (this.#offers.has(process) || (this.#nextTryAtMs.get(process) ?? 0) > nowMs) return;
    const writer = this.#writerFor(process);
    this.#nextTryAtMs.set(process, nowMs + (writer === null ? retryForeignMs : retryMs));
    if (writer === null) return;
    const fd = requireNative().connectAgent(process.pid);
    if (fd < 0) return;
    const socket = new net.Socket({ fd, readable: true, writable: true });
    const offer = new Offer(socket, {
      accepted: () => {
        // Asked before, too, but then nothing held its pid.
        if (this.#writerFor(process) !== writer) return false;
        this.#teller.process(process.pid, { kind: 'agent-found' });
        writer.admit?.(process);
        return true;
      },
      isReady: () => writer.isReady ?? true,
      answer: (request) => this.#answer(process, writer, request),
      closed: () => {
        this.#offers.delete(process);
        writer.leave?.(process);
      },
    });
    this.#offers.set(process, offer);
  }

  /** Takes no more questions; those that are being answered still are. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const offer of this.#offers.values()) offer.closeWhenIdle();
    await this.#standbys.close();
  }

  async #answer(process: WatchedProcess, writer: Writer, request: string): Promise<string> {
    // It may have given up root's rights since, or have ended and left the connection to another.
    if (this.#isClosed || this.#writerFor(process) !== writer) return busy;
    process.isReporting = true;
    const answer = await writer.answerAgent({ pid: process.pid, request });
    process.isReporting = false;
    const path = /^REPORT (.+)\n$/.exec(answer ?? '')?.[1];
    if (path !== undefined) {
      const report = sanitize(path, limits.maxPathBytes);
      this.#teller.process(process.pid, { kind: 'agent-report', report });
    }
    return answer ?? busy;
  }

  /** Null: nobody of ours could do it as well as its own helper, with no more rights than it has. */
  #writerFor({ pid, subject }: WatchedProcess): Writer | null {
    const rights = seesWhatWeSee(pid) ? readRights(subject.identity) : null;
    const own = readRights(requireProcess(process.pid));
    if (rights === null || own === null) return null;
    if (rights.userId === own.userId) return mayTrace(own, rights) ? this.#queue : null;
    const { userId, groupId, hasMoreGroups } = rights;
    const isPlain = !hasMoreGroups && mayTrace({ userId, groupId, capabilities: 0n }, rights);
    return own.userId === 0 && isPlain ? this.#standbys.of(rights) : null;
  }
}

const busy = 'BUSY\n';

interface OfferListener {
  /** @returns whether we still want it */
  accepted(): boolean;
  isReady(): boolean;
  /** @returns the line to send, with its newline */
  answer(request: string): Promise<string>;
  closed(): void;
}

/** One connection. */
class Offer {
  readonly #socket: net.Socket;
  readonly #listener: OfferListener;
  #received = '';
  #lines = 0;
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
      // One question at a time.
      if (this.#isAnswering || ++this.#lines > maxLines) this.#socket.destroy();
      else this.#take(line);
    }
  }

  #take(line: string): void {
    if (!this.#isAccepted) {
      // An agent that does not know the question refuses it.
      this.#isAccepted = line.startsWith('{"ok":true') && this.#listener.accepted();
      if (!this.#isAccepted) this.#socket.destroy();
    } else if (line === 'READY?') {
      this.#say(this.#listener.isReady() ? 'READY\n' : busy);
    } else {
      void this.#answer(line);
    }
  }

  async #answer(request: string): Promise<void> {
    this.#isAnswering = true;
    const text = await this.#listener.answer(request);
    this.#isAnswering = false;
    if (!this.#socket.destroyed) this.#say(text);
    if (this.#endsWhenIdle) this.#socket.end();
  }

  #say(line: string): void {
    if (this.#socket.writableLength > maxUnreadBytes) this.#socket.destroy();
    else this.#socket.write(line);
  }
}

/** Paths, pids and users mean the same to both. */
function seesWhatWeSee(pid: number): boolean {
  const names = ['root', 'ns/mnt', 'ns/pid', 'ns/user'];
  try {
    return names.every(
      (name) => readlinkSync(`/proc/${pid}/${name}`) === readlinkSync(`/proc/self/${name}`),
    );
  } catch {
    return false;
  }
}
