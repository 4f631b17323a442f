/** Values of loops in optimised code are worked out, not seen: none of them may be wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeNames } from '../harness/node-versions.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import { mainThread, program, read, variables } from './reading.ts';

const readings = 3;
/** A look takes seconds where the machine has much else to do, and not every one meets the loop. */
const deadlineMs = 120_000;

for (const node of nodeNames)
  test(`variables of an optimised loop belong together on Node.js ${node}`, async (t) => {
    const target = await spawnProgram(t, program('loop-invariants.cjs'), { node });
    const readLoop = async () => {
      const thread = mainThread(await read(target.pid), target.pid);
      const frame = thread.frames.find((candidate) => candidate.function === 'loop');
      if (frame?.tier !== 'turbofan' || thread.note?.includes('of a turn of their loop') !== true)
        return null;
      const seen = variables(frame);
      return seen['pair'] === 'Pair {…}' ? null : seen;
    };
    const turns = new Set<string>();
    for (let i = 0; i < readings; i++) {
      // A look may meet the thread in the garbage collector, or a machine too busy to open every value in time.
      const what = 'the loop is optimised and its values are read';
      const seen = await waitFor(what, readLoop, deadlineMs);
      assertBelongTogether(seen);
      turns.add(seen['turn'] ?? '');
    }
    assert.ok(turns.size > readings / 2, 'the loop runs on between them');
  });

test('a loop among many values: all of them are opened, however long that takes', async (t) => {
  const target = await spawnProgram(t, program('wide-loop.cjs'), { node: '24' });
  const readLoop = async () => {
    const thread = mainThread(await read(target.pid), target.pid);
    if (thread.note?.includes('of a turn of their loop') !== true) return null;
    return thread.frames.find((frame) => frame.arguments.length === 60) ?? null;
  };
  const frame = await waitFor(
    'the loop is optimised and its values are read',
    readLoop,
    deadlineMs,
  );
  const closed = frame.arguments.filter(({ value }) => value.properties === undefined);
  assert.deepEqual(
    closed.map(({ name, value }) => `${name} = ${value.preview}`),
    [],
  );
});

function assertBelongTogether(seen: Record<string, string>): void {
  assert.match(seen['turn'] ?? '', /^\d+$/);
  const turn = Number(seen['turn']);
  const half = turn / 2;
  const word = ['a', 'bb', 'ccc'][turn % 3] ?? '';
  assert.deepEqual(
    {
      mixed: seen['mixed'],
      half: seen['half'],
      root: seen['root'],
      pair: seen['pair'],
      word: seen['word'],
      value: seen['value'],
      broken: seen['broken'],
    },
    {
      mixed: String((turn * 5) ^ 0x5a5a),
      half: String(half),
      root: String(Math.sqrt(half * half + 0.25)),
      pair: `Pair {left: ${turn}, right: ${-half - 0.5}}`,
      word: `"${word}"`,
      value: String((turn % 3) * 10),
      broken: '0',
    },
  );
}
