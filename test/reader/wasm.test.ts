/** Frames of WebAssembly, compared with what V8 says in error.stack of the same program. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseWasmModule } from '#dist/reader/wasm/module-bytes.js';
import { nodeNames } from '../harness/node-versions.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import { mainThread, program, read } from './reading.ts';
import { bytes } from './wasm-module.ts';

interface Told {
  readonly name: string | null;
  readonly file: string;
  readonly column: number;
}

/** Flags of Node, and the tier they give. 13.6 and later inline in the second one. */
const compilers = { liftoff: ['--no-wasm-tier-up'], turbofan: ['--no-liftoff'] } as const;

for (const node of nodeNames)
  suite(`WebAssembly on Node.js ${node}`, () => {
    for (const [tier, nodeFlags] of Object.entries(compilers)) {
      test(`${tier}: JavaScript called from WebAssembly called from JavaScript`, async (t) => {
        const target = await spawnProgram(t, program('wasm.cjs'), {
          node,
          nodeFlags,
          args: ['wait'],
        });
        const [line] = await target.expect(/^\[.*\]$/);
        const told = JSON.parse(line) as Told[];
        const { frames } = mainThread(await read(target.pid), target.pid);
        const names = frames.filter(({ kind }) => kind === 'js').map((one) => one.function);
        assert.deepEqual(names.slice(0, 3), ['stop', 'back', '(top level)'], 'and no wrapper');
        const between = frames.slice(
          frames.findIndex((one) => one.function === 'back') + 1,
          frames.findIndex((one) => one.function === '(top level)'),
        );
        assert.deepEqual(
          between.map(({ kind, file, line, column }) => ({ kind, file, line, column })),
          told.map(({ file, column }) => ({ kind: 'wasm', file, line: 1, column })),
        );
        assert.deepEqual(
          between.map((one) => [one.function, one.tier]),
          [
            ['shop_middle', tier],
            // V8 knows names of the name section only; this one is known by its export.
            [told[1]?.name ?? 'run', tier],
          ],
        );
      });

      test(`${tier}: a loop of its own`, async (t) => {
        const target = await spawnProgram(t, program('wasm.cjs'), {
          node,
          nodeFlags,
          args: ['spin'],
        });
        const frames = await waitFor('the loop runs', async () => {
          const thread = mainThread(await read(target.pid), target.pid);
          return thread.frames[0]?.kind === 'wasm' ? thread.frames : null;
        });
        assert.deepEqual(
          frames.slice(0, 2).map((one) => [one.kind, one.function, one.tier]),
          [
            ['wasm', 'shop_spin', tier],
            ['js', '(top level)', 'interpreted'],
          ],
        );
      });
    }
  });

test('a module that is cut or torn gives what it has, and never an exception', () => {
  const whole = parseWasmModule(Buffer.from(bytes));
  assert.deepEqual([...(whole?.names ?? [])].sort(), [
    [0, 'shop_back'],
    [1, 'shop_middle'],
    [2, 'run'],
    [3, 'shop_spin'],
  ]);
  const body = whole?.bodyOffset(1) ?? 0;
  assert.equal(bytes[body], 0, 'a body begins with its count of locals, none here');
  assert.equal(whole?.bodyOffset(0), null, 'an imported function has no body');
  for (let length = 0; length < bytes.length; length++) {
    const cut = parseWasmModule(Buffer.from(bytes.subarray(0, length)));
    assert.equal(cut === null, length < 8);
    const torn = Buffer.from(bytes);
    torn[length] = 0xff;
    const names = parseWasmModule(torn)?.names ?? new Map<number, string>();
    assert.ok(names.size <= bytes.length);
  }
});
