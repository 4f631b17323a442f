/** Reports as a capture makes them, for tests of encoding, archive and view. */
import { formatVersion, minReaderVersion } from '#dist/report/schema.js';
import type { ErrorRecord, Frame, Report, Thread, Value } from '#dist/report/schema.js';

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

function nativeThreads(): Thread[] {
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

const httpInternals: Frame[] = [
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

/** A server in an endless loop, three of its functions deep. */
export function hangReport(): Report {
  const order = object("{ id: 'A-17', customer: {…}, items: Array(3) }", {
    id: text('A-17'),
    customer: object("{ name: 'Änne Łukasz 😀', tier: 'gold' }"),
    items: { type: 'array', preview: '[ {…}, {…}, {…} ]', length: 3, truncated: true },
  });
  const loop = { alive: false, lastTurnAgoMs: 7_214.5, activeHandles: 4, activeRequests: 0 };
  const frames: Frame[] = [
    frame('applyDiscounts', '/var/orders/src/pricing.js:42:14', {
      tier: 'turbofan',
      arguments: variables({
        order,
        rate: number(0.15),
        rules: { type: 'array', preview: 'Array(0) []', length: 0 },
      }),
      locals: variables({
        attempt: number(81_273_112),
        note: text('a note that goes on and on so that it has to be wrapped '.repeat(4)),
        total: optimizedOut,
      }),
      closure: variables({ maxAttempts: number(Number.MAX_SAFE_INTEGER) }),
      source: {
        before: ['\tlet attempt = 0;', '\twhile (rules.length < 1) {'],
        line: '\t\tattempt += order.items.length;',
        after: ['\t}', '\treturn attempt * rate;'],
      },
    }),
    frame('priceOrder', '/var/orders/src/pricing.js:57:10', {
      tier: 'turbofan',
      inlined: true,
      arguments: variables({ order }),
      source: { before: [], line: '  return applyDiscounts(order, 0.15, []);', after: [] },
    }),
    frame('OrderService.place', '/var/orders/src/service.js:118:22', {
      tier: 'baseline',
      arguments: variables({ request: object('IncomingMessage {…}') }),
      locals: variables({ startedAt: number(1_795_394_904_202), retries: number(0) }),
      source: { before: [], line: '    const price = priceOrder(order);', after: [] },
    }),
    frame('next', '/var/orders/node_modules/router/lib/route.js:157:13', {
      tier: 'interpreted',
      arguments: variables({ err: { type: 'undefined', preview: 'undefined' } }),
    }),
    ...httpInternals,
  ];
  const worker = thread({
    tid: 4260,
    kind: 'worker',
    workerId: 1,
    name: 'node',
    state: 'S',
    vmState: 'ATOMICS_WAIT',
    syscall: 'futex(FUTEX_WAIT)',
    wchan: 'futex_wait_queue',
    frames: [
      { function: 'Atomics.wait', kind: 'builtin', arguments: [], locals: [] },
      frame('waitForJob', '/var/orders/src/worker.js:12:11', {
        arguments: variables({ slot: number(3) }),
      }),
    ],
  });
  return report({
    trigger: { kind: 'hang', reason: 'the event loop did not answer', stalledForMs: 7_214.5 },
    verdict: {
      kind: 'js-busy',
      summary:
        'The main thread has been running JavaScript for 7.2 s and never returned to the event loop: applyDiscounts (src/pricing.js:42).',
      confidence: 'certain',
      thread: 4242,
      evidence: [
        {
          text: 'thread 4242 is running (state R) and used 7.19 s of CPU in the 7.21 s since the last turn of its loop',
        },
        { text: 'three looks within 40 ms found applyDiscounts innermost each time' },
      ],
      advice:
        'Look at the loop in applyDiscounts at src/pricing.js:41: its condition does not change while rules is empty.',
    },
    signature: 'js-busy:applyDiscounts@src/pricing.js:priceOrder',
    threads: [thread({ loop, frames }), worker, ...nativeThreads()],
    annotations: { release: '2026.11.2' },
  });
}

/** A main thread blocked in a read of a FIFO. */
export function syncIoReport(): Report {
  const frames: Frame[] = [
    frame('readSync', 'node:fs:742:18', {
      tier: 'interpreted',
      arguments: variables({
        fd: number(17),
        buffer: object('Buffer(64) [ 0, 0, 0, … ]'),
        offset: number(0),
      }),
    }),
    frame('readConfig', '/var/orders/src/config.mjs:9:14', {
      file: 'file:///var/orders/src/config.mjs',
      tier: 'interpreted',
      arguments: variables({ path: text('/tmp/config.fifo') }),
      locals: variables({ fd: number(17), buffer: object('Buffer(64) [ 0, 0, 0, … ]') }),
      source: {
        before: ['  const buffer = Buffer.alloc(64);'],
        line: '  fs.readSync(fd, buffer);',
        after: [],
      },
    }),
    frame('listOnTimeout', 'node:internal/timers:581:17'),
    frame('processTimers', 'node:internal/timers:519:7'),
  ];
  return report({
    id: 'b2c3d4e5-0000-4000-8000-000000000002',
    trigger: { kind: 'hang', reason: 'the event loop did not turn', stalledForMs: 5_020 },
    verdict: {
      kind: 'sync-io',
      summary:
        'The main thread is blocked in read(2) on /tmp/config.fifo, called by readConfig (src/config.mjs:9).',
      confidence: 'likely',
      thread: 4242,
      evidence: [{ text: 'read(fd 17 → /tmp/config.fifo) in thread 4242, sleeping in pipe_read' }],
      advice: 'Nobody writes to /tmp/config.fifo. Use the asynchronous fs.promises API.',
    },
    signature: 'sync-io:readConfig',
    threads: [
      thread({
        state: 'S',
        vmState: 'EXTERNAL',
        syscall: 'read(fd 17 → /tmp/config.fifo)',
        wchan: 'pipe_read',
        frames,
      }),
      ...nativeThreads(),
    ],
  });
}

/** An uncaught exception with two causes, the second an AggregateError. */
export function crashReport(): Report {
  const at = (name: string, place: string): string => `    at ${name} (${place})`;
  const refused = (port: number): ErrorRecord => ({
    name: 'Error',
    message: `connect ECONNREFUSED 127.0.0.1:${port}`,
    stack: `Error: connect\n${at('TCPConnectWrap.afterConnect [as oncomplete]', 'node:net:1611:16')}`,
    properties: variables({ errno: number(-111), code: text('ECONNREFUSED') }),
  });
  const error: ErrorRecord = {
    name: 'OrderError',
    message: "Cannot price order 'A-17'",
    stack: [
      "OrderError: Cannot price order 'A-17'",
      at('priceOrder', '/var/orders/src/pricing.js:61:11'),
      at('async OrderService.place', '/var/orders/src/service.js:118:22'),
      at('process.processTicksAndRejections', 'node:internal/process/task_queues:95:5'),
    ].join('\n'),
    properties: variables({ orderId: text('A-17') }),
    cause: {
      name: 'AggregateError',
      message: 'All replicas failed',
      stack: `AggregateError: All replicas failed\n${at('connectAny', '/var/orders/src/db.js:30:9')}`,
      properties: [],
      errors: [refused(5432), refused(5433)],
    },
  };
  return report({
    id: 'c0ffee00-0000-4000-8000-000000000003',
    trigger: { kind: 'uncaught-exception', reason: 'nobody caught an OrderError' },
    verdict: {
      kind: 'uncaught-exception',
      summary:
        "OrderError: Cannot price order 'A-17', thrown by priceOrder (src/pricing.js:61) and caught by nobody.",
      confidence: 'certain',
      thread: 4242,
      evidence: [{ text: 'the agent was told by process.on("uncaughtExceptionMonitor")' }],
    },
    signature: 'uncaught-exception:OrderError:priceOrder',
    error,
    threads: [
      thread({
        state: 'S',
        via: 'agent',
        note: 'The stack had unwound when the error was reported.',
      }),
      ...nativeThreads(),
    ],
  });
}

/** A process that waits for work. */
export function idleReport(): Report {
  return report({
    id: 'dd00aa11-0000-4000-8000-000000000004',
    verdict: {
      kind: 'idle',
      summary: 'Nothing is wrong: the event loop waits for events.',
      confidence: 'certain',
      evidence: [{ text: 'the main thread sleeps in epoll_wait on the descriptor of its loop' }],
    },
    signature: 'idle',
    threads: [
      thread({
        state: 'S',
        vmState: 'IDLE',
        syscall: 'epoll_wait(fd 13)',
        wchan: 'ep_poll',
        note: 'no JS frames: waiting in the event loop',
        loop: { alive: true, lastTurnAgoMs: 1_204, activeHandles: 3, activeRequests: 0 },
      }),
      ...nativeThreads(),
    ],
  });
}

/** Escape sequences, a bidirectional override, a bell, a lone surrogate, a stack of combining marks. */
export const hostileText =
  '\x1b]0;owned\x07\x1b[2J\x1b[31mred\u202egnp.exe\u2066\u200b\x9b5m\r\nfake line\ud800 z' +
  '\u0301'.repeat(40);

/** A report whose every text tries to do something to the terminal. */
export function hostileReport(): Report {
  const long = `${hostileText}${'A'.repeat(100_000)}`;
  const value: Value = { type: 'string', preview: long, length: long.length, truncated: true };
  const variable = { name: hostileText, value: { ...value, properties: [{ name: long, value }] } };
  const evil = thread({
    name: hostileText,
    state: hostileText,
    wchan: long,
    syscall: long,
    vmState: long,
    note: long,
    frames: Array.from({ length: 3 }, () => ({
      function: long,
      file: `/var/${long}`,
      line: 7,
      column: 3,
      kind: 'js' as const,
      arguments: [variable, variable],
      locals: [variable],
      closure: [variable],
      receiver: value,
      source: { line: long, before: [hostileText], after: ['\t' + hostileText] },
    })),
  });
  const error: ErrorRecord = {
    name: long,
    message: long,
    stack: `${long}\n    at ${long}`,
    properties: [variable],
  };
  return report({
    id: hostileText,
    capturedAt: hostileText,
    trigger: { kind: 'hang', reason: long },
    verdict: {
      kind: 'js-busy',
      summary: long,
      confidence: 'guess',
      thread: 4242,
      evidence: [{ text: long }],
      advice: long,
    },
    signature: hostileText,
    threads: [
      evil,
      { ...evil, tid: 4243, kind: 'worker' },
      { ...evil, tid: 4244, kind: 'native', frames: [] },
    ],
    error: { ...error, cause: error, errors: [error] },
    handles: [{ type: long }],
    annotations: { [hostileText]: long },
    breadcrumbs: [{ text: long }],
    missing: [{ what: long, reason: long }],
    redactions: { count: 1, keys: [long] },
    process: {
      pid: 4242,
      argv: [long],
      cwd: hostileText,
      execPath: long,
      env: { [hostileText]: long },
      nodeVersion: long,
    },
    host: {
      hostname: long,
      kernel: long,
      cpus: 1,
      memory: { totalBytes: 1, availableBytes: 1 },
      containerId: long,
    },
  });
}

/** All of the above by name. */
export const sampleReports: Readonly<Record<string, () => Report>> = {
  hang: hangReport,
  'sync-io': syncIoReport,
  crash: crashReport,
  idle: idleReport,
  hostile: hostileReport,
};
