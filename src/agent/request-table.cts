/**
 * The flight recorder's table of HTTP requests under way, shared memory of all threads of the process. A thread takes a place by
 * compare-and-swap and remembers what it is for; only it writes there, until it gives it back. What a thread that ends has
 * not given back the addon does (native/agent/flight_recorder.cc). When the table is full the oldest requests stay: they are
 * what somebody will ask for.
 */
import { mayHoldSecret, redaction } from './redaction.cts';

/** FlightRequest in native/agent/flight_layout.h; offsets in bytes. */
const layout = {
  bytes: 256,
  kind: 4,
  startedAt: 8,
  status: 16,
  length: 20,
  owner: 24,
  text: 28,
} as const;
const kinds = { server: 1, client: 2 } as const;
const space = 32;

/** What begins. */
interface Begun {
  /** Its object in the program, to find it again. */
  readonly of: object;
  /** What it ends with, besides. */
  readonly connection: object | null;
  readonly kind: keyof typeof kinds;
  readonly method: string;
  /** Of clients: scheme and host. */
  readonly origin: string;
  /** What follows the origin; the query may still be there. */
  readonly target: string;
}

/** The table as one thread uses it. */
export class RequestTable {
  readonly #words: Uint32Array;
  readonly #times: Float64Array;
  readonly #bytes: Uint8Array;
  readonly #owner: number;
  /** By place, what this thread has there. */
  readonly #requests: (object | null)[];
  readonly #connections: (object | null)[];
  /** Where a place is looked for first. */
  #hint = 0;

  /** @param workerId 0: the main thread */
  constructor(memory: ArrayBuffer, workerId: number) {
    this.#words = new Uint32Array(memory);
    this.#times = new Float64Array(memory);
    this.#bytes = new Uint8Array(memory);
    this.#owner = workerId + 1;
    const places = memory.byteLength / layout.bytes;
    this.#requests = Array.from({ length: places }, () => null);
    this.#connections = Array.from({ length: places }, () => null);
  }

  /** Queries do not get into the table, nor what looks like a secret. @returns false: the table is full */
  begin({ of, connection, kind, method, origin, target }: Begun): boolean {
    const end = endOfPath(target);
    // A token in a path may be known by the host.
    const safe = mayHoldSecret(target, end)
      ? redaction().text(origin + target.slice(0, end))
      : null;
    const place = this.#take();
    if (place < 0) return false;
    this.#requests[place] = of;
    this.#connections[place] = connection;
    const at = place * layout.bytes;
    this.#beginChange(at);
    const begin = at + layout.text;
    // Piece by piece: to put them together and copy that takes longer.
    let next = this.#write(begin, at, method, method.length);
    if (next < at + layout.bytes) this.#bytes[next++] = space;
    if (safe !== null) next = this.#write(next, at, safe, safe.length);
    else next = this.#write(this.#write(next, at, origin, origin.length), at, target, end);
    this.#times[(at + layout.startedAt) / 8] = Date.now();
    this.#words[(at + layout.status) / 4] = 0;
    this.#words[(at + layout.length) / 4] = next - begin;
    this.#words[(at + layout.kind) / 4] = kinds[kind];
    this.#endChange(at);
    return true;
  }

  answer(request: object, status: number): void {
    const place = this.#requests.indexOf(request);
    if (place < 0) return;
    const at = place * layout.bytes;
    this.#beginChange(at);
    this.#words[(at + layout.status) / 4] = status;
    this.#endChange(at);
  }

  /** Harmless when it has ended already. */
  end(request: object): void {
    const place = this.#requests.indexOf(request);
    if (place >= 0) this.#giveBack(place);
  }

  /** Ends what was under way on a connection that has gone. */
  endConnection(connection: object): void {
    for (let place = 0; place < this.#connections.length; place++) {
      if (this.#connections[place] === connection) this.#giveBack(place);
    }
  }

  endAll(): void {
    for (let place = 0; place < this.#requests.length; place++) {
      if (this.#requests[place] !== null) this.#giveBack(place);
    }
  }

  /** @returns -1: there is none */
  #take(): number {
    const words = this.#words;
    const places = this.#requests.length;
    for (let tries = 0; tries < places; tries++) {
      const place = (this.#hint + tries) % places;
      const at = (place * layout.bytes + layout.owner) / 4;
      if (words[at] === 0 && Atomics.compareExchange(words, at, 0, this.#owner) === 0) {
        this.#hint = place + 1;
        return place;
      }
    }
    return -1;
  }

  #giveBack(place: number): void {
    const at = place * layout.bytes;
    this.#requests[place] = null;
    this.#connections[place] = null;
    this.#hint = place;
    // Whoever reads meanwhile sees another number than before.
    this.#words[at / 4] = (this.#words[at / 4] ?? 0) + 2;
    this.#words[(at + layout.kind) / 4] = 0;
    Atomics.store(this.#words, (at + layout.owner) / 4, 0);
  }

  /** Latin-1, as URLs are; a call into Node would take longer than this. @returns where the next piece goes */
  #write(from: number, at: number, text: string, end: number): number {
    const bytes = this.#bytes;
    const length = Math.min(end, at + layout.bytes - from);
    for (let i = 0; i < length; i++) bytes[from + i] = text.charCodeAt(i);
    return from + length;
  }

  /** Whoever reads meanwhile sees an odd number. */
  #beginChange(at: number): void {
    Atomics.store(this.#words, at / 4, (this.#words[at / 4] ?? 0) | 1);
  }

  #endChange(at: number): void {
    Atomics.store(this.#words, at / 4, (this.#words[at / 4] ?? 0) + 1);
  }
}

function endOfPath(target: string): number {
  const query = target.indexOf('?');
  const end = query < 0 ? target.length : query;
  const fragment = target.indexOf('#');
  return fragment < 0 || fragment > end ? end : fragment;
}
