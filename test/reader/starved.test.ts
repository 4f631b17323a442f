/** A process that gets hardly any processor: its threads come late to their stop, and are read all the same. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { test } from 'node:test';
import { readProcessTasks } from '#dist/reader/read-process-tasks.js';
import { spawnCommand, spawnProgram } from '../harness/spawn-target.ts';
import { waitForCpu } from '../harness/wait.ts';
import { mainThread, program, read } from './reading.ts';

/** One processor that this process may use. */
function allowedCpu(): string {
  const status = fs.readFileSync('/proc/self/status', 'utf8');
  const [, cpu] = /^Cpus_allowed_list:\s+(\d+)/m.exec(status) ?? [];
  assert.ok(cpu !== undefined, 'the kernel says which processors there are');
  return cpu;
}

test('a thread that waits long for a processor is waited for', async (t) => {
  const { pid } = await spawnProgram(t, program('mixed.cjs'));
  const cpu = allowedCpu();
  // Others take the time of its processor; niceness 19 leaves it less than a hundredth, in turns of some milliseconds.
  for (let rivals = 0; rivals < 3; rivals++) {
    const rival = spawnCommand(t, ['taskset', '-c', cpu, 'sh', '-c', 'while :; do :; done']);
    await waitForCpu(rival.pid, 50);
  }
  execFileSync('taskset', ['-a', '-p', '-c', cpu, String(pid)]);
  execFileSync('renice', ['19', ...fs.readdirSync(`/proc/${pid}/task`)]);
  for (let look = 0; look < 2; look++) {
    const reading = await read(pid);
    const { frames } = mainThread(reading, pid);
    assert.ok(frames.length > 0, JSON.stringify(reading.missing));
    assert.ok(reading.pausedMs < 10_000);
  }
  const { isolateCount } = readProcessTasks(pid, { stop: true, isolates: [], deadlineMs: 10_000 });
  assert.equal(isolateCount, 1);
});
