/**
 * HTTP requests under way, in the table of the flight recorder: those that the program is to answer, and those that it made by
 * node:http, node:http2 or fetch. Told by the diagnostics channels of Node (lib/_http_server.js, lib/_http_client.js) and undici
 * (its docs/api/DiagnosticsChannel.md). Costs a line of text in shared memory for each request; queries never get there.
 */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { http2Listeners, tellsOfStreams } from './http2-requests.cts';
import type { NativeAgent } from './native.cts';
import { RequestTable } from './request-table.cts';

interface UndiciRequest {
  readonly origin: string | URL;
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

type Listeners = { [Name in keyof Messages]: (message: Messages[Name]) => void };

/** Begins to note requests of this thread. @param workerId 0: the main thread @returns a function that stops it */
export function watchHttpRequests(
  native: Pick<NativeAgent, 'flightRequests'>,
  workerId: number,
): () => void {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded in every Node.js already; import() would wait
  const channels = require('node:diagnostics_channel') as typeof import('node:diagnostics_channel');
  const table = new RequestTable(native.flightRequests(), workerId);
  const sockets = new Sockets(table);
  const listeners = {
    ...serverListeners(table, sockets),
    ...clientListeners(table),
    ...(tellsOfStreams(process.versions.node) ? http2Listeners(table) : {}),
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
    sockets.leaveAll();
    table.endAll();
  };
}

/** A request whose connection has gone gets no answer any more, and nobody tells. */
class Sockets {
  readonly #watched = new Set<Socket>();
  readonly #onClose: (this: Socket) => void;

  constructor(table: RequestTable) {
    const watched = this.#watched;
    this.#onClose = function onClose() {
      watched.delete(this);
      table.endConnection(this);
    };
  }

  watch(socket: Socket): void {
    if (this.#watched.has(socket)) return;
    this.#watched.add(socket);
    socket.on('close', this.#onClose);
  }

  leaveAll(): void {
    for (const socket of this.#watched) socket.off('close', this.#onClose);
    this.#watched.clear();
  }
}

function serverListeners(
  table: RequestTable,
  sockets: Sockets,
): Pick<Listeners, 'http.server.request.start' | 'http.server.response.finish'> {
  return {
    'http.server.request.start': ({ request, response, socket }) => {
      const { method = '', url = '' } = request;
      const begun = table.begin({
        of: response,
        connection: socket,
        kind: 'server',
        method,
        origin: '',
        target: url,
      });
      if (begun) sockets.watch(socket);
    },
    'http.server.response.finish': ({ response }) => {
      table.end(response);
    },
  };
}

function clientListeners(
  table: RequestTable,
): Omit<Listeners, 'http.server.request.start' | 'http.server.response.finish'> {
  const onClose = function onClose(this: ClientRequest): void {
    table.end(this);
  };
  const end = ({ request }: { request: object }): void => {
    table.end(request);
  };
  const originOf = rememberOrigin();
  return {
    'http.client.request.start': ({ request }) => {
      const { protocol, path: target, method } = request;
      const host = request.getHeader('host');
      const origin = originOf(protocol, typeof host === 'string' ? host : request.host);
      if (table.begin({ of: request, connection: null, kind: 'client', method, origin, target }))
        request.on('close', onClose);
    },
    'http.client.response.finish': ({ request, response }) => {
      table.answer(request, response.statusCode ?? 0);
    },
    'undici:request:create': ({ request }) => {
      const { origin: given, path: target, method } = request;
      const origin = typeof given === 'string' ? given : new URL(given).origin;
      table.begin({ of: request, connection: null, kind: 'client', method, origin, target });
    },
    'undici:request:headers': ({ request, response }) => {
      table.answer(request, response.statusCode);
    },
    'undici:request:trailers': end,
    'undici:request:error': end,
  };
}

/** Most requests go where the last one went; a text that was put together anew takes longer to copy. */
function rememberOrigin(): (protocol: string, host: string) => string {
  let lastProtocol = '';
  let lastHost = '';
  let origin = '';
  return (protocol, host) => {
    if (protocol !== lastProtocol || host !== lastHost) {
      lastProtocol = protocol;
      lastHost = host;
      origin = `${protocol}//${host}`;
    }
    return origin;
  };
}
