/** A collection under way: its end is waited for, and where it lasts, that is said. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { betweenFrames } from '#dist/reader/frames/unwind.js';
import type { ProcessReading } from '#dist/reader/reading.js';
import { type NodeName, nodeNames } from '../harness/node-versions.ts';
import { type Owner, spawnProgram } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import { frameOf, mainThread, program, read, valueOf } from './reading.ts';

const marked = /a garbage collection is under way/;

/** @param objects that it keeps: what makes its collections long */
async function collect(t: Owner, node: NodeName, objects: number): Promise<number> {
  const options = { node, nodeFlags: ['--expose-gc'], args: [String(objects)] };
  return (await spawnProgram(t, program('collecting.cjs'), options)).pid;
}

/** What is read of the frame is right; while objects are moved it may be missing, never wrong. @returns whether they are */
function assertRight(reading: ProcessReading, pid: number, objects: number): boolean {
  const thread = mainThread(reading, pid);
  const isCollecting = thread.vmState === 'GC';
  // The moment in which code that was optimised for something else is replaced.
  if (thread.note?.includes(betweenFrames) === true) return false;
  const serve = frameOf(thread, 'serve');
  const [settings, users] = [valueOf(serve, 'settings'), valueOf(serve, 'users')];
  assert.ok(isCollecting || settings.reason === undefined);
  if (settings.reason === undefined)
    assert.equal(settings.preview, '{work: 3000000, name: "shop"}');
  if (users.reason === undefined) assert.equal(users.length, objects);
  const reasons = reading.missing.map(({ reason }) => reason).join('\n');
  assert.equal(marked.test(reasons), isCollecting, `${thread.vmState ?? ''}: ${reasons}`);
  return isCollecting;
}

for (const node of nodeNames) {
  suite(`collections of Node.js ${node}`, () => {
    test('short ones: a moment between them is read', async (t) => {
      const objects = 1_000;
      const pid = await collect(t, node, objects);
      for (let i = 0; i < 8; i++)
        assert.equal(assertRight(await read(pid), pid, objects), false, 'it was waited for');
    });

    test('long ones: not waited for without bound, and marked', async (t) => {
      const objects = 2_000_000;
      const pid = await collect(t, node, objects);
      await waitFor('a look meets the collector', async () =>
        assertRight(await read(pid), pid, objects),
      );
    });
  });
}
