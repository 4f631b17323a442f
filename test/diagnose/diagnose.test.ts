/** The rules over captures put together by hand: each kind, and what must not be taken for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '#dist/diagnose/diagnose.js';
import { signatureOf } from '#dist/diagnose/signature.js';
import type { Capture, Thread, Verdict } from '#dist/report/schema.js';
import {
  type Picture,
  captureOf,
  fifo,
  frame,
  hang,
  inNode,
  pollWords,
  polling,
  priceOf,
  route,
  steadyFutex,
  steadyRead,
  stuckLoop,
} from './captures.ts';

const pictures: readonly {
  readonly name: string;
  readonly picture: Picture;
  readonly kind: Verdict['kind'];
  readonly confidence: Verdict['confidence'];
  /** In the summary or the evidence. */
  readonly says?: readonly RegExp[];
}[] = [
  {
    name: 'busy JavaScript',
    picture: { main: { vmState: 'JS', loop: stuckLoop } },
    kind: 'js-busy',
    confidence: 'certain',
    says: [
      /priceOf at orders\.js:42/,
      /priceOf\(order = \{id: 'A-17'\}\)/,
      /total = 12/,
      /called by route at server\.js:7/,
      /last turned 6\.2 s ago/,
      /used 100 % of a CPU/,
    ],
  },
  {
    name: 'busy in the collector at that moment',
    picture: { main: { vmState: 'GC', loop: stuckLoop } },
    kind: 'js-busy',
    confidence: 'likely',
  },
  {
    name: 'busy, stack unreadable',
    picture: {
      main: { via: 'proc', frames: [], loop: stuckLoop },
      capture: { missing: [{ what: 'reader', reason: 'EPERM' }] },
    },
    kind: 'js-busy',
    confidence: 'guess',
    says: [/could not be read: EPERM/],
  },
  {
    name: 'busy, nothing known but /proc',
    picture: { main: { via: 'proc', frames: [] } },
    kind: 'js-busy',
    confidence: 'guess',
  },
  {
    name: 'at work for less than a second',
    picture: { main: { vmState: 'JS', loop: { alive: false, lastTurnAgoMs: 300 } } },
    kind: 'healthy',
    confidence: 'guess',
  },
  {
    name: 'at work and turning',
    picture: { main: { vmState: 'JS', loop: { alive: true, lastTurnAgoMs: 2 } } },
    kind: 'healthy',
    confidence: 'certain',
  },
  {
    name: 'recovered before the capture',
    picture: { capture: hang, main: { loop: { alive: true, lastTurnAgoMs: 2 } } },
    kind: 'healthy',
    confidence: 'certain',
    says: [/recovered/],
  },
  {
    name: 'a read of a FIFO',
    picture: {
      looks: steadyRead,
      main: { state: 'S', syscall: fifo, frames: [inNode, priceOf, route], loop: stuckLoop },
    },
    kind: 'sync-io',
    confidence: 'certain',
    says: [
      /fs\.readSync\(\) on \/tmp\/orders\.fifo, called by priceOf at orders\.js:42/,
      /main thread 4242 is in read\(fd 17 → \/tmp\/orders\.fifo/,
      /seen twice in the same call/,
    ],
  },
  {
    name: 'the same by /proc alone, for a watchdog',
    picture: {
      looks: steadyRead,
      capture: hang,
      main: { state: 'S', syscall: fifo, frames: [], via: 'proc' },
    },
    kind: 'sync-io',
    confidence: 'likely',
    says: [/watchdog: not turned/],
  },
  {
    name: 'the same by /proc alone, for a question',
    picture: { looks: steadyRead, main: { state: 'S', syscall: fifo, frames: [], via: 'proc' } },
    kind: 'sync-io',
    confidence: 'likely',
  },
  {
    name: 'an open on a network file system, in state D',
    picture: {
      looks: steadyRead,
      main: { state: 'D', syscall: 'openat(/mnt/nfs/a)', loop: stuckLoop },
    },
    kind: 'sync-io',
    confidence: 'certain',
    says: [/on \/mnt\/nfs\/a/],
  },
  {
    name: 'state D, call unknown',
    picture: {
      looks: ['outside', 'outside', 0],
      main: { state: 'D', wchan: 'folio_wait_bit', loop: stuckLoop },
    },
    kind: 'uninterruptible-io',
    confidence: 'likely',
  },
  {
    // It allocates, and waits for the kernel to change the map of its memory.
    name: 'in state D at the first look, at work between them',
    picture: {
      looks: ['mmap(1n)', 'running', 228],
      main: { state: 'D', syscall: 'mmap()', loop: stuckLoop },
    },
    kind: 'js-busy',
    confidence: 'certain',
    says: [/used 91 % of a CPU/],
  },
  {
    name: 'a lock of native code',
    picture: {
      looks: steadyFutex,
      main: { state: 'S', vmState: 'EXTERNAL', syscall: 'futex(0x7f, wait)', loop: stuckLoop },
    },
    kind: 'native-blocked',
    confidence: 'certain',
    says: [/a lock or condition/],
  },
  {
    // V8 waits for its helpers now and then: a lock, but no trouble of native code.
    name: 'in a lock at each look, at work between them',
    picture: {
      looks: ['futex(1n)', 'futex(1n)', 228],
      main: { state: 'S', syscall: 'futex(0x7f, wait)', loop: stuckLoop },
    },
    kind: 'js-busy',
    confidence: 'certain',
    says: [/used 91 % of a CPU/],
  },
  {
    name: 'Atomics.wait, by V8’s word',
    picture: {
      looks: steadyFutex,
      main: { state: 'S', vmState: 'ATOMICS_WAIT', syscall: 'futex(0x7f, wait)', loop: stuckLoop },
    },
    kind: 'atomics-wait',
    confidence: 'certain',
    says: [/called by priceOf at orders\.js:42/],
  },
  {
    name: 'Atomics.wait, by the stack',
    picture: {
      looks: steadyFutex,
      main: {
        state: 'S',
        syscall: 'futex(0x7f, wait)',
        frames: [frame('wait', '', 0, { kind: 'builtin' }), priceOf],
        loop: stuckLoop,
      },
    },
    kind: 'atomics-wait',
    confidence: 'likely',
  },
  {
    name: 'a nested loop: execSync',
    picture: {
      looks: polling,
      main: {
        state: 'S',
        syscall: pollWords,
        frames: [frame('spawnSync', 'node:internal/child_process', 1109), priceOf],
        loop: stuckLoop,
      },
    },
    kind: 'sync-child',
    confidence: 'certain',
    says: [/called by priceOf/],
  },
  {
    name: 'idle',
    picture: {
      looks: polling,
      main: {
        state: 'S',
        syscall: pollWords,
        frames: [],
        loop: { alive: true, lastTurnAgoMs: 9_000, activeHandles: 2 },
      },
    },
    kind: 'idle',
    confidence: 'certain',
    says: [/2 active handles/],
  },
  {
    name: 'idle, by what keeps it alive',
    picture: {
      looks: polling,
      main: { state: 'S', syscall: pollWords, frames: [], loop: { alive: true, activeHandles: 4 } },
      capture: {
        handles: [
          { type: 'tcp', active: true, ref: true, peer: '10.0.0.7:5432', state: 'connected' },
          { type: 'async', active: true, ref: true, internal: true },
          { type: 'process', active: true, ref: false, pid: 7 },
          { type: 'tcp', active: true, ref: true, tid: 4243, state: 'listening' },
        ],
        timers: [
          { kind: 'timeout', count: 3, delayMs: 500, repeat: false, function: 'retry' },
          { kind: 'interval', count: 1, delayMs: 5_000, repeat: true, function: 'a', ref: false },
        ],
      },
    },
    kind: 'idle',
    confidence: 'certain',
    says: [/kept alive by a connection to 10\.0\.0\.7:5432 and 3 timers of 500 ms\.\n/],
  },
  {
    name: 'idle, with a hook of the program that was bundled into a package, and its top level',
    picture: {
      looks: polling,
      main: { state: 'S', syscall: pollWords, frames: [], loop: { alive: true, activeHandles: 1 } },
      capture: {
        tasks: [
          {
            ...{ id: 1, function: 'transform', file: '/srv/shop/node_modules/.tmp/config.mjs' },
            ...{ line: 9, arguments: [], locals: [], awaitedBy: [], awaits: 'a timer of 5000 ms' },
            original: { file: '/srv/shop/plugin.ts', line: 3, column: 5 },
          },
          {
            ...{ id: 2, function: '(top level)', file: '/srv/shop/build.mjs', line: 1 },
            ...{
              arguments: [],
              locals: [],
              awaitedBy: [],
              awaits: 'a promise that native code keeps',
            },
          },
        ],
      },
    },
    kind: 'idle',
    confidence: 'certain',
    says: [
      /2 async functions are suspended: transform at plugin\.ts:3 waits for a timer of 5000 ms\.\n/,
    ],
  },
  {
    name: 'idle, by /proc alone',
    picture: { looks: polling, main: { state: 'S', via: 'proc', syscall: pollWords, frames: [] } },
    kind: 'idle',
    confidence: 'likely',
  },
  {
    name: 'a poll between much work',
    picture: {
      looks: ['epoll_wait(14n)', 'running', 200],
      main: { state: 'S', syscall: pollWords, frames: [], loop: { alive: true, lastTurnAgoMs: 1 } },
    },
    kind: 'healthy',
    confidence: 'certain',
  },
  {
    name: 'stopped',
    picture: { looks: ['outside', 'outside', 0], main: { state: 'T', loop: stuckLoop } },
    kind: 'stopped',
    confidence: 'certain',
  },
  {
    name: 'frozen',
    picture: {
      looks: ['outside', 'outside', 0],
      main: { state: 'S', wchan: 'do_freezer_trap', loop: stuckLoop },
    },
    kind: 'stopped',
    confidence: 'certain',
    says: [/frozen/],
  },
  {
    name: 'held by a debugger',
    picture: { looks: ['outside', 'outside', 0], main: { state: 't', loop: stuckLoop } },
    kind: 'traced',
    confidence: 'certain',
  },
  {
    name: 'nothing known',
    picture: { looks: ['outside', 'running', 20], main: { via: 'proc', frames: [], state: 'S' } },
    kind: 'healthy',
    confidence: 'guess',
  },
];

for (const { name, picture, kind, confidence, says } of pictures) {
  test(`diagnose: ${name}`, () => {
    const verdict = diagnose(captureOf(picture));
    const words = [verdict.summary, ...verdict.evidence.map((one) => one.text)].join('\n');
    assert.equal(`${verdict.kind} ${verdict.confidence}`, `${kind} ${confidence}`, words);
    for (const pattern of says ?? []) assert.match(words, pattern);
    assert.equal(verdict.thread, 4242);
    assert.ok(verdict.evidence.length > 0);
    assert.ok(!words.includes('undefined') && !words.includes('NaN'), words);
  });
}

const error = {
  name: 'RangeError',
  message: 'no price for A-17.\nsecond line',
  properties: [],
  cause: { name: 'Error', message: 'table empty', properties: [] },
};
for (const kind of ['uncaught-exception', 'unhandled-rejection'] as const) {
  test(`diagnose: ${kind}`, () => {
    const verdict = diagnose(
      captureOf({ capture: { error, trigger: { kind, reason: 'RangeError' } } }),
    );
    assert.equal(verdict.kind, kind);
    assert.equal(verdict.confidence, 'certain');
    assert.match(verdict.summary, /RangeError: no price for A-17 .* in priceOf at orders\.js:42/);
    assert.ok(verdict.evidence.some((one) => /caused by Error: table empty/.test(one.text)));
  });
}

test('diagnose: a capture without threads', () => {
  const verdict = diagnose({ ...captureOf({}), threads: [] });
  assert.equal(verdict.confidence, 'guess');
});

function signature(main: Partial<Thread>, more: Partial<Capture> = {}): string {
  const capture = captureOf({ main: { loop: stuckLoop, vmState: 'JS', ...main }, capture: more });
  return signatureOf(capture, diagnose(capture));
}

test('signature: the same trouble', () => {
  const first = signature({});
  assert.match(first, /^js-busy priceOf@orders\.js #[0-9a-f]{10}$/);
  const moved = { ...priceOf, line: 99, file: 'file:///srv/release-2/orders.js', arguments: [] };
  assert.equal(
    signature({ frames: [moved, { ...route, line: 1 }] }),
    first,
    'lines, directories, values',
  );
  assert.equal(
    signature({ frames: [priceOf, priceOf, priceOf, inNode, route] }),
    first,
    'recursion',
  );
  assert.equal(
    signature({ frames: [frame('f', '/a/main.0a1b2c3d.js', 1)] }),
    signature({ frames: [frame('f', '/a/main.99887766.js', 1)] }),
    'bundle names',
  );
});

test('signature: another trouble', () => {
  const all = [
    signature({}),
    signature({ frames: [route] }),
    signature({ frames: [{ ...priceOf, function: 'other' }, route] }),
    signature({ state: 'T' }),
    signature({}, { error, trigger: { kind: 'uncaught-exception', reason: 'x' } }),
  ];
  assert.equal(new Set(all).size, all.length, all.join('\n'));
});
