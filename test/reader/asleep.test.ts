/** A process whose threads all sleep: it is read in one stop, and any of them that runs is noticed. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { SleepingThreads } from '#dist/reader/memory/asleep.js';
import { takeLook } from '#dist/reader/memory/look.js';
import { readProcess } from '#dist/reader/read.js';
import { Target } from '#dist/reader/target.js';
import { nodeNames } from '../harness/node-versions.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { waitFor, waitForSyscall } from '../harness/wait.ts';
import { frameOf, mainThread, program, variables } from './reading.ts';

const looks = { count: 3, atMost: 8, apartMs: 10, apartIfPlainMs: 5, stuckAfterMs: 1 };

/** How often the kernel has given each thread a processor. */
function runsOf(pid: number): Map<number, number> {
  const read = (tid: string): [number, number] => {
    const text = fs.readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8');
    return [Number(tid), Number(text.trim().split(' ')[2])];
  };
  return new Map(fs.readdirSync(`/proc/${pid}/task`).map(read));
}

async function fallAsleep(pid: number): Promise<SleepingThreads> {
  const target = new Target(pid);
  const wishes = { mappings: target.readMappings(), pages: [], holdWhileDecoding: false };
  return waitFor('all threads sleep', () => {
    const look = takeLook(pid, { ...wishes, tids: target.listThreads() }, (taken) => taken);
    return SleepingThreads.after(pid, look.result.threads);
  });
}

for (const node of nodeNames)
  test(`nobody is woken more than once to be read, Node.js ${node}`, async (t) => {
    const { pid } = await spawnProgram(t, program('asleep.cjs'), { node });
    await waitForSyscall(pid, 'read');
    await fallAsleep(pid);
    // A machine with much else to do lets threads fall asleep late: then they are stopped more often.
    await waitFor(
      'a reading that woke every thread twice: for the stop, and to sleep on',
      async () => {
        const before = runsOf(pid);
        const reading = await readProcess(pid, { deadlineMs: 60_000, looks });
        const woken = [...runsOf(pid)].map(([tid, runs]) => runs - (before.get(tid) ?? 0));
        const frame = frameOf(mainThread(reading, pid), 'receive');
        assert.equal(variables(frame)['total'], '5');
        assert.ok((reading.looks?.length ?? 0) >= 2);
        return woken.every((times) => times <= 2);
      },
    );
  });

test('one that has run is noticed', async (t) => {
  const target = await spawnProgram(t, program('asleep.cjs'));
  await waitForSyscall(target.pid, 'read');
  const asleep = await fallAsleep(target.pid);
  assert.equal(asleep.haveSlept, true);
  target.say('x');
  await target.expect(/^got 5$/);
  assert.equal(asleep.haveSlept, false);
});

test('one that runs does not count as asleep, nor does one that has ended', async (t) => {
  const { pid } = await spawnProgram(t, program('loop-invariants.cjs'));
  const target = new Target(pid);
  const wishes = { mappings: target.readMappings(), pages: [], holdWhileDecoding: false };
  const look = takeLook(pid, { ...wishes, tids: target.listThreads() }, (taken) => taken);
  assert.equal(await SleepingThreads.after(pid, look.result.threads), null);

  const other = await spawnProgram(t, program('asleep.cjs'));
  await waitForSyscall(other.pid, 'read');
  const asleep = await fallAsleep(other.pid);
  process.kill(other.pid, 'SIGKILL');
  await other.exited;
  assert.equal(asleep.haveSlept, false);
});
