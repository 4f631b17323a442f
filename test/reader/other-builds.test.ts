/** Stripped binaries, and Node.js in a library: what can be known without symbols is known, the rest says why. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { SleeperError } from '#dist/errors.js';
import { readNodeBinary } from '#dist/reader/layout/node-binary.js';
import { readProcess } from '#dist/reader/read.js';
import { debianNode, stripNode } from '../harness/other-builds.ts';
import { nodeBinary, nodeNames } from '../harness/node-versions.ts';
import { makeDirectory, spawnProgram, type Target } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import { read as readCore, threadOf, withCore } from '../core/cores.ts';
import { frameOf, mainThread, program, read, variables } from './reading.ts';

const file = program('frames.cjs');
const nested = [
  ...['walk', 'Depot.count', 'new Depot', 'Depot.open', 'mapper', 'replacer', 'viaReplace'],
  ...['(top level)', 'runScript', 'get prop', 'top', 'onCustom', 'timer'],
];

async function assertNestedStack(target: Target): Promise<void> {
  const thread = mainThread(await read(target.pid), target.pid);
  const own = thread.frames.filter((one) => one.file === file || one.file === 'inner-script.js');
  assert.deepEqual(
    own.map((frame) => frame.function),
    nested,
  );
  const { what, factor, label } = variables(frameOf(thread, 'walk'));
  assert.deepEqual({ what, factor, label }, { what: '"boxes"', factor: '3', label: '"boxes*3"' });
  const kinds = thread.frames.map((frame) => `${frame.kind} ${frame.function}`);
  assert.ok(kinds.includes('builtin map') && kinds.includes('builtin replace'), kinds.join(', '));
}

for (const node of nodeNames)
  suite(`a stripped Node.js ${node}`, () => {
    test('frames and values; what is missing says why', async (t) => {
      const command = [stripNode(t, node)] as const;
      const target = await spawnProgram(t, file, { command });
      await assertNestedStack(target);
      const { missing, loop } = await read(target.pid);
      assert.match(
        missing.find(({ what }) => what === 'symbols of the program')?.reason ?? '',
        /is stripped/,
      );
      assert.ok(
        (loop?.backendFd ?? 0) > 2,
        'the main loop is found in the code of uv_default_loop()',
      );

      const looping = await spawnProgram(t, program('optimized-loop.cjs'), {
        command,
        nodeFlags: ['--no-opt', '--no-sparkplug', ...(Number(node) > 18 ? ['--no-maglev'] : [])],
      });
      const frame = await waitFor('the interpreter runs the loop', async () => {
        const { frames } = mainThread(await read(looping.pid), looping.pid);
        const found = frames.find((candidate) => candidate.function === 'findDiscount');
        // On a busy machine the time for values may be over before they are opened.
        return found === undefined || variables(found)['coupon'] === 'Coupon {…}' ? null : found;
      });
      assert.equal(frame.tier, 'interpreted');
      assert.ok((frame.line ?? 0) > 1);
      assert.equal(variables(frame)['coupon'], 'Coupon {code: "XMAS", percent: 15}');
    });
  });

suite("Debian's Node.js, in libnode.so and another mount namespace", () => {
  test('frames and values', async (t) => {
    await assertNestedStack(await spawnProgram(t, file, { command: debianNode() }));
  });

  test('a core of it', async (t) => {
    const target = await spawnProgram(t, file, { command: debianNode() });
    const seen = mainThread(await read(target.pid), target.pid);
    await withCore(target.pid, (core) => {
      const reading = readCore(core);
      assert.deepEqual(threadOf(reading, target.pid).frames, seen.frames);
      assert.match(reading.nodeVersion ?? '', /^v18\./);
      assert.ok((reading.loop?.backendFd ?? 0) > 2);
    });
  });

  test('event loop, tasks, heap, version', async (t) => {
    const target = await spawnProgram(t, program('waiting-server.cjs'), {
      command: debianNode(),
      nodeFlags: ['--max-old-space-size=777'],
    });
    const [told] = await target.expect(/^\{.*\}$/);
    const { version, port } = JSON.parse(told) as Record<string, unknown>;
    const reading = await waitFor('the program waits', async () => {
      const seen = await readProcess(target.pid, { deadlineMs: 20_000 });
      return seen.tasks?.length === 1 ? seen : null;
    });
    assert.equal(reading.nodeVersion, version);
    assert.equal(reading.tasks?.[0]?.function, 'neverDone');
    const { handles = [], heaps } = reading.activity ?? {};
    assert.ok(
      handles.some(({ type }) => /tcp/i.test(type)),
      `the server on ${String(port)} is among ${JSON.stringify(handles)}`,
    );
    assert.equal(heaps?.get(target.pid)?.limitBytes, 777 * 2 ** 20);
  });
});

test('a binary for musl is refused with the reason', (t) => {
  const copy = path.join(makeDirectory(t, 'musl'), 'node');
  const bytes = fs.readFileSync(nodeBinary('20'));
  const loader = '/lib64/ld-linux-x86-64.so.2\0';
  bytes.write('/lib/ld-musl-x86_64.so.1\0', bytes.indexOf(loader), 'latin1');
  fs.writeFileSync(copy, bytes);
  assert.throws(
    () => readNodeBinary(copy),
    (error) =>
      error instanceof SleeperError &&
      error.code === 'ERR_SLEEPER_UNSUPPORTED_NODE' &&
      error.message.includes('musl'),
  );
});
