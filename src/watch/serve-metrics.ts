/** Serves /metrics, /healthz and /readyz. */
import http from 'node:http';
import { SleeperError } from '../errors.ts';
import { errnoOf } from '../probe/fact.ts';
import type { WatchMetrics } from './metrics.ts';

/** How the watcher is. */
export interface Health {
  /** It looks at its targets, as of now. */
  isWatching(): boolean;
  /** It has looked through the processes of the machine once. */
  isReady(): boolean;
}

export interface MetricsServer {
  /** The port that was taken: another than was asked for only when that was 0. */
  readonly port: number;
  close(): void;
}

/** @throws SleeperError ERR_SLEEPER_CONFIG when the address cannot be used */
export async function serveMetrics(
  address: { readonly host: string; readonly port: number },
  metrics: WatchMetrics,
  health: Health,
): Promise<MetricsServer> {
  const server = http.createServer((request, response) => {
    void answer(request, response, metrics, health);
  });
  // Whoever asks closes; a slow or idle client must not hold a descriptor for ever.
  server.requestTimeout = 10_000;
  server.keepAliveTimeout = 5_000;
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const { host, port } = address;
      const message = `Cannot serve metrics on ${host}:${port}: ${errnoOf(cause)}.`;
      reject(new SleeperError('ERR_SLEEPER_CONFIG', message, { host, port }, { cause }));
    });
    server.listen(address.port, address.host, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : address.port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  metrics: WatchMetrics,
  health: Health,
): Promise<void> {
  const path = (request.url ?? '/').split('?')[0];
  const say = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
    response.end(request.method === 'HEAD' ? undefined : text);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    say(405, 'GET only\n');
  } else if (path === '/metrics') {
    try {
      say(200, await metrics.render(), metrics.contentType);
    } catch (error) {
      say(500, `${error instanceof Error ? error.message : String(error)}\n`);
    }
  } else if (path === '/healthz') {
    const isWell = health.isWatching();
    say(isWell ? 200 : 503, isWell ? 'watching\n' : 'not watching\n');
  } else if (path === '/readyz') {
    const isReady = health.isReady() && health.isWatching();
    say(isReady ? 200 : 503, isReady ? 'ready\n' : 'not ready\n');
  } else {
    say(404, '/metrics, /healthz, /readyz\n');
  }
}
