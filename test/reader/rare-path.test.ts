/** Where a thread stands in a path that the compiler put behind all other code, for which it recorded no positions. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { nodeNames } from '../harness/node-versions.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import { mainThread, optimizersOf, program, read } from './reading.ts';

const file = program('rare-path.cjs');
const source = fs.readFileSync(file, 'utf8').split('\n');
const lineOf = (mark: string) => source.findIndex((text) => text.endsWith(`// @${mark}`)) + 1;
/** Half of all looks meet the path itself; the others a collection, or the rest of the loop. */
const wanted = 20;

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
