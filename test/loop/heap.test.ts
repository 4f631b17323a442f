/** Sizes of V8's heap, against what the program reads of them itself. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { suite, test } from 'node:test';
import { readProcess } from '#dist/reader/read.js';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { spawnProgram } from '../harness/spawn-target.ts';

type Spaces = Readonly<Record<string, { readonly used: number; readonly size: number }>>;

/** What the program allocates between counting and standing still: its own line of output, compiled code. */
const allocatedSince = 2 << 20;

for (const node of nodeNames)
  suite(`heap of Node.js ${node}`, () => {
    test('used and committed by space, and the limit', async (t) => {
      const target = await spawnProgram(t, path.join(root, 'test/loop/programs/heap.mjs'), {
        node,
        nodeFlags: ['--expose-gc', '--max-old-space-size=777'],
      });
      const spaces = JSON.parse((await target.expect(/^\{.*\}$/))[0]) as Spaces;
      const { activity } = await readProcess(target.pid, { deadlineMs: 10_000 });
      const heap = activity?.heaps.get(target.pid);
      assert.ok(heap, 'the heap was found');
      assert.equal(heap.limitBytes, 777 * 2 ** 20);
      const large = heap.spaces.find(({ name }) => name === 'large_object_space');
      assert.deepEqual(
        { used: large?.usedBytes, size: large?.committedBytes },
        spaces['large_object_space'],
      );
      const old = heap.spaces.find(({ name }) => name === 'old_space');
      const counted = spaces['old_space'];
      assert.ok(old && counted);
      assert.ok(Math.abs(old.usedBytes - counted.used) < allocatedSince);
      assert.ok(old.usedBytes > 3 << 20, 'a hundred thousand objects');
      assert.ok(old.committedBytes >= old.usedBytes);
    });
  });
