/** Stacks at random moments of mixed work: every one whole, every one with the functions that must be on it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { nodeNames } from '../harness/node-versions.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { mainThread, program, read, variables } from './reading.ts';

/** More of them are for a quiet machine: SLEEPER_TEST_STACKS=2000. */
const stacks = Number(process.env['SLEEPER_TEST_STACKS'] ?? 40);

for (const node of nodeNames)
  test(`${stacks} stacks of Node.js ${node} at random moments`, async (t) => {
    const target = await spawnProgram(t, program('mixed.cjs'), { node });
    const kinds = new Set<string>();
    for (let i = 0; i < stacks; i++) {
      const reading = await read(target.pid);
      const thread = mainThread(reading, target.pid);
      const names = thread.frames.map((frame) => frame.function);
      if (/just rebuilding its frames/.test(thread.note ?? '')) continue;
      assert.doesNotMatch(
        thread.note ?? '',
        /could not be read/,
        `${i}: ${thread.note} ${names.join(' < ')}`,
      );
      assert.ok(names.includes('(top level)'), `stack ${i} is whole: ${names.join(' < ')}`);
      const work = thread.frames.find((frame) => frame.function === 'work');
      const round = thread.frames.find((frame) => frame.function === 'round');
      if (work === undefined || round === undefined) {
        // Between two kinds of work: the loop itself, or what it calls.
        assert.ok(names.length > 0, `stack ${i}`);
        continue;
      }
      const kind = variables(work)['kind'] ?? '';
      kinds.add(kind);
      assert.match(kind, /^"(sorting|matching|parsing|collecting|numbers|files|generating)"$/);
      await delay((i * 3.7) % 11); // another moment each time, not a wait for anything
    }
    assert.ok(kinds.size >= 3, `several kinds of work were seen: ${[...kinds].join(', ')}`);
  });
