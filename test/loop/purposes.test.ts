/** What connections are there for, and which file is watched by polling. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readProcess } from '#dist/reader/read.js';
import { handleWords } from '#dist/view/model/things.js';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { makeDirectory, spawnProgram } from '../harness/spawn-target.ts';

const program = path.join(root, 'test/loop/programs/purposes.mjs');

for (const node of nodeNames)
  test(`what handles are there for on Node.js ${node}`, async (t) => {
    const watched = path.join(makeDirectory(t, 'watched'), 'file');
    fs.writeFileSync(watched, '');
    const target = await spawnProgram(t, program, { node, args: [watched] });
    const { activity, missing } = await readProcess(target.pid, { deadlineMs: 60_000 });
    assert.deepEqual(missing, []);
    const handles = activity?.handles ?? [];
    assert.equal(handles.find(({ type }) => type === 'fs-poll')?.path, watched);
    assert.deepEqual(
      handles.flatMap(({ about }) => about?.replace(/:\d+/, ':N') ?? []),
      ['shop.example:N'],
    );
    const secure = handles.find(({ owner }) => owner === 'TLSSocket');
    assert.ok(secure !== undefined);
    assert.match(handleWords(secure), /TLSSocket, shop\.example:\d+/);
  });
