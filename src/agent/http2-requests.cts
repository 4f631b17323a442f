/**
 * HTTP/2 requests under way, each a stream (lib/internal/http2/core.js). Every stream that is told of as created is told of as
 * closed: when it ends, is reset or destroyed, alone or with its session.
 */
import type { ClientHttp2Stream, Http2Stream, ServerHttp2Stream } from 'node:http2';
import type { RequestTable } from './request-table.cts';

/** As Node keeps them: no prototype, and values that users gave may be anything. */
type Headers = Readonly<Record<string, unknown>>;

/** Messages of the channels, as far as we read them. */
interface Messages {
  'http2.server.stream.created': { stream: ServerHttp2Stream; headers: Headers };
  'http2.server.stream.finish': { stream: ServerHttp2Stream; headers: Headers };
  'http2.server.stream.close': { stream: ServerHttp2Stream };
  'http2.client.stream.created': { stream: ClientHttp2Stream; headers: Headers };
  'http2.client.stream.finish': { stream: ClientHttp2Stream; headers: Headers };
  'http2.client.stream.close': { stream: ClientHttp2Stream };
}

export type Http2Listeners = { [Name in keyof Messages]: (message: Messages[Name]) => void };

/** Versions that tell of some streams only that they begin are left out: 22.17, 24.1 and 24.2. */
export function tellsOfStreams(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  if (major === 22) return minor >= 18;
  return major === 24 ? minor >= 3 : major > 24;
}

export function http2Listeners(table: RequestTable): Http2Listeners {
  const ofUndici = new UndiciSessions();
  const end = ({ stream }: { stream: Http2Stream }): void => {
    table.end(stream);
  };
  const answer = ({ stream, headers }: { stream: Http2Stream; headers: Headers }): void => {
    const status = headers[':status'];
    if (typeof status === 'number') table.answer(stream, status);
  };
  return {
    'http2.server.stream.created': ({ stream, headers }) => {
      begin(table, 'server', stream, headers);
    },
    'http2.server.stream.finish': answer,
    'http2.server.stream.close': end,
    'http2.client.stream.created': ({ stream, headers }) => {
      if (!ofUndici.has(stream.session)) begin(table, 'client', stream, headers);
    },
    'http2.client.stream.finish': answer,
    'http2.client.stream.close': end,
  };
}

function begin(
  table: RequestTable,
  kind: 'server' | 'client',
  stream: Http2Stream,
  headers: Headers,
): void {
  // One whose signal had been aborted has closed before it was told of.
  if (stream.closed) return;
  table.begin({
    of: stream,
    connection: null,
    kind,
    method: textOf(headers[':method']),
    origin: kind === 'client' ? originOf(headers) : '',
    target: textOf(headers[':path']),
  });
}

/** CONNECT has no scheme. */
function originOf(headers: Headers): string {
  const scheme = textOf(headers[':scheme']);
  const host = textOf(headers[':authority']) || textOf(headers['host']);
  return scheme === '' ? host : `${scheme}://${host}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A request of fetch has been told of by undici, which marks its sessions (lib/dispatcher/client-h2.js) when it makes them. */
class UndiciSessions {
  readonly #seen = new WeakMap<object, boolean>();

  has(session: object | undefined): boolean {
    if (session === undefined) return false;
    const known = this.#seen.get(session);
    if (known !== undefined) return known;
    const isMarked = Object.getOwnPropertySymbols(session).some(
      ({ description }) => description === 'open streams',
    );
    this.#seen.set(session, isMarked);
    return isMarked;
  }
}
