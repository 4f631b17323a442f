/** `sleeper doctor`: what is found, and what mends it. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { runSleeper } from '../harness/cli.ts';
import { makeDirectory } from '../harness/spawn-target.ts';
import { spawnZoo } from '../harness/spawn-zoo.ts';

interface Answer {
  readonly ok: boolean;
  readonly checks: readonly {
    what: string;
    ok: boolean;
    optional?: boolean;
    found: string;
    mend?: string;
  }[];
}

test('doctor: a machine that can', async (t) => {
  const archive = path.join(makeDirectory(t, 'archive'), 'not', 'yet');
  const result = await runSleeper(['doctor'], { archive });
  assert.equal(result.status, 0, result.stdout);
  assert.match(result.stdout, /^ok {2}native addon: loads$/m);
  assert.match(
    result.stdout,
    /^ok {2}stopping a process \(ptrace\): a child was stopped for \d+ µs$/m,
  );
  assert.match(result.stdout, /not\/yet \(will be made\)/);
  assert.equal(fs.existsSync(archive), false, 'looking makes nothing');
});

for (const agent of [false, true]) {
  test(`doctor: a process that can be captured, ${agent ? 'with' : 'without'} agent`, async (t) => {
    const target = await spawnZoo(t, 'quiet/idle-server', { agent });
    const result = await runSleeper(['doctor', String(target.pid), '--json'], {
      archive: makeDirectory(t, 'archive'),
    });
    const { ok, checks } = JSON.parse(result.stdout) as Answer;
    assert.equal(ok, true, result.stdout);
    assert.match(
      checks.find(({ what }) => what === 'reading from outside')?.found ?? '',
      /Node\.js v20\..*stood still/,
    );
    assert.equal(checks.find(({ what }) => what === 'agent inside')?.ok, agent);
  });
}

test('doctor: what stands in the way is said with what mends it', async (t) => {
  const file = path.join(makeDirectory(t, 'file'), 'file');
  fs.writeFileSync(file, '');
  const result = await runSleeper(['doctor', '4194303', '--archive', file], { archive: file });
  assert.equal(result.status, 1);
  assert.match(result.stdout, /^!! {2}archive: .*not a directory\n +mend: .*--archive DIR/m);
  assert.match(result.stdout, /^!! {2}process 4194303: There is no process/m);
});
