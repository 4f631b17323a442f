/**
 * A stop interrupts the system call a thread waits in; the kernel starts it again, with the time that is left, or libuv does.
 * What the program sees is what it would have seen. (A native addon that calls epoll_wait() itself sees EINTR, as it does at
 * Ctrl-Z: see signal(7).)
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { waitsAddon } from '../harness/fault-addon.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import { mainThread, program, read } from './reading.ts';

/** What ends the wait: something on standard input, or a time of two seconds. */
const ways = {
  ...{ read: 'input', poll: 'input', readSync: 'input' },
  ...{
    nanosleep: 'time',
    semaphore: 'time',
    'Atomics.wait': 'time',
    spawnSync: 'time',
    timer: 'time',
  },
} as const;
const waitMs = 2_000;

for (const node of ['18', '26'] as const)
  suite(`waits of Node.js ${node}`, () => {
    for (const [way, end] of Object.entries(ways))
      test(`${way} is not told of the stops`, async (t) => {
        const env = { WAITS_ADDON: waitsAddon() };
        const target = await spawnProgram(t, program('waits.cjs'), { node, args: [way], env });
        let reads = 0;
        while (reads < 5 && target.lines.length === 0) {
          assert.ok(mainThread(await read(target.pid), target.pid).frames.length > 0);
          reads++;
        }
        assert.ok(reads > 0);
        if (end === 'input') {
          assert.deepEqual(target.lines, [], 'it waits still');
          target.say('go on');
        }
        const line = await waitFor('the wait is over', () => target.lines[0]);
        const { result, tookMs } = JSON.parse(line) as { result: string; tookMs: number };
        assert.equal(result, way === 'Atomics.wait' ? 'timed-out' : 'done');
        // A timer may be a millisecond early by another clock.
        if (end === 'time') assert.ok(tookMs >= waitMs - 2, `${way} took ${tookMs} ms`);
      });
  });
