/** Functions that go on while they are looked for: of none it may be said that nothing would settle what it waits for. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { readProcessTasks } from '#dist/reader/read-process-tasks.js';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { spawnProgram } from '../harness/spawn-target.ts';

const program = path.join(root, 'test/tasks/programs/moving.cjs');
const readings = 25;

for (const node of nodeNames)
  test(`functions that never stay long on Node.js ${node}`, async (t) => {
    const { pid } = await spawnProgram(t, program, { node });
    const told = Array.from({ length: readings }, () =>
      readProcessTasks(pid, { stop: true, deadlineMs: 120_000 }).tasks.filter(
        ({ file }) => file === program,
      ),
    );
    const seen = told.map((tasks) => tasks.length);
    assert.ok(Math.max(...seen) > 1, `some were seen: ${seen.join(' ')}`);
    const wrong = told
      .flat()
      .filter(({ awaits }) => `${awaits}`.startsWith('a promise that nothing was found to settle'));
    assert.deepEqual(wrong, []);
  });
