/** Which process is meant, and whether it is one of ours to look at. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { SleeperError } from '#dist/errors.js';
import { isAlive, requireNodeProcess, requireProcess } from '#dist/probe/identity.js';
import { parseStat } from '#dist/probe/stat.js';
import { nodeBinary } from '../harness/node-versions.ts';
import { makeDirectory, spawnCommand } from '../harness/spawn-target.ts';
import { spawnZoo } from '../harness/spawn-zoo.ts';
import { waitFor } from '../harness/wait.ts';

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof SleeperError) return error.code;
    throw error;
  }
  return 'nothing thrown';
}

test('identity: a node process, alive and then not', async (t) => {
  const target = await spawnZoo(t, 'quiet/idle-server');
  const identity = requireNodeProcess(target.pid);
  assert.equal(isAlive(identity), true);
  assert.equal(
    isAlive({ ...identity, startTicks: identity.startTicks - 1 }),
    false,
    'a reused pid',
  );
  await target.kill();
  assert.equal(isAlive(identity), false);
});

test('identity: no such process', () => {
  assert.equal(
    codeOf(() => requireProcess(4_194_305)),
    'ERR_SLEEPER_NO_SUCH_PROCESS',
  );
});

test('identity: not node', async (t) => {
  const target = spawnCommand(t, ['sleep', '60']);
  await waitFor('sleep has started', () =>
    fs.readlinkSync(`/proc/${target.pid}/exe`).endsWith('/sleep'),
  );
  assert.equal(
    codeOf(() => requireNodeProcess(target.pid)),
    'ERR_SLEEPER_NOT_NODE',
  );
});

test('identity: not node, but what started it', async (t) => {
  const program = path.join(makeDirectory(t, 'started'), 'server.cjs');
  fs.writeFileSync(program, 'console.log("up", process.pid); process.stdin.resume();');
  const script = `tail --pid=$$ -f /dev/null | (node --no-warnings ${program}; true); true`;
  const target = spawnCommand(t, ['sh', '-c', script]);
  const [, pid] = await target.expect(/^up (\d+)$/);
  assert.throws(() => requireNodeProcess(target.pid), {
    code: 'ERR_SLEEPER_NOT_NODE',
    message: new RegExp(` It started ${String(pid)} \\(node ${program}\\)\\.$`),
  });
});

test('identity: node under another name is known by its symbols', async (t) => {
  const file = path.join(makeDirectory(t, 'renamed'), 'shop-server');
  fs.linkSync(...([fs.realpathSync(nodeBinary('20')), file] as const));
  const target = spawnCommand(t, [file, '-e', 'console.log("up"); setInterval(() => {}, 1000)']);
  await target.expect(/up/);
  assert.equal(requireNodeProcess(target.pid).pid, target.pid);
});

test('identity: a zombie has ended', async (t) => {
  // A shell would collect what ends before.
  const untilExec = 'while read name < /proc/$$/comm && [ "$name" != sleep ]; do :; done';
  const target = spawnCommand(t, ['sh', '-c', `${untilExec} & echo $!; exec sleep 60`]);
  const [, pid] = await target.expect(/^(\d+)$/);
  await waitFor('the child is a zombie', () => {
    const stat = fs.readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return parseStat(stat).state === 'Z';
  });
  assert.equal(
    codeOf(() => requireProcess(Number(pid))),
    'ERR_SLEEPER_TARGET_GONE',
  );
});

test('identity: a stat line whose name holds parentheses and spaces', () => {
  const rest = Array.from({ length: 40 }, (_, index) => String(index)).join(' ');
  const stat = parseStat(`42 (a) b (c)) S 1 ${rest}`);
  assert.equal(stat.name, 'a) b (c)');
  assert.equal(stat.state, 'S');
  assert.equal(stat.parentPid, 1);
  assert.throws(() => parseStat('nonsense'));
});
