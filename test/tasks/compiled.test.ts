/** Async functions that a compiler made generators of: who waits for whom goes through them. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { readProcessTasks } from '#dist/reader/read-process-tasks.js';
import type { Task } from '#dist/report/schema.js';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { readMarkers } from '../harness/zoo.ts';

const program = path.join(root, 'test/tasks/programs/compiled.cjs');
const inQueue = 'a promise whose resolve function is kept in an array (Mutex.waiters)';

for (const node of nodeNames)
  for (const nodeFlags of [[], ['--expose-gc', '--stress-compaction']])
    test(`compiled async functions on Node.js ${node} ${nodeFlags.join(' ')}`, async (t) => {
      const { pid } = await spawnProgram(t, program, { node, nodeFlags });
      const { tasks, missing } = readProcessTasks(pid, { stop: true, deadlineMs: 120_000 });
      assert.deepEqual(missing, []);
      const markers = readMarkers(program);
      const lineOf = (marker: string): number => markers.get(marker)?.[0] ?? 0;
      const at = (marker: string): Task => {
        const task = tasks.find((one) => one.file === program && one.line === lineOf(marker));
        assert.ok(task, marker);
        return task;
      };
      const acquires = `acquireIt (${program}:${lineOf('@acquire')}), which waits for ${inQueue}`;
      const exclusive = `an async function of Mutex (${program}:${lineOf('@exclusive')})`;
      assert.equal(at('@locks').awaits, acquires);
      assert.equal(at('@nested').awaits, `${exclusive}, which waits for ${acquires}`);
      assert.equal(at('@works').awaits, exclusive);
      assert.deepEqual(at('@works').dependsOn, [at('@critical').id]);
      assert.deepEqual(at('@critical').awaitedBy, [at('@works').id]);
      assert.deepEqual(at('@left').dependsOn, [at('@right').id]);
      assert.deepEqual(at('@left').cycle, at('@right').cycle);
      assert.equal(at('@left').cycle?.length, 2);
      assert.ok(tasks.every(({ liveness }) => liveness !== 'unsure'));
    });
