/**
 * `--web`: the viewer on loopback, for one reader. Every address begins with a random token; who does not know it learns nothing.
 * Requests for another host (a name that was made to point at 127.0.0.1) and from other origins are refused; only GET is answered.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SleeperError } from '../errors.ts';
import { sanitizeJson } from '../report/sanitize.ts';

/** What there is to serve. */
export interface WebContent {
  /** The page. */
  readonly page: () => string;
  /** Header of the page. */
  readonly policy: string;
  /** JSON by path below the token, such as `api/reports`; null when there is nothing. */
  readonly json: (path: string) => Promise<unknown>;
}

export interface WebServer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Readers at a time: a browser opens six connections. */
const maxConnections = 64;
const maxHeaderBytes = 16 << 10;
const requestTimeoutMs = 10_000;

/**
 * Starts to serve; resolves when it does.
 * @param port 0 for any
 * @throws SleeperError ERR_SLEEPER_USAGE when the port is taken or not allowed
 */
export async function serveWeb(content: WebContent, port: number): Promise<WebServer> {
  const token = randomBytes(24).toString('base64url');
  const server = createServer(
    { maxHeaderSize: maxHeaderBytes, requestTimeout: requestTimeoutMs },
    (request, response) => {
      answer(request, response, token, content).catch((error: unknown) => {
        send(response, 500, 'application/json', JSON.stringify({ problem: messageOf(error) }));
      });
    },
  );
  server.maxConnections = maxConnections;
  await listen(server, port);
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/${token}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new SleeperError(
          'ERR_SLEEPER_USAGE',
          `Cannot listen on 127.0.0.1:${port}: ${cause.code ?? cause.message}.`,
          { port },
          { cause },
        ),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  content: WebContent,
): Promise<void> {
  const refusal = refusalOf(request);
  if (refusal !== null) {
    send(response, 403, 'text/plain', `${refusal}\n`);
    return;
  }
  const path = pathBehindToken(request.url ?? '', token);
  if (path === null) {
    send(response, 404, 'text/plain', 'There is nothing here without the token of the address.\n');
    return;
  }
  if (request.method !== 'GET') {
    send(response, 405, 'text/plain', 'Only GET.\n');
    return;
  }
  if (path === '') {
    response.setHeader('content-security-policy', `${content.policy}; frame-ancestors 'none'`);
    send(response, 200, 'text/html', content.page());
    return;
  }
  await answerJson(path, response, content);
}

async function answerJson(
  path: string,
  response: ServerResponse,
  content: WebContent,
): Promise<void> {
  try {
    const value = await content.json(path);
    if (value === null)
      send(response, 404, 'application/json', '{"problem":"There is no such thing."}');
    else send(response, 200, 'application/json', sanitizeJson(JSON.stringify(value)));
  } catch (error) {
    const status = error instanceof SleeperError ? 404 : 500;
    const problem = JSON.stringify({ problem: messageOf(error) });
    send(response, status, 'application/json', sanitizeJson(problem));
  }
}

/** Why a request is not for us; null for one that is. */
function refusalOf(request: IncomingMessage): string | null {
  const { host, origin } = request.headers;
  const port = (request.socket.address() as AddressInfo).port;
  const ours = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (host === undefined || !ours.includes(host)) return 'This server answers to 127.0.0.1 only.';
  if (origin !== undefined && !ours.some((one) => origin === `http://${one}`))
    return 'This server answers to its own pages only.';
  const site = request.headers['sec-fetch-site'];
  // `none`: typed or clicked outside the browser. A link on another page is `cross-site`.
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return 'This server answers to its own pages only.';
  return null;
}

/** `api/reports` of `/TOKEN/api/reports`; null when the token is wrong. */
function pathBehindToken(url: string, token: string): string | null {
  const [, given = '', ...rest] = url.split(/[?#]/)[0]?.split('/') ?? [];
  const a = Buffer.from(given);
  const b = Buffer.from(token);
  if (a.length !== b.length || !timingSafeEqual(a, b) || rest.length === 0) return null;
  return rest.join('/');
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
  });
  response.end(body);
}

function messageOf(error: unknown): string {
  return error instanceof SleeperError ? error.message : 'The report could not be read.';
}
