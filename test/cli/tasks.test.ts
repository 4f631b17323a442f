/** `sleeper tasks`: the tree as people and as programs get it. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { runSleeper } from '../harness/cli.ts';
import { root } from '../harness/paths.ts';
import { makeDirectory, spawnProgram } from '../harness/spawn-target.ts';

test('the tree, the JSON, and a process that is not there', async (t) => {
  const archive = makeDirectory(t, 'archive');
  const program = path.join(root, 'test/tasks/programs/many.cjs');
  const target = await spawnProgram(t, program, { nodeFlags: ['--expose-gc'] });
  const text = await runSleeper(['tasks', String(target.pid)], { archive });
  assert.equal(text.status, 0, text.stderr);
  assert.match(text.stdout, /6000 suspended async functions, alike ones told once: 2/);
  assert.match(text.stdout, /3000 × async serve\(id=\d+\)[^]*waits for #\d+ async load/);
  assert.match(text.stdout, /← #\d+ 3000 × async load/);

  const json = await runSleeper(['tasks', '--json', String(target.pid)], { archive });
  assert.equal(json.status, 0, json.stderr);
  const { pid, tasks } = JSON.parse(json.stdout) as { pid: number; tasks: { count: number }[] };
  assert.equal(pid, target.pid);
  assert.deepEqual(
    tasks.map(({ count }) => count),
    [3_000, 3_000],
  );

  const gone = await runSleeper(['tasks', '4194000'], { archive });
  assert.equal(gone.status, 4);
});
