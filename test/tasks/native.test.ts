/** Promises that native code keeps are not told to be settled by nobody. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { readProcessTasks } from '#dist/reader/read-process-tasks.js';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { readMarkers } from '../harness/zoo.ts';

const program = path.join(root, 'test/tasks/programs/native.mjs');

for (const node of nodeNames)
  test(`Atomics.waitAsync() on Node.js ${node}, in the main thread and in a Worker`, async (t) => {
    const { pid } = await spawnProgram(t, program, { node });
    const { tasks, missing } = readProcessTasks(pid, { stop: true, deadlineMs: 120_000 });
    assert.deepEqual(missing, []);
    const markers = readMarkers(program);
    const told = (marker: string) =>
      tasks
        .filter(({ line }) => line === markers.get(marker)?.[0])
        .map(({ tid, awaits, liveness }) => ({ isMain: tid === pid, awaits, liveness }))
        .sort((a, b) => Number(b.isMain) - Number(a.isMain));
    const both = (more: object) => [true, false].map((isMain) => ({ isMain, ...more }));
    const native = 'a promise that native code keeps, V8 or an addon, which may settle it';
    assert.deepEqual(told('@natively'), both({ awaits: native, liveness: undefined }));
    const nobody = 'a promise that nothing was found to settle';
    assert.deepEqual(told('@never'), both({ awaits: nobody, liveness: 'unsure' }));
  });
