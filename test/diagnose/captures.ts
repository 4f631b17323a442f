/** Captures put together by hand. */
import type { Capture, Frame, Thread } from '#dist/report/schema.js';

export function frame(name: string, file: string, line: number, more: Partial<Frame> = {}): Frame {
  return { function: name, file, line, column: 3, kind: 'js', arguments: [], locals: [], ...more };
}
export const text = (preview: string) => ({ type: 'string', preview });

export const priceOf = frame('priceOf', '/srv/shop/orders.js', 42, {
  arguments: [
    { name: 'order', value: { type: 'object', preview: "{id: 'A-17'}" } },
    { name: 'gone', value: { type: 'unknown', preview: '', reason: 'optimized-out' } },
  ],
  locals: [{ name: 'total', value: text('12') }],
});
export const route = frame('route', '/srv/shop/server.js', 7);
export const inNode = frame('readSync', 'node:fs', 750);
export const inPackage = frame('next', '/srv/shop/node_modules/express/router.js', 9);

export interface Picture {
  readonly main?: Partial<Thread>;
  readonly capture?: Partial<Capture>;
  /** The looks: call, CPU used between them (ms of 250). */
  readonly looks?: readonly [first: string, second: string, usedMs: number];
}

export function captureOf({ main, capture, looks }: Picture): Capture {
  const [first, second, usedMs] = looks ?? ['running', 'running', 250];
  return {
    id: 'x',
    formatVersion: 2,
    minReaderVersion: 2,
    capturedAt: '2026-01-01T00:00:00Z',
    durationMs: 1,
    pausedMs: 0,
    trigger: { kind: 'request', reason: 'asked' },
    host: { hostname: 'h', kernel: 'k', cpus: 2, memory: { totalBytes: 1, availableBytes: 1 } },
    process: { pid: 4242, cwd: '/srv/shop' },
    threads: [
      {
        tid: 4242,
        kind: 'main',
        name: 'node',
        state: 'R',
        via: 'reader',
        frames: [priceOf, inPackage, route],
        ...main,
      },
      { tid: 4243, kind: 'native', name: 'node', state: 'S', via: 'proc', frames: [] },
    ],
    tasks: [],
    handles: [],
    requests: [],
    timers: [],
    samples: [
      { atMs: 0, threads: [{ tid: 4242, call: first, cpuMs: 100, frames: [] }] },
      { atMs: 250, threads: [{ tid: 4242, call: second, cpuMs: 100 + usedMs, frames: [] }] },
    ],
    missing: [],
    redactions: { count: 0, keys: [] },
    ...capture,
  };
}

export const hang = {
  trigger: { kind: 'hang', reason: 'not turned for 6.2 s', stalledForMs: 6_200 },
} as const;
export const stuckLoop = {
  alive: false,
  lastTurnAgoMs: 6_200,
  activeHandles: 3,
  activeRequests: 0,
};
export const steadyRead = ['read(17n)', 'read(17n)', 0] as const;
export const steadyFutex = ['futex(1n)', 'futex(1n)', 0] as const;
export const fifo = 'read(fd 17 → /tmp/orders.fifo, 4096 bytes)';
export const pollWords = 'epoll_wait(fd 14 → anon_inode:[eventpoll], no timeout)';
export const polling = ['epoll_wait(14n)', 'epoll_wait(14n)', 0] as const;

/** In its own poll. */
export const idleMain: Partial<Thread> = {
  state: 'S',
  vmState: 'IDLE',
  syscall: pollWords,
  frames: [],
  loop: { alive: true, lastTurnAgoMs: 900, activeHandles: 2, activeRequests: 0 },
};
