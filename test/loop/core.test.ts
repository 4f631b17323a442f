/** A core tells of the event loop what the live process told. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { suite, test } from 'node:test';
import { readProcess } from '#dist/reader/read.js';
import type { LoopActivity } from '#dist/reader/reading.js';
import { read, withCore } from '../core/cores.ts';
import { supportedNodes } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { spawnProgram } from '../harness/spawn-target.ts';

/** What does not depend on the moment. */
function lasting({ handles, requests, timers, threadpool, heaps }: LoopActivity): object {
  return {
    handles: handles.map(({ timeoutMs, ...handle }) => ({
      ...handle,
      hasTimeout: timeoutMs !== undefined,
    })),
    requests,
    timers,
    threadpool,
    limits: [...heaps].map(([tid, { limitBytes }]) => ({ tid, limitBytes })),
  };
}

for (const node of supportedNodes)
  suite(`event loop in a core of Node.js ${node}`, () => {
    test('handles, requests, pool, timers and heap of main thread and worker', async (t) => {
      const { pid } = await spawnProgram(t, path.join(root, 'test/loop/programs/loop.mjs'), {
        node,
        args: ['busy'],
        env: { UV_THREADPOOL_SIZE: '2' },
      });
      const live = await readProcess(pid, { deadlineMs: 10_000 });
      assert.ok(live.activity);
      assert.equal(live.activity.heaps.size, 2);
      const expected = lasting(live.activity);
      await withCore(pid, (file) => {
        const { activity, missing } = read(file);
        assert.ok(activity, JSON.stringify(missing));
        assert.deepEqual(lasting(activity), expected);
        assert.equal(activity.clocks.size, 0, 'a core has no clock');
      });
    });
  });
