/** Where the search for tasks starts: every context of every isolate, whether that was just found or known from before. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { learnedOf } from '#dist/reader/layout/learned.js';
import { readProcessTasks } from '#dist/reader/read-process-tasks.js';
import { Target } from '#dist/reader/target.js';
import { nodeNames } from '../harness/node-versions.ts';
import { ownCache } from '../harness/own-cache.ts';
import { root } from '../harness/paths.ts';
import { spawnProgram } from '../harness/spawn-target.ts';

const names = ['inFirst', 'inMain', 'inSecond', 'inThird', 'inWorker', 'inWorkersOwn'];

for (const node of nodeNames)
  test(`the tasks of every context on Node.js ${node}: searched, known, and known wrongly`, async (t) => {
    ownCache(t);
    const program = path.join(root, 'test/tasks/programs/contexts.cjs');
    const { pid } = await spawnProgram(t, program, { node });
    const learned = learnedOf(new Target(pid).binary.identity);
    const assertAllFound = (way: string): void => {
      const { tasks } = readProcessTasks(pid, { stop: true, deadlineMs: 120_000 });
      const found = tasks.map((task) => task.function).filter((name) => name.startsWith('in'));
      assert.deepEqual(found.sort(), names, way);
    };
    const known = (): typeof learned.taskRoots => learned.taskRoots;
    assert.equal(known(), null);
    assertAllFound('searched');
    const taskRoots = known();
    assert.ok(taskRoots !== null && taskRoots.contexts.length > 0);
    assertAllFound('known');
    assert.equal(known(), taskRoots, 'not searched again');
    learned.taskRoots = { roots: [0, ...taskRoots.roots], contexts: [8] };
    assertAllFound('known wrongly');
    assert.deepEqual(known()?.roots, taskRoots.roots);
  });
