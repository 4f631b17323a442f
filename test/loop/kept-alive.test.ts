/** What keeps a process alive, and whose code hears of it. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readProcess } from '#dist/reader/read.js';
import type { Handle } from '#dist/report/schema.js';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { spawnProgram } from '../harness/spawn-target.ts';

const file = path.join(root, 'test/loop/programs/kept-alive.mjs');
const lines = fs.readFileSync(file, 'utf8').split('\n');

function heard(handle: Handle | undefined): unknown[] {
  return (handle?.listeners ?? []).map(({ event, function: name, file: where, line = 0 }) => {
    assert.equal(where, `file://${file}`);
    assert.ok(lines[line - 1]?.includes(`// @${name}`), `line ${line} is that of ${name}`);
    return [event, name];
  });
}

for (const node of nodeNames)
  test(`handles have their owners, and the functions that listen, on Node.js ${node}`, async (t) => {
    const target = await spawnProgram(t, file, { node });
    const pid = Number((await target.expect(/^\d+$/))[0]);
    const { activity, missing } = await readProcess(target.pid, { deadlineMs: 10_000 });
    assert.deepEqual(missing, []);
    const handles = (activity?.handles ?? []).filter(
      ({ tid, internal, ref, active }) =>
        tid === target.pid && internal !== true && ref === true && active === true,
    );
    const of = (owner: string | undefined): Handle[] =>
      handles.filter((one) => one.owner === owner);
    assert.deepEqual(heard(of('Server')[0]), [['request', 'onRequest']]);
    assert.deepEqual(heard(of('FSWatcher')[0]), [['change', 'onChange']]);
    assert.deepEqual(heard(of('ChildProcess')[0]), [['exit', 'onExit']]);
    assert.deepEqual(heard(of('MessagePort')[0]), [['message', 'onBus']]);
    const [output] = of('Socket');
    assert.deepEqual(output?.childStream, { pid, name: 'stdout' });
    assert.deepEqual(heard(output), [['data', 'onOutput']]);
    assert.deepEqual(
      of(undefined).map(({ type }) => type),
      ['async'],
      'that of the Worker belongs to no object',
    );
  });
