/** What the watchdog sees of real processes: by the agent, by the loop's clock, and by /proc alone. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { SleeperError } from '#dist/errors.js';
import { connectAgent } from '#dist/probe/agent.js';
import { requireNodeProcess } from '#dist/probe/identity.js';
import { type LoopProbe, type LoopReading, openLoopProbe } from '#dist/probe/loop.js';
import { openEventLoop } from '#dist/reader/read.js';
import { root } from '../harness/paths.ts';
import { spawnCommand } from '../harness/spawn-target.ts';
import { spawnZoo } from '../harness/spawn-zoo.ts';
import { waitFor, waitForState } from '../harness/wait.ts';

const refuse = (what: 'ERR_SLEEPER_NO_AGENT' | 'ERR_SLEEPER_UNSUPPORTED_NODE') => (): never => {
  throw new SleeperError(what, 'switched off for this test');
};
const ways = {
  'the agent': { connectAgent, openEventLoop: refuse('ERR_SLEEPER_UNSUPPORTED_NODE') },
  'the clock': { connectAgent: refuse('ERR_SLEEPER_NO_AGENT'), openEventLoop },
  '/proc': {
    connectAgent: refuse('ERR_SLEEPER_NO_AGENT'),
    openEventLoop: refuse('ERR_SLEEPER_UNSUPPORTED_NODE'),
  },
} as const;
type Way = keyof typeof ways;

async function openProbe(t: TestContext, pid: number, way: Way): Promise<LoopProbe> {
  const probe = await openLoopProbe(requireNodeProcess(pid), ways[way]);
  t.after(() => {
    probe.close();
  });
  return probe;
}

/** Looks until it is seen so; a loop that is in the middle of something may answer otherwise at first. */
async function expectLoop(probe: LoopProbe, loop: LoopReading['loop'], way: Way): Promise<void> {
  const reading = await waitFor(`the loop is seen ${loop}`, async () => {
    const look = await probe.read(200);
    return look.loop === loop ? look : null;
  });
  const via = { 'the agent': 'agent', 'the clock': 'reader', '/proc': 'proc' } as const;
  if (loop === 'stuck') assert.equal(reading.via, via[way]);
}

for (const way of Object.keys(ways) as Way[]) {
  const agent = way === 'the agent';

  test(`loop, by ${way}: idle`, async (t) => {
    const target = await spawnZoo(t, 'quiet/idle-server', { agent });
    await expectLoop(await openProbe(t, target.pid, way), agent ? 'turning' : 'polling', way);
  });

  test(`loop, by ${way}: busy, never seen turning`, async (t) => {
    const target = await spawnZoo(t, 'hang/sync-loop', { agent });
    const probe = await openProbe(t, target.pid, way);
    await expectLoop(probe, 'stuck', way);
    for (let look = 0; look < 5; look++) assert.equal((await probe.read(50)).loop, 'stuck');
  });

  test(`loop, by ${way}: blocked in a read`, async (t) => {
    const target = await spawnZoo(t, 'hang/sync-fifo-read', { agent });
    await expectLoop(await openProbe(t, target.pid, way), 'stuck', way);
  });

  test(`loop, by ${way}: stopped, continued, gone`, async (t) => {
    const target = await spawnZoo(t, 'quiet/idle-server', { agent });
    const probe = await openProbe(t, target.pid, way);
    target.signal('SIGSTOP');
    await waitForState(target.pid, 'T');
    assert.equal((await probe.read(50)).loop, 'stopped');
    target.signal('SIGCONT');
    await expectLoop(probe, agent ? 'turning' : 'polling', way);
    await target.kill();
    assert.equal((await probe.read(50)).loop, 'gone');
  });
}

for (const way of ['the agent', 'the clock'] as const) {
  test(`loop, by ${way}: a nested loop is not the loop`, async (t) => {
    const program = "console.log('up'); require('node:child_process').execSync('exec sleep 60')";
    const agent = path.join(root, 'dist/agent/register.cjs');
    const agentFlags = way === 'the agent' ? ['--require', agent] : [];
    const target = spawnCommand(t, [process.execPath, ...agentFlags, '-e', program]);
    await target.expect(/up/);
    const probe = await openProbe(t, target.pid, way);
    await expectLoop(probe, 'stuck', way);
  });
}

test('loop: one that waited and then hangs is stuck, whether it computes or sleeps', async (t) => {
  for (const hang of ['for (;;);', "require('node:child_process').execSync('exec sleep 60')"]) {
    const program = `process.stdin.once('data', () => { ${hang} }); console.log('up')`;
    const target = spawnCommand(t, [process.execPath, '-e', program]);
    await target.expect(/up/);
    const probe = await openProbe(t, target.pid, 'the clock');
    await expectLoop(probe, 'polling', 'the clock');
    for (let look = 0; look < 5; look++) assert.equal(probe.look().loop, 'polling');
    target.say('now');
    await expectLoop(probe, 'stuck', 'the clock');
  }
});

test('loop: a process that is at work but turns is turning', async (t) => {
  const target = await spawnZoo(t, 'quiet/healthy-busy');
  const probe = await openProbe(t, target.pid, 'the clock');
  for (let look = 0; look < 20; look++) assert.notEqual((await probe.read(50)).loop, 'stuck');
});
