/** The event loop as people see it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Report } from '#dist/report/schema.js';
import { eventLoopLines } from '#dist/view/loop.js';
import { paint } from '#dist/view/layout.js';
import { thread } from '../view/parts.ts';
import { hangReport } from '../view/reports.ts';

function shown(parts: Partial<Report>, full = false): string {
  const quiet = { handles: [], requests: [], timers: [] };
  return paint(eventLoopLines({ ...hangReport(), ...quiet, ...parts }, 200, full), false);
}

test('nothing known, nothing shown', () => {
  assert.equal(shown({}), '');
});

test('sockets, children, timers: what they are and what is unusual about them', () => {
  const text = shown({
    handles: [
      { type: 'tcp', fd: 20, state: 'listening', address: '127.0.0.1:80', active: true, ref: true },
      {
        type: 'tcp',
        fd: 21,
        state: 'connected',
        address: '10.0.0.1:80',
        peer: '10.0.0.2:4242',
        pendingBytes: 2048,
      },
      { type: 'pipe', fd: 22, file: 'pipe:[41]', active: false },
      { type: 'process', pid: 4711 },
      { type: 'timer', timeoutMs: -1500, repeatMs: 1000, ref: false },
      { type: 'async', internal: true },
      { type: 'check', internal: true },
    ],
  });
  assert.equal(
    text,
    `EVENT LOOP AND HEAP
  handles     tcp 127.0.0.1:80 (fd 20): listening
              tcp 10.0.0.1:80 ⇄ 10.0.0.2:4242 (fd 21): connected, 2 KiB not sent
              pipe pipe:[41] (fd 22): not active
              process child 4711
              timer: 1.5 s late, every 1 s, unref
              2 handles that libuv and Node.js keep for themselves
`,
  );
});

test('requests, pool and timers; the same things are folded, many are cut', () => {
  const queued = { type: 'fs', state: 'queued', operation: 'stat', path: '/tmp/a' } as const;
  const parts: Partial<Report> = {
    requests: [
      { type: 'fs', state: 'running', operation: 'read', fd: 9, file: '/tmp/fifo', poolTid: 77 },
      queued,
      queued,
      ...Array.from({ length: 20 }, (_, i) => ({ ...queued, path: `/tmp/b${i}` })),
    ],
    threadpool: { size: 4, running: 3, idle: 0, queued: 22, slowQueued: 2, threads: [] },
    timers: [
      {
        kind: 'interval',
        count: 3,
        delayMs: 60_000,
        repeat: true,
        function: 'tick',
        file: '/app/a.js',
        line: 7,
        column: 3,
      },
      { kind: 'immediate', count: 1, delayMs: 0, repeat: false, function: 'later', ref: false },
    ],
  };
  const lines = shown(parts).split('\n');
  assert.deepEqual(lines.slice(1, 4), [
    '  requests    running: fs read /tmp/fifo (fd 9) on pool thread 77',
    '              2 × queued: fs stat /tmp/a',
    '              queued: fs stat /tmp/b0',
  ]);
  assert.deepEqual(lines.slice(9), [
    '              … 14 more',
    '  thread pool 4 threads: 3 at work, 0 idle, 1 unknown, 22 queued (2 of them name look-ups)',
    '  timers      3 × every 1 min: tick /app/a.js:7:3',
    '              1 × immediate, unref: later',
    '',
  ]);
  assert.match(shown(parts, true), /b19/);
});

test('the heap of each thread: what it holds of what it may', () => {
  const heap = {
    limitBytes: 100 << 20,
    spaces: [
      { name: 'old_space', usedBytes: 90 << 20, committedBytes: 92 << 20 },
      { name: 'large_object_space', usedBytes: 2 << 20, committedBytes: 2 << 20 },
      { name: 'new_large_object_space', usedBytes: 50 << 20, committedBytes: 50 << 20 },
    ],
  };
  const threads = [
    { ...thread(), heap },
    { ...thread({ tid: 9, kind: 'worker', workerId: 1 }), heap: { spaces: heap.spaces } },
  ];
  assert.deepEqual(shown({ threads }).split('\n').slice(1), [
    '  heap        old generation 92 MiB of 100 MiB: old_space 90 MiB, large_object_space 2 MiB',
    '              old generation 92 MiB: old_space 90 MiB, large_object_space 2 MiB in worker 1',
    '',
  ]);
});

test('what a report says cannot reach the terminal as a control sequence', () => {
  const evil = '\x1b[2J';
  const text = shown({
    handles: [{ type: evil, file: evil, fd: 1, path: evil }],
    requests: [{ type: evil, state: 'queued', host: evil }],
    timers: [{ kind: 'timeout', count: 1, delayMs: 1, repeat: false, function: evil, file: evil }],
  });
  assert.equal(text.includes('\x1b'), false);
});
