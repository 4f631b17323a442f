/** Suspended async functions of real processes: where, with which values, for what, and who waits for them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { suite, test } from 'node:test';
import { readCore } from '#dist/reader/read-core.js';
import { readProcess } from '#dist/reader/read.js';
import { readProcessTasks } from '#dist/reader/read-process-tasks.js';
import type { Task } from '#dist/report/schema.js';
import { withCore } from '../core/cores.ts';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { makeDirectory, spawnProgram, type Owner } from '../harness/spawn-target.ts';
import { readMarkers } from '../harness/zoo.ts';

function program(name: string): string {
  return path.join(root, 'test/tasks/programs', name);
}

/** A collection between search and stop moves what was found; a machine that is busy enough sees that twice. */
const maxReadings = 5;

async function readTasks(pid: number): Promise<readonly Task[]> {
  for (let left = maxReadings; ; left--) {
    const { tasks, missing } = await readProcess(pid, { deadlineMs: 120_000 });
    assert.ok(tasks, 'tasks are part of the reading');
    const lacks = missing.filter(({ what }) => what.includes('async'));
    if (left > 1 && lacks.some(({ reason }) => reason.includes('moved by the collector'))) continue;
    assert.deepEqual(lacks, []);
    return tasks;
  }
}

/** The same by the reader of the tasks alone. */
function readTasksAlone(pid: number, stop: boolean): ReturnType<typeof readProcessTasks> {
  for (let left = maxReadings; ; left--) {
    const reading = readProcessTasks(pid, { stop, deadlineMs: 120_000 });
    const isTorn = reading.missing.some(({ reason }) => reason.includes('moved by the collector'));
    if (left === 1 || !isTorn) return reading;
  }
}

/** The tasks of one program by the marker of the line they stand at. */
class Found {
  readonly tasks: readonly Task[];
  readonly #file: string;
  readonly #markers: ReadonlyMap<string, readonly number[]>;

  constructor(file: string, tasks: readonly Task[]) {
    this.#file = file;
    this.tasks = tasks.filter(({ file: name = '' }) => name.endsWith(path.basename(file)));
    this.#markers = readMarkers(file);
  }

  all(marker: string): Task[] {
    const lines = this.#markers.get(marker) ?? [];
    assert.equal(lines.length, 1, `${marker} stands once in ${this.#file}`);
    return this.tasks.filter(({ line }) => line === lines[0]);
  }

  one(marker: string): Task {
    const [task, ...others] = this.all(marker);
    assert.ok(task, `a task stands at ${marker}`);
    assert.deepEqual(others, [], `one task stands at ${marker}`);
    return task;
  }
}

function values(task: Task): Record<string, string> {
  return Object.fromEntries(
    [...task.arguments, ...task.locals].map(({ name, value }) => [name, value.preview]),
  );
}

function makeFifo(owner: Owner): string {
  const fifo = path.join(makeDirectory(owner, 'fifo'), 'never.fifo');
  execFileSync('mkfifo', [fifo]);
  return fifo;
}

for (const node of nodeNames)
  suite(`tasks on Node.js ${node}`, () => {
    for (const nodeFlags of [[], ['--expose-gc', '--stress-compaction']])
      test(`every way of waiting ${nodeFlags.join(' ')}`, async (t) => {
        const file = program('waits.mjs');
        const target = await spawnProgram(t, file, { node, nodeFlags, args: [makeFifo(t)] });
        const found = new Found(file, await readTasks(target.pid));
        checkAll(found, target.pid);
      });

    test('without stopping the process, and from its core', async (t) => {
      const file = program('waits.mjs');
      const target = await spawnProgram(t, file, { node, args: [makeFifo(t)] });
      for (const stop of [true, false]) {
        const reading = readTasksAlone(target.pid, stop);
        const whats = reading.missing.map(({ what }) => what);
        assert.deepEqual(whats, stop ? [] : ['one consistent moment of the async functions']);
        assert.equal(reading.pausedMs > 0, stop);
        checkAll(new Found(file, reading.tasks), target.pid);
      }
      await withCore(target.pid, (core) => {
        const { tasks } = readCore(core, { deadlineMs: 120_000 });
        checkAll(new Found(file, tasks), target.pid);
      });
    });

    test('thousands at one line are told once, done ones not at all', async (t) => {
      const file = program('many.cjs');
      const target = await spawnProgram(t, file, { node, nodeFlags: ['--expose-gc'] });
      const found = new Found(file, await readTasks(target.pid));
      const load = found.one('@load');
      const serve = found.one('@serve');
      assert.equal(load.count, 3_000);
      assert.equal(serve.count, 3_000);
      assert.equal(serve.awaits, load.id);
      assert.deepEqual(load.awaitedBy, [serve.id]);
      assert.match(String(load.awaits), /resolve function is kept in an array/);
      const { id = '', key } = values(load);
      assert.equal(key, `"k${id}"`);
      assert.deepEqual(
        found.tasks.map((task) => task.function).sort(),
        ['load', 'serve'],
        'nothing else waits',
      );
    });

    test('what nobody can resume is marked, and gone when it is collected', async (t) => {
      const file = program('abandoned.cjs');
      const target = await spawnProgram(t, file, { node, nodeFlags: ['--expose-gc'] });
      const before = new Found(file, await readTasks(target.pid));
      assert.deepEqual(
        before.all('@orphan').map(({ liveness }) => liveness),
        ['unsure', 'unsure', 'unsure'],
      );
      assert.equal(before.one('@kept').liveness, undefined);
      checkYields(before);
      target.say('collect');
      await target.expect(/collected/);
      const after = new Found(file, await readTasks(target.pid));
      assert.deepEqual(after.all('@orphan'), []);
      assert.match(String(after.one('@yield').awaits), /kept in the global variable book/);
      assert.deepEqual(after.all('@dropped'), []);
      assert.match(String(after.one('@kept').awaits), /kept in the (global )?variable never/);
    });
  });

/** Async generators whose consumer does not ask for more: kept by somebody, by a suspended consumer, by nobody. */
function checkYields(found: Found): void {
  const stands = 'the next call of next(): it stands at a yield';
  const expected = {
    '@yield': [`${stands}; it is kept in the global variable book`, undefined],
    '@consumed': [
      `${stands}; it is kept in a variable of consume that stands at an await`,
      undefined,
    ],
    '@dropped': [stands, 'unsure'],
  };
  for (const [marker, words] of Object.entries(expected)) {
    const { kind, awaits, liveness } = found.one(marker);
    assert.deepEqual([marker, kind, awaits, liveness], [marker, 'async-generator', ...words]);
  }
  assert.deepEqual(values(found.one('@yield')), { id: '"book"', first: '"page of book"' });
  const unread = found.tasks.find((task) => values(task)['id'] === '"unread"');
  assert.equal(
    unread?.awaits,
    'its first next(): it was made, and has not begun; it is kept in the global variable unread',
  );
}

function checkAll(found: Found, pid: number): void {
  checkChain(found);
  checkCombinators(found);
  checkEnds(found);
  checkOthers(found);
  const inWorker = found.one('@worker');
  assert.notEqual(inWorker.tid, pid);
  assert.equal(found.one('@level1').tid, pid);
  assert.deepEqual(values(inWorker), { worker: '1', where: '"worker 1"' });
  assert.ok(!found.tasks.some((task) => task.function === 'finished'));
}

function checkChain(found: Found): void {
  const level1 = found.one('@level1');
  const level2 = found.one('@level2');
  const level3 = found.one('@level3');
  assert.deepEqual(
    [level1, level2, level3].map((task) => task.function),
    ['level1', 'level2', 'level3'],
  );
  assert.deepEqual([level1.awaits, level2.awaits], [level2.id, level3.id]);
  assert.deepEqual(
    [level3.awaitedBy, level2.awaitedBy, level1.awaitedBy],
    [[level2.id], [level1.id], []],
  );
  assert.deepEqual(values(level1), { id: '"A-17"', order: '{id: "A-17", price: 2.5}' });
  assert.deepEqual(values(level2), { order: '{id: "A-17", price: 2.5}', quantity: '7' });
  assert.deepEqual(values(level3), {
    order: '{id: "A-17", price: 2.5}',
    factor: '7',
    total: '17.5',
    label: '"A-17/7"',
  });
  assert.match(level3.source?.line ?? '', /await never/);
  assert.match(String(level3.awaits), /nothing was found to settle.*variable never/);
}

function checkCombinators(found: Found): void {
  const expected = {
    all: /^Promise\.all: 2 of 4 members pend/,
    race: /^Promise\.race: all 2 members pend/,
    any: /^Promise\.any: 2 members pend/,
    allSettled: /^Promise\.allSettled: 1 of 2 members pend/,
  };
  const leaves = found.all('@leaf');
  for (const [name, words] of Object.entries(expected)) {
    const task = found.one(`@${name}`);
    assert.match(String(task.awaits), words);
    const leaf = leaves.find((candidate) => values(candidate)['of'] === `"${name}"`);
    assert.deepEqual(task.dependsOn, [leaf?.id], name);
    assert.deepEqual(leaf?.awaitedBy, [task.id], name);
  }
}

/** Promises that something outside of all promises settles. */
function checkEnds(found: Found): void {
  assert.equal(found.one('@sleeps').awaits, 'a timer of 123456 ms');
  assert.equal(found.one('@timer').awaits, 'a timer of 234567 ms');
  assert.equal(found.one('@event').awaits, 'the event "open" of EventEmitter');
  assert.equal(found.one('@listener').awaits, 'the event "answer" of EventEmitter');
  const socket = found.one('@socket');
  const [, fd] = /^the event "data" of Socket \{fd (\d+)\}$/.exec(String(socket.awaits)) ?? [];
  assert.ok(Number(fd) > 2, String(socket.awaits));
  assert.equal(values(socket)['stream'], `Socket {fd ${fd}}`);
  for (const [marker, name] of [
    ['@class', 'slow'],
    ['@property', 'labelled'],
  ] as const) {
    const { awaits, liveness } = found.one(marker);
    assert.match(String(awaits), new RegExp(`it is kept in the global variable ${name}$`), marker);
    assert.equal(liveness, undefined);
  }
  assert.deepEqual(values(found.one('@event'))['name'], '"open"');
  assert.match(String(found.one('@lock').awaits), /resolve function is kept in an array/);
  assert.match(String(found.one('@chained').awaits), /^\.then\(double\) of a promise/);
}

function checkOthers(found: Found): void {
  const generator = found.one('@generator');
  const consumer = found.one('@consumer');
  assert.equal(generator.kind, 'async-generator');
  assert.deepEqual(values(generator), { step: '3', count: '2' });
  assert.equal(consumer.awaits, generator.id);
  assert.deepEqual(values(consumer), { seen: '[0, 3]' });

  const [left, right] = [found.one('@left'), found.one('@right')];
  assert.deepEqual([left.awaits, right.awaits], [right.id, left.id]);
  assert.deepEqual([...(left.cycle ?? [])].sort(), [left.id, right.id].sort());
  assert.equal(found.one('@level1').cycle, undefined);

  const method = found.one('@method');
  assert.equal(method.function, 'Shop.order');
  assert.equal(method.receiver?.preview, 'Shop {name: "corner"}');
  const { count, rest, id } = values(method);
  assert.deepEqual({ count, rest, id }, { count: '2', rest: '["tea", "milk"]', id: '5' });
}
