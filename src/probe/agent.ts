/**
 * Client of the agent that sleeps inside a target. One line of JSON each way, one question at a time:
 *   {"op":"probe","timeoutMs":N}      → {"ok":true,"isolates":[{"tid","workerId"?,"address":"0x…","loopUs":N|null}]}
 *   {"op":"allow"}                    → {"ok":true}             lets us trace the target where Yama forbids it
 *   {"op":"capture","reason":"…"}     → {"ok":true,"report":"/path"}
 * and {"ok":false,"error":"…"} when it cannot. The answers come from another process: they are validated.
 */
import net from 'node:net';
import * as v from 'valibot';
import { SleeperError } from '../errors.ts';
import { requireNative } from '../native.ts';
import type { KnownIsolate } from '../reader/reading.ts';
import { type Fact, absent, known } from './fact.ts';

/** Longest answer we accept: 4,096 isolates of about 100 bytes. */
const maxAnswerBytes = 1 << 20;
/** Time on top of what the agent was told to take, for a machine under load. */
const answerSlackMs = 500;

const HexAddress = v.pipe(v.string(), v.regex(/^0x[0-9a-f]{1,16}$/i), v.transform(Number));
const Integer = v.pipe(v.number(), v.integer());

const ProbeAnswer = v.looseObject({
  ok: v.literal(true),
  isolates: v.array(
    v.looseObject({
      tid: Integer,
      workerId: v.exactOptional(Integer),
      address: HexAddress,
      loopUs: v.nullable(v.number()),
    }),
  ),
});
const CaptureAnswer = v.looseObject({ ok: v.literal(true), report: v.string() });
const PlainAnswer = v.looseObject({ ok: v.literal(true) });
const Refusal = v.looseObject({ ok: v.literal(false), error: v.string() });

/** One isolate of the target, and how long its event loop took to answer; null: it did not within the time given. */
export interface IsolateAnswer extends KnownIsolate {
  readonly loopUs: number | null;
}

/** A conversation with one agent. */
export interface AgentClient {
  /** Asks every event loop of the target for a sign of life. */
  probe(timeoutMs: number): Promise<Fact<IsolateAnswer[]>>;
  /** Asks the agent to let this process trace it. */
  allow(timeoutMs: number): Promise<Fact<true>>;
  /** Asks for a report, written by the target's own helper. @returns path of the report */
  capture(reason: string, timeoutMs: number): Promise<Fact<string>>;
  /** Ends the conversation. */
  close(): void;
}

/**
 * Connects to the agent inside a process.
 * @throws SleeperError ERR_SLEEPER_NO_AGENT, ERR_SLEEPER_NO_NATIVE
 */
export function connectAgent(pid: number): AgentClient {
  const fd = requireNative().connectAgent(pid);
  if (fd < 0) {
    throw new SleeperError(
      'ERR_SLEEPER_NO_AGENT',
      `No agent answers in process ${pid} (errno ${-fd}).`,
      { pid, errno: -fd },
    );
  }
  return new SocketAgentClient(new net.Socket({ fd, readable: true, writable: true }));
}

/** Speaks the protocol over any connected socket. */
export class SocketAgentClient implements AgentClient {
  readonly #socket: net.Socket;
  #received = '';
  #waiting: ((answer: Fact<unknown>) => void) | null = null;
  #ended: string | null = null;

  constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.unref();
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.#receive(text);
    });
    socket.on('error', (error) => {
      this.#end(error.message);
    });
    socket.on('close', () => {
      this.#end('the agent closed the connection');
    });
  }

  async probe(timeoutMs: number): Promise<Fact<IsolateAnswer[]>> {
    const answer = await this.#ask({ op: 'probe', timeoutMs }, timeoutMs, ProbeAnswer);
    return answer.known ? known(answer.value.isolates) : answer;
  }

  async allow(timeoutMs: number): Promise<Fact<true>> {
    const answer = await this.#ask({ op: 'allow' }, timeoutMs, PlainAnswer);
    return answer.known ? known(true) : answer;
  }

  async capture(reason: string, timeoutMs: number): Promise<Fact<string>> {
    const answer = await this.#ask({ op: 'capture', reason }, timeoutMs, CaptureAnswer);
    return answer.known ? known(answer.value.report) : answer;
  }

  close(): void {
    this.#end('closed');
    this.#socket.destroy();
  }

  async #ask<T>(
    question: object,
    timeoutMs: number,
    schema: v.GenericSchema<unknown, T>,
  ): Promise<Fact<T>> {
    const answer = await this.#exchange(`${JSON.stringify(question)}\n`, timeoutMs + answerSlackMs);
    if (!answer.known) return answer;
    const parsed = v.safeParse(schema, answer.value);
    if (parsed.success) return known(parsed.output);
    const refusal = v.safeParse(Refusal, answer.value);
    return absent(refusal.success ? refusal.output.error : 'the agent answered something else');
  }

  #exchange(line: string, timeoutMs: number): Promise<Fact<unknown>> {
    if (this.#ended !== null) return Promise.resolve(absent(this.#ended));
    if (this.#waiting !== null) return Promise.resolve(absent('another question is open'));
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        // A late answer would be taken for the answer to the next question.
        this.#end(`no answer within ${timeoutMs} ms`);
        this.#socket.destroy();
      }, timeoutMs);
      this.#waiting = (answer) => {
        clearTimeout(timer);
        this.#waiting = null;
        resolve(answer);
      };
      this.#socket.write(line);
    });
  }

  #receive(text: string): void {
    this.#received += text;
    if (this.#received.length > maxAnswerBytes) {
      this.#end('the answer is too long');
      this.#socket.destroy();
      return;
    }
    const end = this.#received.indexOf('\n');
    if (end < 0) return;
    const line = this.#received.slice(0, end);
    this.#received = this.#received.slice(end + 1);
    this.#waiting?.(parseLine(line));
  }

  #end(reason: string): void {
    this.#ended ??= reason;
    this.#waiting?.(absent(reason));
  }
}

function parseLine(line: string): Fact<unknown> {
  try {
    return known(JSON.parse(line) as unknown);
  } catch {
    return absent('the agent answered something that is not JSON');
  }
}
