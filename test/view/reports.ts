/** Reports as a capture makes them, for tests of encoding, archive and view. */
import type { ErrorRecord, Frame, Report } from '#dist/report/schema.js';
import { hostileReport } from './hostile.ts';
import {
  frame,
  httpInternals,
  nativeThreads,
  number,
  object,
  optimizedOut,
  report,
  text,
  thread,
  variables,
} from './parts.ts';

function hangFrames(): Frame[] {
  const order = object("{ id: 'A-17', customer: {…}, items: Array(3) }", {
    id: text('A-17'),
    customer: object("{ name: 'Änne Łukasz 😀', tier: 'gold' }"),
    items: { type: 'array', preview: '[ {…}, {…}, {…} ]', length: 3, truncated: true },
  });
  return [
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
        before: ['\tlet attempt = 0;', '\twhile (rules.length < 1 && attempt < maxAttempts) {'],
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
}

/** A server in an endless loop, three of its functions deep. */
export function hangReport(): Report {
  const loop = { alive: false, lastTurnAgoMs: 7_214.5, activeHandles: 4, activeRequests: 0 };
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
    threads: [thread({ loop, frames: hangFrames() }), worker, ...nativeThreads()],
    annotations: { release: '2026.11.2' },
    packages: [
      { name: 'orders', version: '7.1.0', directory: '/var/orders' },
      { name: 'router', version: '2.2.0', directory: '/var/orders/node_modules/router' },
    ],
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

/** All of the above by name. */
export const sampleReports: Readonly<Record<string, () => Report>> = {
  hang: hangReport,
  'sync-io': syncIoReport,
  crash: crashReport,
  idle: idleReport,
  hostile: hostileReport,
};
