/** Our own helper threads finish before anybody is stopped: they take the processor that the target's threads need for it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { limits } from '#dist/limits.js';
import { takeLook } from '#dist/reader/memory/look.js';
import { readOwnBusyThreads } from '#dist/reader/memory/process-files.js';
import { Target } from '#dist/reader/target.js';
import { spawnZoo } from '../harness/spawn-zoo.ts';
import { waitFor } from '../harness/wait.ts';

/** What our side does of a look at an idle program, in time. */
function timeLook(target: Target): number {
  const mappings = target.readMappings();
  const wishes = { tids: [target.pid], mappings, pages: [], holdWhileDecoding: false };
  const startedAtMs = performance.now();
  const { result } = takeLook(target.pid, wishes, ({ threads }) => threads.length);
  assert.equal(result, 1);
  return performance.now() - startedAtMs;
}

test('a thread of ours at work is seen, waited for, and not for long', async (t) => {
  const { pid } = await spawnZoo(t, 'quiet/idle-server');
  const target = new Target(pid);
  timeLook(target);
  await waitFor('none of our threads works', () => readOwnBusyThreads().length === 0);
  const worker = new Worker(
    `require('node:worker_threads').parentPort.postMessage('on'); for (;;);`,
    {
      eval: true,
    },
  );
  t.after(() => worker.terminate());
  await once(worker, 'message');
  assert.ok(readOwnBusyThreads().length >= 1);
  const tookMs = timeLook(target);
  assert.ok(tookMs >= limits.ownThreadsMs, `${tookMs} ms`);
  await worker.terminate();
  await waitFor('the thread is gone', () => readOwnBusyThreads().length === 0);
});
