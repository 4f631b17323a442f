/** `sleeper run --restart`: what is started again, and what is not. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { startSleeper } from '../harness/cli.ts';
import { nodeBinary } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { reportsIn } from '../harness/reports-in.ts';
import { type Target, makeDirectory } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';

const program = path.join(root, 'test/watch/programs/changeable.mjs');

interface Run extends Target {
  readonly archive: string;
  /** Pid of the n-th start, from 1. */
  started(nth: number): Promise<number>;
}

function start(t: TestContext, ...flags: string[]): Run {
  const archive = makeDirectory(t, 'archive');
  const command = ['run', ...flags, '--', nodeBinary('20'), program];
  const run = startSleeper(t, command, { archive });
  const pids = (): number[] =>
    run.lines.flatMap((line) => Number(/^started (\d+)$/.exec(line)?.[1] ?? 0) || []);
  return {
    ...run,
    archive,
    started: (nth) => waitFor(`start ${nth}`, () => pids()[nth - 1]),
  };
}

test('restart: after a hang, once its report is written; then after a crash; never once it ended well', async (t) => {
  const run = start(t, '--restart', 'on-hang,on-crash', '--timeout', '3s', '--interval', '100ms');
  const first = await run.started(1);
  run.say('hang');
  const second = await run.started(2);
  assert.notEqual(second, first);
  assert.ok(!fs.existsSync(`/proc/${first}`), 'the one that hung has ended');
  const reports = reportsIn(run.archive);
  assert.equal(reports.length, 1, reports.join(', '));
  assert.ok(reports[0]?.includes(`-${first}-hang-`), reports[0]);
  run.say('crash');
  await run.started(3);
  run.say('end');
  assert.deepEqual(await run.exited, { status: 0, signal: null });
  assert.ok(run.lines.some((line) => line.includes('the program hung: it is started again')));
});

test('restart: not where it is not asked for', async (t) => {
  const run = start(t, '--restart', 'on-hang');
  await run.started(1);
  run.say('crash');
  assert.deepEqual(await run.exited, { status: 1, signal: null });
});

test('restart: who ends it through us has ended it for good', async (t) => {
  const run = start(t, '--restart', 'always');
  await run.started(1);
  run.say('end');
  const second = await run.started(2);
  run.signal('SIGTERM');
  assert.deepEqual(await run.exited, { status: null, signal: 'SIGTERM' });
  assert.ok(!fs.existsSync(`/proc/${second}`));
});
