/** What HTTP connections are at, also where no async function tells. */
import assert from 'node:assert/strict';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import type { Report } from '#dist/report/schema.js';
import { runSleeper } from '../harness/cli.ts';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { makeDirectory, spawnProgram } from '../harness/spawn-target.ts';

const file = path.join(root, 'test/loop/programs/http.mjs');

for (const node of nodeNames)
  test(`connections tell the request that is under way, on Node.js ${node}`, async (t) => {
    const target = await spawnProgram(t, file, { node, waitUntilReady: false });
    const [port = ''] = await target.expect(/^\d+$/);
    const outside = http.get({ host: '127.0.0.1', port, path: '/last' }).on('error', () => {});
    t.after(() => outside.destroy());
    await target.expect(/^asked$/);
    const { stdout } = await runSleeper(
      ['dump', String(target.pid), '--json', '--no-archive', '--deadline', '60s'],
      { archive: makeDirectory(t, 'archive'), deadlineMs: 120_000 },
    );
    const { handles, verdict } = JSON.parse(stdout) as Report;
    const told = handles.flatMap(({ http: one }) =>
      one === undefined ? [] : `${one.kind} ${one.method} ${one.url} ${one.status ?? '-'}`,
    );
    const origin = `http://127.0.0.1:${port}`;
    assert.deepEqual(told.toSorted(), [
      `client GET ${origin}/part 206`,
      `client GET ${origin}/silent -`,
      'server GET /last -',
      'server GET /part 206',
      'server GET /silent -',
    ]);
    assert.equal(verdict.kind, 'idle');
    assert.match(verdict.summary, /; 2 requests are not answered: GET \/\w+, GET \/\w+/);
    assert.ok(
      verdict.evidence.some(({ text }) =>
        /^not answered: GET \/last, of 127\.0\.0\.1:\d+$/.test(text),
      ),
    );
  });
