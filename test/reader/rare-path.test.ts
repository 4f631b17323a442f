/** Where a thread stands at places of compiled code that are easily taken for another line. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { readProcess } from '#dist/reader/read.js';
import { nodeNames } from '../harness/node-versions.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import { mainThread, optimizersOf, program, read } from './reading.ts';

const file = program('rare-path.cjs');
const tightLoop = program('tight-loop.cjs');

function lineOf(mark: string, name = file): number {
  const lines = fs.readFileSync(name, 'utf8').split('\n');
  return lines.findIndex((text) => text.endsWith(`// @${mark}`)) + 1;
}
/** Half of all looks meet the path itself; the others a collection, or the rest of the loop. */
const wanted = 20;
/** One in some dozens meets the instruction. */
const manyLooks = 100;

for (const node of nodeNames)
  for (const tier of optimizersOf(node))
    test(`a path behind the code, ${tier} of Node.js ${node}`, async (t) => {
      const nodeFlags = ['--allow-natives-syntax', '--expose-gc'];
      const { pid } = await spawnProgram(t, file, { node, nodeFlags, args: [tier] });
      const seen: number[] = [];
      await waitFor(`the loop was met ${wanted} times`, async () => {
        const [top] = mainThread(await read(pid), pid).frames;
        if (top?.function === 'stores' && top.tier === tier) seen.push(top.line ?? -1);
        return seen.length === wanted ? true : null;
      });
      const expected = [lineOf('loop'), lineOf('store')];
      assert.deepEqual(
        [...new Set(seen)].filter((line) => !expected.includes(line)),
        [],
      );
      // Maglev records positions of calls and of what may throw only: there the loop's is in force.
      const storing = seen.filter((line) => line === lineOf('store'));
      if (tier === 'turbofan') assert.ok(storing.length > wanted / 2, seen.join());
    });

for (const node of nodeNames)
  test(`the first instruction of a bytecode, baseline of Node.js ${node}`, async (t) => {
    const noMaglev = Number(node) < 20 ? [] : ['--no-maglev'];
    const nodeFlags = ['--always-sparkplug', '--no-opt', ...noMaglev];
    const { pid } = await spawnProgram(t, tightLoop, { node, nodeFlags });
    const lines: unknown[] = [];
    await waitFor('the loop was met often', async () => {
      const reading = await readProcess(pid, { deadlineMs: 60_000, tasks: false, values: false });
      const [top] = mainThread(reading, pid).frames;
      if (top?.function === 'spin' && top.tier === 'baseline') lines.push(top.line);
      return lines.length === manyLooks;
    });
    assert.deepEqual([...new Set(lines)], [lineOf('loop', tightLoop)]);
  });
