/**
 * Version × tier × workload × {live, core}: what each reading gives, compared with what the program says of itself, and
 * told in docs/reader-matrix.md. SLEEPER_TEST_UPDATE=1 writes that table anew; otherwise it must be what was found.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { readCore } from '#dist/reader/read-core.js';
import { readProcess } from '#dist/reader/read.js';
import { withCore } from '../core/cores.ts';
import { nodeNames, type NodeName } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { spawnProgram, type Owner, type Target } from '../harness/spawn-target.ts';
import {
  checkCall,
  checkLoop,
  checkTasks,
  checkWasm,
  file,
  type Found,
  type Seen,
  type Told,
} from './matrix-checks.ts';
import { optimizersOf } from './reading.ts';
import { type Row, writeTable } from './matrix-table.ts';

/** Flags of Node that leave one of WebAssembly's compilers. */
const wasmTiers = { liftoff: '--no-wasm-tier-up', turbofan: '--no-liftoff' } as const;

async function start(
  owner: Owner,
  node: NodeName,
  flags: readonly string[],
  roles: readonly Told[],
): Promise<{ target: Target; told: readonly Told[] }> {
  const target = await spawnProgram(owner, file, {
    node,
    nodeFlags: ['--allow-natives-syntax', ...flags],
    args: [JSON.stringify(roles)],
  });
  const [line] = await target.expect(/^\[.*\]$/);
  return { target, told: JSON.parse(line) as Told[] };
}

const rows: Row[] = [];
/** On a busy machine the time for values is over before all are opened; then the process is read again. */
const maxReadings = 20;

async function checkBoth(
  node: NodeName,
  { pid }: Target,
  check: (seen: Seen) => Found[],
): Promise<void> {
  for (let left = maxReadings; left > 0; left--) {
    const { threads, tasks = [] } = await readProcess(pid, { deadlineMs: 30_000 });
    try {
      for (const found of check({ threads, tasks })) rows.push({ ...found, node, place: 'live' });
      break;
    } catch (error) {
      if (left === 1 || !(error instanceof assert.AssertionError)) throw error;
    }
  }
  await withCore(pid, (core) => {
    const { threads, tasks } = readCore(core, { deadlineMs: 60_000 });
    const seen = { threads: threads.flatMap(({ reading }) => reading ?? []), tasks };
    for (const found of check(seen)) rows.push({ ...found, node, place: 'core' });
  });
}

for (const node of nodeNames)
  suite(`every tier of Node.js ${node}`, () => {
    for (const tier of ['interpreted', 'baseline', ...optimizersOf(node)])
      test(`${tier}: a call with every kind of value, a loop`, async (t) => {
        const roles = ['call', 'loop'].map((role) => ({ role, tier }));
        const flags = tier === 'interpreted' ? ['--no-sparkplug'] : [];
        const { target, told } = await start(t, node, flags, roles);
        const call = told.find(({ role }) => role === 'call');
        assert.ok(call);
        await checkBoth(node, target, (seen) => [
          ...checkCall(seen, tier, call),
          ...checkLoop(seen, tier),
        ]);
      });

    for (const [tier, flag] of Object.entries(wasmTiers))
      test(`WebAssembly, ${tier}, and a suspended function`, async (t) => {
        const roles = ['wasm call', 'wasm loop', 'tasks'].map((role) => ({ role }));
        const { target } = await start(t, node, [flag], roles);
        await checkBoth(node, target, (seen) => [...checkWasm(seen, tier), ...checkTasks(seen)]);
      });
  });

test('the table in docs/ is what was found', () => {
  const name = path.join(root, 'docs/reader-matrix.md');
  const text = writeTable(rows);
  if (process.env['SLEEPER_TEST_UPDATE'] === '1') fs.writeFileSync(name, text);
  assert.equal(fs.readFileSync(name, 'utf8'), text, 'SLEEPER_TEST_UPDATE=1 writes it anew');
});
