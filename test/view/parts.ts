/** What reports are built from, for tests of encoding, archive and view. */
import { formatVersion, minReaderVersion } from '#dist/report/schema.js';
import type { Frame, Report, Thread, Value } from '#dist/report/schema.js';

export function number(value: number): Value {
  return { type: 'number', preview: String(value) };
}

export function text(value: string): Value {
  return { type: 'string', preview: JSON.stringify(value), length: value.length };
}

export function object(preview: string, properties: Record<string, Value> = {}): Value {
  return {
    type: 'object',
    preview,
    truncated: preview.includes('…'),
    properties: Object.entries(properties).map(([name, value]) => ({ name, value })),
  };
}

export const optimizedOut: Value = { type: 'unknown', preview: '', reason: 'optimized-out' };

export function variables(values: Record<string, Value>): Frame['locals'] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

/** A JavaScript frame; `place` is `file:line:column`. */
export function frame(name: string, place: string, rest: Partial<Frame> = {}): Frame {
  const [, file = '', line, column] = /^(.*):(\d+):(\d+)$/.exec(place) ?? [];
  return {
    function: name,
    file,
    line: Number(line),
    column: Number(column),
    kind: 'js',
    arguments: [],
    locals: [],
    ...rest,
  };
}

export function thread(rest: Partial<Thread> = {}): Thread {
  return {
    tid: 4242,
    kind: 'main',
    name: 'node',
    state: 'R',
    cpuMs: 8_412.2,
    vmState: 'JS',
    via: 'reader',
    frames: [],
    ...rest,
  };
}

/** The threads every Node.js process has besides. */
export function nativeThreads(): Thread[] {
  const names = [
    'node',
    'node',
    'node',
    'node',
    'libuv-worker',
    'libuv-worker',
    'libuv-worker',
    'libuv-worker',
    'sleeper',
  ];
  return names.map((name, index) => ({
    tid: 4243 + index,
    kind: 'native',
    name,
    state: 'S',
    wchan: name === 'sleeper' ? 'ep_poll' : 'futex_wait_queue',
    cpuMs: 12,
    via: 'proc',
    frames: [],
  }));
}

export const httpInternals: Frame[] = [
  frame('emit', 'node:events:519:28'),
  frame('parserOnIncoming', 'node:_http_server:1134:12'),
  frame('parserOnHeadersComplete', 'node:_http_common:119:17'),
];

/** A report about which nothing is wrong but what `rest` says. */
export function report(rest: Partial<Report> = {}): Report {
  return {
    id: '1f3a9c2e-77aa-4c1b-9d55-0a8c5b1e2f30',
    formatVersion,
    minReaderVersion,
    capturedAt: '2026-11-23T00:48:31.417Z',
    durationMs: 61.3,
    pausedMs: 0.41,
    trigger: { kind: 'request', reason: 'sleeper dump' },
    verdict: {
      kind: 'healthy',
      summary: 'The event loop turns.',
      confidence: 'certain',
      evidence: [],
    },
    signature: 'healthy',
    host: {
      hostname: 'web1',
      kernel: '6.1.0-18-amd64',
      cpus: 2,
      memory: { totalBytes: 4_112_322_560, availableBytes: 1_288_490_188 },
    },
    process: {
      pid: 4242,
      startTime: '2026-11-22T21:36:02.000Z',
      argv: ['node', 'server.js', '--port', '3000', '--greeting', "it's me"],
      execPath: '/usr/bin/node',
      cwd: '/var/orders',
      nodeVersion: 'v20.20.2',
      v8Version: '11.3.244.8-node.33',
      uptimeMs: 11_549_000,
      cgroup: '0::/system.slice/orders.service',
      limits: { 'Max open files': 1024, 'Max processes': -1 },
      env: { NODE_ENV: 'production', API_TOKEN: '<redacted>' },
      stdio: ['/dev/null', 'pipe:[41231]', 'pipe:[41232]'],
      descriptors: { count: 41, kinds: { eventpoll: 2, socket: 36, pipe: 2, device: 1 } },
    },
    threads: [thread(), ...nativeThreads()],
    tasks: [],
    handles: [{ type: 'tcp-server' }, { type: 'tcp' }, { type: 'tcp' }, { type: 'timer' }],
    requests: [],
    timers: [
      { kind: 'interval', count: 1, delayMs: 30_000, repeat: true, function: 'checkConnections' },
    ],
    missing: [
      { what: 'tasks', reason: 'not-supported: suspended async functions are not read yet' },
    ],
    redactions: { count: 1, keys: ['API_TOKEN'] },
    ...rest,
  };
}
