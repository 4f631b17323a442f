/** A hang of which everything is known that an agent and several looks can tell. */
import type { Report, Sample } from '#dist/report/schema.js';
import { number, object, text } from './parts.ts';
import { hangReport } from './reports.ts';

const at = (name: string, line: number, file: string): Record<string, unknown> => ({
  function: name,
  file: `/var/orders/${file}`,
  line,
  column: 3,
  kind: 'js',
});

const outer = [
  at('OrderService.place', 118, 'src/service.js'),
  at('next', 157, 'node_modules/router/lib/route.js'),
  { function: 'emit', file: 'node:events', line: 519, kind: 'js' },
];

function mainFrames(n: number): Record<string, unknown>[] {
  return [
    ...(n % 3 === 0 ? [{ function: 'Map.set', kind: 'builtin' }] : []),
    ...(n % 5 === 4 ? [at('roundTo', 12, 'src/money.js')] : []),
    at('applyDiscounts', 42 + (n % 2), 'src/pricing.js'),
    at('priceOrder', 61, 'src/pricing.js'),
    ...outer,
  ];
}

/** 24 looks, three minutes of timeline, requests, stores, log lines, a pool at work. */
export function toldReport(): Report {
  const report = hangReport();
  const samples = Array.from({ length: 24 }, (_, n) => ({
    atMs: n * 40,
    threads: [
      {
        tid: 4242,
        state: 'R',
        cpuMs: 100 + n * 39,
        vmState: 'JS',
        loopTurns: 3,
        frames: mainFrames(n),
      },
      {
        tid: 4260,
        state: 'S',
        cpuMs: 9,
        frames: [
          { function: 'Atomics.wait', kind: 'builtin' },
          at('waitForJob', 12, 'src/worker.js'),
        ],
      },
    ],
  }));
  const timeline = Array.from({ length: 180 }, (_, n) => ({
    atMs: (n - 180) * 1_000,
    loopDelayMs: n < 150 ? 1 + 2 * Math.abs(Math.sin(n)) : (n - 149) * 240,
    gcMs: 2 + 3 * Math.abs(Math.cos(n / 3)),
    rssBytes: (90 + n / 3) * 1_048_576,
    heapUsedBytes: (40 + (n % 20)) * 1_048_576,
    utilization: n < 150 ? 0.2 : 1,
    requests: n < 150 ? 30 + 10 * Math.sin(n / 6) : 0,
  }));
  return {
    ...report,
    samples: samples as unknown as Sample[],
    timeline,
    breadcrumbs: [
      {
        at: '2026-11-23T00:48:20.100Z',
        level: 'info',
        source: 'pino',
        text: 'order A-17 received',
        data: object('{items: 3}', { items: number(3) }),
      },
      { at: '2026-11-23T00:48:23.000Z', level: 'error', text: 'pricing took longer than 1 s' },
    ],
    httpRequests: [{ kind: 'server', method: 'POST', url: '/orders/A-17', ageMs: 7_300 }],
    asyncStores: [{ name: 'requestId', value: text('r-17') }],
    threadpool: {
      size: 4,
      idle: 1,
      running: 3,
      queued: 2,
      slowQueued: 1,
      threads: [
        { tid: 4247, state: 'running', doing: 'fs read' },
        { tid: 4248, state: 'running', doing: 'getaddrinfo' },
        { tid: 4249, state: 'running', doing: 'zlib' },
        { tid: 4250, state: 'idle' },
      ],
    },
  };
}
