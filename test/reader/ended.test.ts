/** A process that ends while it is read: what was read of it until then is told. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readProcess } from '#dist/reader/read.js';
import { spawnZoo } from '../harness/spawn-zoo.ts';

function hasEnded(pid: number): boolean {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}

test('a process killed between two looks leaves its stack with values', async (t) => {
  const { pid } = await spawnZoo(t, 'hang/interpreted-loop');
  const beforeLook = (): void => {
    process.kill(pid, 'SIGKILL');
    while (!hasEnded(pid));
  };
  const wishes = { count: 3, atMost: 8, stuckAfterMs: 1_000, apartMs: 5, apartIfPlainMs: 5 };
  const reading = await readProcess(pid, { deadlineMs: 10_000, looks: { ...wishes, beforeLook } });
  const main = reading.threads.find(({ kind }) => kind === 'main');
  const told = JSON.stringify(main?.frames.map(({ function: name, locals }) => [name, locals]));
  assert.ok(main?.frames.some(({ locals }) => locals.length > 0) === true, told);
  const ended = reading.missing.filter(({ reason }) => reason.endsWith('the process ended before'));
  assert.deepEqual(
    ended.map(({ what }) => what),
    ['more looks', 'suspended async functions', 'version', 'event loop'],
  );
  assert.equal(reading.looks?.length, 1);
});
