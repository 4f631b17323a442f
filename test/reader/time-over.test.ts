/** What the time did not allow to open stays closed, and the reading says so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveMemory } from '#dist/reader/memory/live.js';
import { takeLook } from '#dist/reader/memory/look.js';
import { PagedMemory } from '#dist/reader/memory/paged.js';
import { readThreads } from '#dist/reader/read-threads.js';
import { Target } from '#dist/reader/target.js';
import { spawnProgram } from '../harness/spawn-target.ts';
import { program } from './reading.ts';

const reason = 'over-limit: the time for reading them was over';

test('values for which no time is left are counted in the note of their thread', async (t) => {
  const { pid } = await spawnProgram(t, program('values.mjs'));
  const target = new Target(pid);
  const mappings = target.readMappings();
  const wishes = { tids: [pid], mappings, pages: [], holdWhileDecoding: false };
  const { threads } = takeLook(pid, wishes, (look) => look).result;
  const readUntil = (endsAtMs: number) =>
    readThreads(
      { target, memory: new PagedMemory(new LiveMemory(pid)), mappings, endsAtMs },
      threads,
    )[0];
  const whole = readUntil(Infinity);
  const late = readUntil(performance.now() - 1);
  assert.ok(whole && late, 'both times the main thread was read');
  assert.doesNotMatch(whole.note ?? '', /left closed/);
  assert.deepEqual(
    late.frames.map((frame) => frame.function),
    whole.frames.map((frame) => frame.function),
    'names and places need no time for values',
  );
  const [, count] = /values left closed: (\d+) \((.*)\)/.exec(late.note ?? '') ?? [];
  assert.ok(Number(count) >= 10, `${late.note}`);
  assert.ok(late.note?.includes(reason), late.note);
});
