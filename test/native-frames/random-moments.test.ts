/** Stacks at random moments of mixed work: C++ frames join, or the stack says why they do not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { takeLook } from '#dist/reader/memory/look.js';
import { readThreads } from '#dist/reader/read-threads.js';
import { Target } from '#dist/reader/target.js';
import { isMachineFrame } from '#dist/report/machine-frame.js';
import { spawnProgram } from '../harness/spawn-target.ts';
import { file, toldBy } from '../reader/mixed.ts';

/** More of them are for a quiet machine: SLEEPER_TEST_STACKS=2000. */
const stacks = Number(process.env['SLEEPER_TEST_STACKS'] ?? 75);

const cases = [
  { node: '20', nodeFlags: [] },
  { node: '24', nodeFlags: [] },
  // A signal every tenth of a millisecond: often its handler stands on top of JavaScript.
  { node: '20', nodeFlags: ['--cpu-prof', '--cpu-prof-interval=100'] },
  { node: '24', nodeFlags: ['--cpu-prof', '--cpu-prof-interval=100'] },
] as const;

for (const { node, nodeFlags } of cases)
  test(`${stacks} stacks of Node.js ${[node, ...nodeFlags].join(' ')} at random moments`, async (t) => {
    const { pid } = await spawnProgram(t, file, { node, nodeFlags });
    const target = new Target(pid);
    const mappings = target.readMappings();
    let inNative = 0;
    let inHandler = 0;
    let between = 0;
    for (let i = 0; i < stacks; i++) {
      const [thread] = takeLook(
        pid,
        { tids: [pid], mappings: target.readMappings(), pages: [], holdWhileDecoding: true },
        ({ memory, threads }) =>
          readThreads(
            {
              target,
              memory,
              mappings: target.readMappings(),
              endsAtMs: performance.now() + 1_000,
            },
            threads,
          ),
      ).result;
      assert.ok(thread, `stack ${i}`);
      const names = thread.frames.map((frame) => frame.function).join(' < ');
      assert.doesNotMatch(
        thread.note ?? '',
        /C\+\+ frames could not be read/,
        `${thread.note}: ${names}`,
      );
      // For some microseconds of a deoptimisation there is no way down; then the note says so.
      if (names.includes('Deoptimizer::') && thread.frames.at(-1)?.function !== '_start') {
        assert.match(thread.note ?? '', /rebuilding its frames|could not be read to its end/);
        continue;
      }
      assert.equal(thread.frames.at(-1)?.function, '_start', `stack ${i}: ${names}`);
      const [top] = thread.frames;
      if (top !== undefined && isMachineFrame(top)) inNative++;
      if (/SignalHandler|ProfilerSignal/.test(names)) inHandler++;
      // The loop around it all is hardly ever met itself, between two of its calls or before V8 has compiled the
      // first: then the program says so, too.
      const inner = thread.frames.find((frame) => !isMachineFrame(frame));
      if (toldBy(thread)?.length === 0 && inner?.function === '(top level)') between++;
      else assert.match(names, /round|writeSync/, `stack ${i}: ${names}; ${thread.note}`);
      await delay((i * 3.7) % 11); // another moment each time, not a wait for anything
    }
    t.diagnostic(`${inNative} in C++, ${inHandler} in a signal handler`);
    assert.ok(between <= stacks / 25, `${between} between two calls`);
    assert.ok(mappings.length > 0 && inNative > 5, `${inNative} were caught in C++`);
  });
