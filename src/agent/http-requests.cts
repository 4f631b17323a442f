/**
 * HTTP requests under way, in the table of the flight recorder: those that the program is to answer, and those that it made by
 * node:http or fetch. Told by the diagnostics channels of Node (lib/_http_server.js, lib/_http_client.js) and undici (its
 * docs/api/DiagnosticsChannel.md). Costs a line of text in shared memory for each request; queries never get there.
 */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { NativeAgent } from './native.cts';
import { mayHoldSecret, redaction } from './redaction.cts';

/** FlightRequest in native/agent/flight_layout.h; offsets in bytes. */
const layout = { bytes: 256, kind: 4, startedAt: 8, status: 16, length: 20, text: 24 } as const;
const textBytes = layout.bytes - layout.text;
const kinds = { server: 1, client: 2 } as const;

interface UndiciRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: string;
}

/** Messages of the channels, as far as we read them. */
interface Messages {
  'http.server.request.start': {
    request: IncomingMessage;
    response: ServerResponse;
    socket: Socket;
  };
  'http.server.response.finish': { response: ServerResponse };
  'http.client.request.start': { request: ClientRequest };
  'http.client.response.finish': { request: ClientRequest; response: IncomingMessage };
  'undici:request:create': { request: UndiciRequest };
  'undici:request:headers': { request: UndiciRequest; response: { statusCode: number } };
  'undici:request:trailers': { request: UndiciRequest };
  'undici:request:error': { request: UndiciRequest };
}

/** The table. When it is full the oldest requests stay: they are what somebody will ask for. */
class RequestTable {
  readonly #words: Uint32Array;
  readonly #times: Float64Array;
  readonly #bytes: Uint8Array;
  readonly #free: number[];
  /** What each place is for, to find it again. */
  readonly #owners: (object | null)[];

  constructor(memory: ArrayBuffer) {
    this.#words = new Uint32Array(memory);
    this.#times = new Float64Array(memory);
    this.#bytes = new Uint8Array(memory);
    const places = memory.byteLength / layout.bytes;
    this.#free = Array.from({ length: places }, (_, index) => places - 1 - index);
    this.#owners = Array.from({ length: places }, () => null);
  }

  /** @returns false: the table is full */
  begin(owner: object, kind: keyof typeof kinds, method: string, url: string): boolean {
    const place = this.#free.pop();
    if (place === undefined) return false;
    this.#owners[place] = owner;
    const at = place * layout.bytes;
    const text = `${method} ${url}`;
    const length = Math.min(text.length, textBytes);
    this.#beginChange(at);
    // Latin-1, as URLs are; a call into Node would take longer than this.
    for (let i = 0; i < length; i++) this.#bytes[at + layout.text + i] = text.charCodeAt(i);
    this.#words[(at + layout.kind) / 4] = kinds[kind];
    this.#times[(at + layout.startedAt) / 8] = Date.now();
    this.#words[(at + layout.status) / 4] = 0;
    this.#words[(at + layout.length) / 4] = length;
    this.#endChange(at);
    return true;
  }

  answer(owner: object, status: number): void {
    const place = this.#owners.indexOf(owner);
    if (place < 0) return;
    const at = place * layout.bytes;
    this.#beginChange(at);
    this.#words[(at + layout.status) / 4] = status;
    this.#endChange(at);
  }

  /** Harmless when it has ended already. */
  end(owner: object): void {
    const place = this.#owners.indexOf(owner);
    if (place < 0) return;
    this.#owners[place] = null;
    this.#free.push(place);
    const at = place * layout.bytes;
    this.#beginChange(at);
    this.#words[(at + layout.kind) / 4] = 0;
    this.#endChange(at);
  }

  /** Ends all that are not wanted any more. */
  endWhere(isOver: (owner: object) => boolean): void {
    for (const owner of this.#owners) if (owner !== null && isOver(owner)) this.end(owner);
  }

  /** Whoever reads meanwhile sees an odd number. */
  #beginChange(at: number): void {
    Atomics.store(this.#words, at / 4, (this.#words[at / 4] ?? 0) | 1);
  }

  #endChange(at: number): void {
    Atomics.store(this.#words, at / 4, (this.#words[at / 4] ?? 0) + 1);
  }
}

/** Begins to note requests of this thread. @returns a function that stops it */
export function watchHttpRequests(native: NativeAgent): () => void {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded in every Node.js already; import() would wait
  const channels = require('node:diagnostics_channel') as typeof import('node:diagnostics_channel');
  const table = new RequestTable(native.flightRequests());
  const socketOf = new WeakMap<object, Socket>();
  const known = new WeakSet<Socket>();

  /** A request whose connection has gone gets no answer any more, and nobody tells. */
  function watchSocket(socket: Socket): void {
    if (known.has(socket)) return;
    known.add(socket);
    socket.once('close', () => {
      table.endWhere((owner) => socketOf.get(owner) === socket);
    });
  }

  const listeners: { [Name in keyof Messages]: (message: Messages[Name]) => void } = {
    'http.server.request.start': ({ request, response, socket }) => {
      const url = safeUrl('', request.url ?? '');
      if (!table.begin(response, 'server', request.method ?? '', url)) return;
      socketOf.set(response, socket);
      watchSocket(socket);
    },
    'http.server.response.finish': ({ response }) => {
      table.end(response);
    },
    'http.client.request.start': ({ request }) => {
      const { protocol, path, method } = request;
      const host = request.getHeader('host');
      const place = typeof host === 'string' ? host : request.host;
      const url = safeUrl(`${protocol}//${place}`, path);
      if (!table.begin(request, 'client', method, url)) return;
      request.once('close', () => {
        table.end(request);
      });
    },
    'http.client.response.finish': ({ request, response }) => {
      table.answer(request, response.statusCode ?? 0);
    },
    'undici:request:create': ({ request }) => {
      const { origin, path, method } = request;
      table.begin(request, 'client', method, safeUrl(origin, path));
    },
    'undici:request:headers': ({ request, response }) => {
      table.answer(request, response.statusCode);
    },
    'undici:request:trailers': ({ request }) => {
      table.end(request);
    },
    'undici:request:error': ({ request }) => {
      table.end(request);
    },
  };
  const subscriptions = Object.entries(listeners).map(([name, listener]) => {
    // What a subscriber throws ends the program: ours never does.
    const subscriber = (message: unknown): void => {
      try {
        (listener as (message: unknown) => void)(message);
      } catch {
        // A request of somebody's own making, which cannot be read: it is not noted.
      }
    };
    channels.subscribe(name, subscriber);
    return () => channels.unsubscribe(name, subscriber);
  });
  return () => {
    for (const unsubscribe of subscriptions) unsubscribe();
    table.endWhere(() => true);
  };
}

/** Without the query. A token in a path may be known by the host. */
function safeUrl(origin: string, pathAndQuery: string): string {
  const path = untilFirst('#', untilFirst('?', pathAndQuery));
  const url = origin + path;
  return mayHoldSecret(path) ? redaction().text(url) : url;
}

function untilFirst(character: string, text: string): string {
  const end = text.indexOf(character);
  return end < 0 ? text : text.slice(0, end);
}
