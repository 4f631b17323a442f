/** Who holds what others ask for: by the source, on every version. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { readProcessTasks } from '#dist/reader/read-process-tasks.js';
import type { Report } from '#dist/report/schema.js';
import { runSleeper } from '../harness/cli.ts';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { makeDirectory, spawnProgram } from '../harness/spawn-target.ts';
import { readMarkers } from '../harness/zoo.ts';

const program = path.join(root, 'test/tasks/programs/locks.mjs');
const markers = readMarkers(program);
const lineOf = (marker: string): number => markers.get(marker)?.[0] ?? 0;
/** By marker: the call that is awaited, and what is held by which line. */
const expected = {
  '@reserves': [undefined, [['stock.acquire', lineOf('@taken')]]],
  '@ships': ['stock.acquire', undefined],
  '@reads': [undefined, undefined],
  '@top': [undefined, [['tills[].acquire', lineOf('@top-taken')]]],
};

for (const node of nodeNames)
  test(`who holds a lock on Node.js ${node}`, async (t) => {
    const { pid } = await spawnProgram(t, program, { node });
    const { tasks, missing } = readProcessTasks(pid, { stop: true, deadlineMs: 120_000 });
    assert.deepEqual(missing, []);
    const at = (marker: string) => {
      const task = tasks.find((one) => one.line === lineOf(marker));
      assert.ok(task, marker);
      return [task.asks?.call, task.holds?.map(({ call, line }) => [call, line])];
    };
    const told = Object.keys(expected).map((marker) => [marker, at(marker)]);
    assert.deepEqual(Object.fromEntries(told), expected);
  });

test('the verdict and the text name who holds it, and where it was taken', async (t) => {
  const { pid } = await spawnProgram(t, program);
  const command = ['dump', String(pid), '--no-archive', '--deadline', '60s'];
  const patient = { archive: makeDirectory(t, 'archive'), deadlineMs: 120_000 };
  const { stdout } = await runSleeper([...command, '--json'], patient);
  const { verdict } = JSON.parse(stdout) as Report;
  assert.equal(verdict.kind, 'lock-never-released', verdict.summary);
  const places = `:${lineOf('@taken')} by task \\d+, reserve at .*:${lineOf('@reserves')}, which waits`;
  assert.match(verdict.summary, new RegExp(`^1 async function .* was taken at .*${places}`));
  const { stdout: text } = await runSleeper(command, patient);
  assert.ok(text.includes(`holds stock.acquire() (line ${lineOf('@taken')})`), text);
});
