/** The size of a report has a limit whatever is in the target; it is spent on what matters most, and what was cut is told. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decodeReport } from '#dist/encode/decode.js';
import { encodeReport } from '#dist/encode/encode.js';
import { limits } from '#dist/limits.js';
import type { Frame, Report, Task, Value } from '#dist/report/schema.js';
import { frame, number, text, variables } from '../view/parts.ts';
import { hangReport as sharedReport } from '../view/reports.ts';

/** With parts of its own: tests add to them. */
function hangReport(): Report {
  return structuredClone(sharedReport());
}

function encoded(report: Report, maxBytes?: number): Report {
  const bytes = encodeReport(report, maxBytes === undefined ? {} : { maxBytes });
  assert.ok(bytes.length <= (maxBytes ?? limits.maxEncodedBytes), `${bytes.length} bytes`);
  const read = decodeReport(bytes, 'bounded');
  assert.deepEqual(read.verdict, report.verdict);
  assert.deepEqual(read.trigger, report.trigger);
  return read;
}

function toldOf(report: Report, pattern: RegExp): string {
  const entry = report.missing.find(({ what }) => pattern.test(what));
  assert.ok(entry, `${String(pattern)} is not in ${JSON.stringify(report.missing)}`);
  assert.match(entry.reason, /^over-limit: /);
  return entry.what;
}

function tasks(count: number): Task[] {
  const locals = variables({ orderId: text('A-17'), attempt: number(3) });
  return Array.from({ length: count }, (_, id) => ({
    id,
    function: 'placeOrder',
    file: '/var/orders/src/service.js',
    line: 118,
    locals,
    arguments: [],
    awaitedBy: [],
  }));
}

function frames(count: number): Frame[] {
  const made = frame('walk', '/var/orders/src/tree.js:7:3', {
    arguments: variables({ node: { type: 'object', preview: 'Node {…}' } }),
    locals: variables({ depth: number(5) }),
  });
  return Array.from({ length: count }, () => made);
}

suite('8 MiB, whatever is in the target', () => {
  test('a million tasks', () => {
    const read = encoded({ ...hangReport(), tasks: tasks(1_000_000) });
    assert.deepEqual(read.threads, hangReport().threads);
    assert.ok(read.tasks.length > 5_000, String(read.tasks.length));
    assert.deepEqual(read.tasks[5]?.locals, tasks(1)[0]?.locals);
    const told = toldOf(read, /of 1000000 tasks$/);
    assert.equal(Number.parseInt(told, 10), 1_000_000 - read.tasks.length);
  });

  test('arrays of 200 MB in every frame', () => {
    const hang = hangReport();
    const leaf: Value = { type: 'string', preview: 'x'.repeat(1_000) };
    const element = { name: '0', value: leaf };
    const huge: Value = {
      type: 'array',
      preview: 'Array(200000)',
      properties: Array.from({ length: 200_000 }, () => element),
    };
    for (const { frames: stack } of hang.threads) {
      for (const one of stack) one.locals.push({ name: 'rows', value: huge });
    }
    const read = encoded(hang);
    assert.deepEqual(
      read.threads.map((thread) => thread.frames.map((one) => one.function)),
      hang.threads.map((thread) => thread.frames.map((one) => one.function)),
    );
    const rows = read.threads[0]?.frames[0]?.locals.find(({ name }) => name === 'rows');
    assert.equal(rows?.value.preview, 'Array(200000)');
    toldOf(read, /frames of the guilty thread: the insides of values/);
  });

  test('one string of 200 MB', () => {
    const hang = hangReport();
    hang.threads[0]?.frames[0]?.locals.push({
      name: 'body',
      value: { type: 'string', preview: 'x'.repeat(200 << 20) },
    });
    const read = encoded(hang);
    const body = read.threads[0]?.frames[0]?.locals.find(({ name }) => name === 'body');
    assert.match(body?.value.preview.slice(-9) ?? '', /^x{8}…$/);
    assert.ok((body?.value.preview.length ?? 0) > 1_000);
    toldOf(read, /long texts/);
  });

  test('100,000 handles and as many requests', () => {
    const handles = Array.from({ length: 100_000 }, (_, fd) => ({
      type: 'tcp',
      tid: 4242,
      fd,
      state: 'connected',
      address: '127.0.0.1:8080',
      peer: `10.1.2.3:${fd}`,
    }));
    const requests = handles.map(({ fd, peer }) => ({
      type: 'write',
      state: 'waiting' as const,
      fd,
      peer,
    }));
    const read = encoded({ ...hangReport(), handles, requests, tasks: tasks(1_000) });
    assert.equal(read.tasks.length, 1_000);
    assert.deepEqual(read.tasks[999], tasks(1_000)[999]);
    assert.ok(read.handles.length > 5_000 && read.requests.length > 5_000);
    assert.deepEqual(read.handles[5], handles[5]);
    toldOf(read, /of 100000 handles$/);
  });

  test('a stack of 100,000 frames, guilty or not', () => {
    const hang = hangReport();
    for (const thread of hang.threads.slice(0, 2)) thread.frames = frames(100_000);
    const read = encoded(hang);
    assert.ok((read.threads[0]?.frames.length ?? 0) > 10_000);
    assert.ok((read.threads[1]?.frames.length ?? 0) > 1_000);
    assert.ok(
      (read.threads[0]?.frames.length ?? 0) > (read.threads[1]?.frames.length ?? 0),
      'the guilty thread has more',
    );
    toldOf(read, /of 100000 frames of the guilty thread$/);
    toldOf(read, /frames of thread \d+ behind/);
  });

  test('everything at once, with ten thousand threads, into 1 MiB', () => {
    const hang = hangReport();
    const [main] = hang.threads;
    assert.ok(main);
    main.frames.push(...frames(50_000));
    for (let tid = 10_000; tid < 20_000; tid++) {
      hang.threads.push({ ...main, tid, kind: 'native', frames: frames(50) });
    }
    const env = Object.fromEntries(
      Array.from({ length: 50_000 }, (_, index) => [`VARIABLE_${index}`, 'y'.repeat(100)]),
    );
    const read = encoded(
      {
        ...hang,
        tasks: tasks(50_000),
        process: { ...hang.process, env },
        error: { name: 'Error', message: 'z'.repeat(50 << 20), properties: [] },
        annotations: { big: 'w'.repeat(50 << 20) },
        breadcrumbs: Array.from({ length: 50_000 }, (_, index) => ({ text: `line ${index}` })),
        missing: Array.from({ length: 50_000 }, (_, index) => ({ what: `${index}`, reason: 'r' })),
      },
      1 << 20,
    );
    assert.equal(read.error?.name, 'Error');
    assert.deepEqual(read.threads[0]?.frames.slice(0, 5), hang.threads[0]?.frames.slice(0, 5));
    assert.ok(read.tasks.length > 200);
    assert.ok((read.breadcrumbs?.length ?? 0) > 100);
    assert.ok(read.missing.length > 100);
  });

  test('a report within the limit is not touched', () => {
    const whole = { ...hangReport(), tasks: tasks(2_000) };
    assert.deepEqual(encoded(whole), whole);
    // One part may be most of it.
    const long = { ...hangReport(), annotations: { page: 'x'.repeat(6 << 20) } };
    assert.deepEqual(encoded(long), long);
  });
});
