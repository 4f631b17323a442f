/** Promises that other work settles by hand: `new Promise()` around async functions, handlers, callbacks, queues, deferreds. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { readProcessTasks } from '#dist/reader/read-process-tasks.js';
import type { Task } from '#dist/report/schema.js';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { readMarkers } from '../harness/zoo.ts';

const program = path.join(root, 'test/tasks/programs/by-hand.cjs');
const markers = readMarkers(program);
const lineOf = (marker: string): number => markers.get(marker)?.[0] ?? 0;
const by = (what: string) => `a promise that may be settled by ${what}`;
const of = (name: string, marker: string) => by(`${name} (${program}:${lineOf(marker)})`);

/** By marker: what is told, and the marker of the function it waits for. */
const linked: readonly (readonly [at: string, awaits: string, dependsOn: string])[] = [
  ['@in-executor', of('an async function', '@in-executor'), '@in-executor'],
  ['@by-handler', by('.then(…)'), '@reply'],
  ['@by-finally', by('.then(…)'), '@reply'],
  ['@by-all', by('.then(…) of Promise.all: 1 of 1 members pend'), '@reply'],
  ['@by-callback', of('an async function', '@asks'), '@asks'],
  ['@by-promisified', of('an async function', '@asks'), '@asks'],
  ['@by-deferred', of('settle', '@settles'), '@settles'],
  ['@by-receiver', of('Batch.run', '@runs'), '@runs'],
  ['@in-queue', of('Queue.#work', '@works'), '@works'],
];

for (const node of nodeNames)
  test(`what is settled by hand on Node.js ${node}`, async (t) => {
    const { pid } = await spawnProgram(t, program, { node });
    const { tasks, missing } = readProcessTasks(pid, { stop: true, deadlineMs: 120_000 });
    assert.deepEqual(missing, []);
    const at = (marker: string): Task[] =>
      tasks.filter(({ file, line }) => file === program && line === lineOf(marker));
    const told = linked.map(([marker]) => {
      const task = at(marker).find(({ dependsOn }) => dependsOn !== undefined);
      const other = tasks.find(({ id }) => id === task?.dependsOn?.[0]);
      const below = linked.find(([, , name]) => lineOf(name) === other?.line)?.[2];
      return [marker, task?.awaits, below];
    });
    assert.deepEqual(told, linked);
    // Of the queue the other one has yet to begin.
    const [queued] = at('@in-queue').filter(({ dependsOn }) => dependsOn === undefined);
    assert.match(`${queued?.awaits}`, /resolve function is kept in/);
    for (const marker of ['@by-signal', '@by-either']) {
      const [task] = at(marker);
      assert.ok(task !== undefined && task.dependsOn === undefined, marker);
    }
    const [circle] = at('@circle');
    assert.equal(circle?.awaits, by('.then(…)'));
    assert.ok(tasks.every(({ cycle, liveness }) => cycle === undefined && liveness !== 'unsure'));
  });
