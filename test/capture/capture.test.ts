/** The ladder with rungs that break, hang and die; the real reader is tested in the zoo. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CaptureRequest, capture } from '#dist/capture/capture.js';
import type { CaptureDependencies } from '#dist/capture/climb.js';
import { parseErrorFrames } from '#dist/capture/error-frames.js';
import { SleeperError } from '#dist/errors.js';
import type { Report } from '#dist/report/schema.js';
import type { ProcessReading } from '#dist/reader/reading.js';
import { spawnZoo } from '../harness/spawn-zoo.ts';
import { readThreads } from '../harness/wait.ts';
import { loadZooKind } from '../harness/zoo.ts';

const noAgent = (): never => {
  throw new SleeperError('ERR_SLEEPER_NO_AGENT', 'no agent');
};
const noLoop = (): never => {
  throw new SleeperError('ERR_SLEEPER_UNSUPPORTED_NODE', 'no table for V8 99');
};

function withReader(readProcess: CaptureDependencies['readProcess']): CaptureDependencies {
  return {
    readProcess,
    readKeptStack: () => null,
    openEventLoop: noLoop,
    connectAgent: noAgent,
  };
}

function requestFor(pid: number, more: Partial<CaptureRequest> = {}): CaptureRequest {
  const trigger = { kind: 'request', reason: 'a test' } as const;
  return { pid, id: '00000000-0000-4000-8000-000000000000', trigger, deadlineMs: 5_000, ...more };
}

function reasonFor(report: Pick<Report, 'missing'>, what: string): string {
  return report.missing.find((entry) => entry.what === what)?.reason ?? 'not missing';
}

test('capture: a reader that throws leaves what /proc tells, and its reason', async (t) => {
  const target = await spawnZoo(t, 'hang/sync-fifo-read');
  const report = await capture(
    requestFor(target.pid),
    withReader(() => Promise.reject(new Error('it broke'))),
  );
  assert.equal(reasonFor(report, 'reader'), 'it broke');
  assert.equal(reasonFor(report, 'agent'), 'not loaded in this process');
  const [main] = report.threads;
  assert.equal(main?.kind, 'main');
  assert.equal(main.via, 'proc');
  assert.match(main.syscall ?? '', /^read\(fd \d+ → .*orders\.fifo/);
  assert.ok(report.threads.length > 1);
  assert.equal(report.process.cwd, target.directory);
  assert.match(report.process.argv?.join(' ') ?? '', /program\.mjs/);
  assert.equal(report.process.stdio?.length, 3);
  assert.ok((report.process.limits?.['Max open files'] ?? 0) > 0);
});

test('capture: a reader that never answers costs the deadline, not more', async (t) => {
  const target = await spawnZoo(t, 'quiet/idle-server');
  const report = await capture(
    requestFor(target.pid, { deadlineMs: 900 }),
    withReader(() => new Promise(() => undefined)),
  );
  assert.match(reasonFor(report, 'reader'), /no answer within \d+ ms/);
  assert.ok(report.threads.length > 0);
});

test('capture: no time at all still gives a report', async (t) => {
  const target = await spawnZoo(t, 'quiet/idle-server');
  const report = await capture(
    requestFor(target.pid, { deadlineMs: 1 }),
    withReader(() => Promise.reject(new Error('must not be asked'))),
  );
  assert.equal(reasonFor(report, 'reader'), 'no time left');
  assert.equal(report.threads[0]?.kind, 'main');
});

/** A reader in whose hands the target dies. */
function dying(kill: () => Promise<unknown>): CaptureDependencies['readProcess'] {
  return async () => {
    await kill();
    throw new SleeperError('ERR_SLEEPER_TARGET_GONE', 'it ended');
  };
}

test('capture: a target that dies on us: for a question an error', async (t) => {
  const target = await spawnZoo(t, 'quiet/idle-server');
  await assert.rejects(capture(requestFor(target.pid), withReader(dying(() => target.kill()))), {
    code: 'ERR_SLEEPER_TARGET_GONE',
  });
});

test('capture: a target that dies on us: for a hang what was seen', async (t) => {
  const target = await spawnZoo(t, 'hang/sync-fifo-read');
  const report = await capture(
    requestFor(target.pid, { trigger: { kind: 'hang', reason: 'stuck', stalledForMs: 6_000 } }),
    withReader(dying(() => target.kill())),
  );
  assert.equal(reasonFor(report, 'process'), 'it ended while it was being captured');
  assert.match(report.threads[0]?.syscall ?? '', /^read\(/);
});

test('capture: what the reader says of a process that is not node is final', async (t) => {
  const target = await spawnZoo(t, 'quiet/idle-server');
  const notNode = (): Promise<ProcessReading> =>
    Promise.reject(new SleeperError('ERR_SLEEPER_NOT_NODE', 'not node after all'));
  await assert.rejects(capture(requestFor(target.pid), withReader(notNode)), {
    code: 'ERR_SLEEPER_NOT_NODE',
  });
});

test('capture: threads of the kernel and of the reader become one list', async (t) => {
  const target = await spawnZoo(t, 'hang/worker-sync-loop');
  const workerTid = readThreads(target.pid).at(-1)?.tid ?? 0;
  const report = await capture(requestFor(target.pid), {
    ...withReader((pid) => {
      const reading: ProcessReading = {
        v8Version: '99',
        pausedMs: 0.5,
        missing: [{ what: 'something', reason: 'of the reader' }],
        threads: [
          { tid: pid, kind: 'main', frames: [], note: 'nothing to show' },
          { tid: workerTid, kind: 'worker', workerId: 3, vmState: 'JS', frames: [] },
          { tid: 4_194_305, kind: 'worker', workerId: 4, frames: [] },
        ],
      };
      return Promise.resolve(reading);
    }),
    connectAgent: () => ({
      allow: () => Promise.resolve({ known: true, value: true }),
      probe: () =>
        Promise.resolve({
          known: true,
          value: [{ tid: target.pid, workerId: 0, address: 1, loopUs: 5 }],
        }),
      capture: () => Promise.resolve({ known: false, reason: 'not asked' }),
      close: () => undefined,
    }),
  });
  const main = report.threads[0];
  assert.equal(main?.via, 'reader');
  assert.equal(main.note, 'nothing to show');
  assert.deepEqual(main.loop, { alive: true });
  assert.equal(main.workerId, undefined);
  const kinds = report.threads.map(({ kind }) => kind).join(' ');
  assert.match(kinds, /^main worker worker( native)+$/);
  assert.equal(report.pausedMs, 0.5);
  assert.equal(reasonFor(report, 'something'), 'of the reader');
});

test('capture: an error gives its thread the frames of its stack, with source lines', async (t) => {
  const target = await spawnZoo(t, 'quiet/idle-server');
  const { program, markers } = loadZooKind('hang/sync-loop');
  const line = markers.get('@stuck')?.[0] ?? 0;
  const stack = `RangeError: no price\n    for A-17\n    at spin (file://${program}:${line}:5)\n    at node:internal/timers:1:2`;
  const report = await capture(
    requestFor(target.pid, {
      trigger: { kind: 'uncaught-exception', reason: 'RangeError: no price' },
      isolates: [],
      death: { tid: target.pid },
      error: { name: 'RangeError', message: 'no price', stack, properties: [] },
    }),
    withReader(() => Promise.reject(new Error('no'))),
  );
  const [top, second] = report.threads[0]?.frames ?? [];
  assert.equal(top?.function, 'spin');
  assert.match(top.source?.line ?? '', /@stuck/);
  assert.equal(second?.file, 'node:internal/timers');
  assert.match(reasonFor(report, 'arguments and locals at the throw'), /^not-supported/);
  assert.equal(report.error?.message, 'no price');
});

const stackLines: readonly (readonly [line: string, name: string, place: string])[] = [
  ['    at priceOf (/srv/orders.js:42:7)', 'priceOf', '/srv/orders.js:42:7'],
  ['    at /srv/orders.js:42:7', '(anonymous)', '/srv/orders.js:42:7'],
  ['    at async total (file:///srv/a%20b.mjs:1:2)', 'total', 'file:///srv/a%20b.mjs:1:2'],
  ['    at async file:///srv/a.mjs:1:2', '(anonymous)', 'file:///srv/a.mjs:1:2'],
  ['    at new Order (/srv/my (old) dir/o.js:3:4)', 'new Order', '/srv/my (old) dir/o.js:3:4'],
  ['    at Object.<anonymous> (/srv/o.js:3:4)', 'Object.<anonymous>', '/srv/o.js:3:4'],
  ['    at Cart.add [as push] (/srv/o.js:3:4)', 'Cart.add [as push]', '/srv/o.js:3:4'],
  ['    at Array.map (<anonymous>)', 'Array.map', ''],
  ['    at eval (eval at run (/srv/e.js:1:1), <anonymous>:5:6)', 'eval', '<anonymous>:5:6'],
];
for (const [line, name, place] of stackLines) {
  test(`capture: stack line ${line.trim()}`, () => {
    const [frame, ...rest] = parseErrorFrames(`Error: at sea (no: 1:2)\n${line}`);
    assert.deepEqual(rest, []);
    assert.equal(frame?.function, name);
    const at =
      frame.file === undefined ? '' : `${frame.file}:${String(frame.line)}:${String(frame.column)}`;
    assert.equal(at, place);
  });
}
