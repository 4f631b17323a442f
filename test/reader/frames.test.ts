/** Stacks of real processes: names, places, tiers, and the values of every frame. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { nodeNames, type NodeName } from '../harness/node-versions.ts';
import { makeDirectory, spawnProgram, type Owner, type Target } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import { frameOf, mainThread, program, read, variables } from './reading.ts';

function lineOf(file: string, text: string): number {
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  const line = lines.findIndex((candidate) => candidate.includes(text));
  assert.notEqual(line, -1, `${text} stands in ${file}`);
  return line + 1;
}

function makeFifo(owner: Owner): string {
  const fifo = path.join(makeDirectory(owner, 'fifo'), 'orders.fifo');
  execFileSync('mkfifo', [fifo]);
  return fifo;
}

function spawnBlocked(owner: Owner, node: NodeName): Promise<Target> {
  return spawnProgram(owner, program('optimized-call.cjs'), { node, args: [makeFifo(owner)] });
}

for (const node of nodeNames)
  suite(`frames on Node.js ${node}`, () => {
    test('JavaScript and C++ by turns, every frame with its values', async (t) => {
      const file = program('frames.cjs');
      const target = await spawnProgram(t, file, { node });
      const thread = mainThread(await read(target.pid), target.pid);
      const own = thread.frames.filter(
        (frame) => frame.file === file || frame.file === 'inner-script.js',
      );
      assert.deepEqual(
        own.map((frame) => frame.function),
        [
          'walk',
          'Depot.count',
          'new Depot',
          'Depot.open',
          'mapper',
          'replacer',
          'viaReplace',
          '(top level)',
          'runScript',
          'get prop',
          'top',
          'onCustom',
          'timer',
        ],
      );
      assert.equal(frameOf(thread, 'walk').line, lineOf(file, '@stuck'));
      assert.equal(
        frameOf(thread, 'walk').source?.line.trim(),
        'Atomics.wait(cell, 0, 0); // @stuck',
      );
      const walk = variables(frameOf(thread, 'walk'));
      assert.deepEqual(
        { what: walk['what'], factor: walk['factor'], label: walk['label'] },
        { what: '"boxes"', factor: '3', label: '"boxes*3"' },
      );
      assert.equal(variables(frameOf(thread, 'Depot.count'))['factor'], '3');
      assert.equal(frameOf(thread, 'Depot.count').receiver?.preview, 'Depot {name: "b"}');
      assert.deepEqual(variables(frameOf(thread, 'mapper')), {
        item: '"b"',
        index: '0',
        'arguments[2]': '["b", 1]',
        seen: '0',
      });
      assert.equal(
        variables(frameOf(thread, 'runScript'))['option'],
        '"fallback"',
        'a default is seen',
      );
      const top = variables(frameOf(thread, 'top'));
      assert.deepEqual(
        { order: top['order'], captured: top['captured'] },
        { order: '{id: 815, tags: ["x", "y"]}', captured: '815' },
      );
      const kinds = thread.frames.map((frame) => `${frame.kind} ${frame.function}`);
      assert.ok(
        kinds.includes('builtin map') && kinds.includes('builtin replace'),
        kinds.join(', '),
      );
    });

    test('an optimised frame in a call: inlined functions, arguments, locals', async (t) => {
      const target = await spawnBlocked(t, node);
      const frame = await waitFor('run() is optimised and blocked', async () => {
        const thread = mainThread(await read(target.pid), target.pid);
        return thread.frames.some((candidate) => candidate.function === 'block') ? thread : null;
      });
      const run = variables(frameOf(frame, 'run'));
      assert.deepEqual(
        { rounds: run['rounds'], i: run['i'], sum: run['sum'], carts: run['carts'] },
        {
          rounds: '5',
          i: '0',
          sum: '0',
          carts: '[Cart {id: 7, items: [1, 2, 3]}, Cart {id: 8, items: [1, 2, 3]}]',
        },
      );
      const total = frameOf(frame, 'Cart.total');
      assert.equal(total.receiver?.preview, 'Cart {id: 7, items: [1, 2, 3]}');
      assert.deepEqual(
        { rate: variables(total)['rate'], base: variables(total)['base'] },
        { rate: '1', base: '300' },
      );
      const check = variables(frameOf(frame, 'check'));
      assert.deepEqual(
        { amount: check['amount'], cart: check['cart'] },
        { amount: '300', cart: 'Cart {id: 7, items: [1, 2, 3]}' },
      );
      assert.equal(variables(frameOf(frame, 'block'))['limit'], '500.5');
    });

    test('locals of a loop that runs in optimised code', async (t) => {
      const target = await spawnProgram(t, program('optimized-loop.cjs'), { node });
      const found = await waitFor('the loop is optimised and its locals are read', async () => {
        const thread = mainThread(await read(target.pid), target.pid);
        const frame = thread.frames.find((candidate) => candidate.function === 'findDiscount');
        if (frame?.tier !== 'turbofan') return null;
        return variables(frame)['tag'] === '"T-XMAS"' ? { thread, frame } : null;
      });
      const { steps = '', best = '', target: goal, cart, coupon } = variables(found.frame);
      assert.match(steps, /^\d{4,}$/);
      assert.equal(Number(best), 1e9 - 17.425);
      assert.deepEqual(
        { goal, cart, coupon },
        {
          goal: '1000000000',
          cart: '{items: [{price: 10}, {price: 20.5}], owner: "ann"}',
          coupon: 'Coupon {code: "XMAS", percent: 15}',
        },
      );
      assert.match(found.thread.note ?? '', /of a turn of their loop some milliseconds later/);
      const later = mainThread(await read(target.pid), target.pid);
      assert.equal(
        variables(frameOf(later, 'checkout'))['order'],
        '{id: "A-17", target: 1000000000}',
      );
    });
  });

/** Flags that keep a function in one tier. */
const tiers = {
  interpreted: ['--no-opt', '--no-sparkplug'],
  baseline: ['--no-opt', '--always-sparkplug'],
} as const;

for (const node of nodeNames)
  for (const [tier, flags] of Object.entries(tiers))
    test(`a ${tier} loop on Node.js ${node} has place, arguments and locals`, async (t) => {
      const nodeFlags = Number(node) >= 20 ? [...flags, '--no-maglev'] : [...flags];
      const file = program('optimized-loop.cjs');
      const target = await spawnProgram(t, file, { node, nodeFlags });
      const frame = await waitFor('the loop runs', async () => {
        const thread = mainThread(await read(target.pid), target.pid);
        return thread.frames.find((candidate) => candidate.function === 'findDiscount') ?? null;
      });
      assert.equal(frame.tier, tier);
      const { line = 0 } = frame;
      assert.ok(
        line >= lineOf(file, 'let steps') && line <= lineOf(file, 'return best'),
        `line ${line}`,
      );
      const seen = variables(frame);
      assert.equal(seen['target'], '1000000000');
      assert.equal(seen['coupon'], 'Coupon {code: "XMAS", percent: 15}');
    });

for (const node of nodeNames)
  test(`a hundred thousand frames on Node.js ${node}: both ends, and how many are between them`, async (t) => {
    const target = await spawnProgram(t, program('deep.cjs'), {
      node,
      nodeFlags: ['--stack-size=60000'],
      within: ['sh', '-c', 'ulimit -s unlimited; exec "$@"', 'sh'],
    });
    const { frames, omitted } = mainThread(await read(target.pid), target.pid);
    assert.ok(omitted);
    const numbers = frames.map((_, i) => (i < omitted.before ? i : i + omitted.count));
    const dives = frames.flatMap((frame, i) =>
      frame.function === 'dive' ? [[variables(frame)['depth'], String(numbers[i])]] : [],
    );
    assert.deepEqual(
      dives.map(([depth]) => depth),
      dives.map(([, number]) => number),
    );
    assert.deepEqual(dives[0], ['0', '0']);
    assert.deepEqual(dives.at(-1), ['100000', '100000']);
    assert.equal(frames[dives.length]?.function, '(top level)');
  });
