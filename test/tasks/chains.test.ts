/** What a program waits for by way of a package: its own functions, and where the package waits in the end, are told; the rest is folded. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { test } from 'node:test';
import { captureReport } from '#dist/cli/capture-to-archive.js';
import { shortenPaths } from '#dist/report/short-paths.js';
import { renderReport } from '#dist/view/render.js';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { spawnProgram } from '../harness/spawn-target.ts';

const program = path.join(root, 'test/tasks/programs/driver.cjs');

for (const node of nodeNames)
  test(`async functions of a package between the program and a socket on Node.js ${node}`, async (t) => {
    const { pid } = await spawnProgram(t, program, { node });
    const report = await captureReport({
      pid,
      id: randomUUID(),
      trigger: { kind: 'request', reason: 'asked' },
      deadlineMs: 20_000,
      askAgent: false,
    });
    assert.equal(report.verdict.kind, 'idle');
    const evidence = report.verdict.evidence.map(({ text }) => text).join('\n');
    const end =
      /suspended: task \d+, loadOrder\(.*id = "A-17".*waits for read at \S*node_modules\/driver\/index\.js:2, 6 calls down, which waits for the event "data" of Socket/;
    assert.match(evidence, end);
    const style = { color: false, width: 200, verbose: false };
    const folded = renderReport(report, { ...style, full: false });
    assert.match(
      folded,
      /← #\d+ async query\(\)[^←]*← … 4 more in a row, of packages[^←]*← #\d+ async read\(\)/,
    );
    const full = renderReport(report, { ...style, full: true });
    for (const name of ['query', 'prepare', 'execute', 'send', 'receive', 'read'])
      assert.match(full, new RegExp(`← #\\d+ async ${name}\\(`));
  });

test('paths within a sentence are shortened where they begin with the working directory', () => {
  const cases = [
    ['a function of /srv/shop/a b/c.js may settle', 'a function of a b/c.js may settle'],
    ['fn of file:///srv/shop/x.js', 'fn of x.js'],
    ['run (/srv/shop/x.js:7), which waits', 'run (x.js:7), which waits'],
    ['of /mnt/srv/shop/x.js and /srv/shop-2/x.js', 'of /mnt/srv/shop/x.js and /srv/shop-2/x.js'],
    ['of node:net', 'of node:net'],
  ] as const;
  for (const [words, shown] of cases) assert.equal(shortenPaths(words, '/srv/shop'), shown);
  assert.equal(shortenPaths('of /srv/shop/x.js', undefined), 'of /srv/shop/x.js');
  assert.equal(shortenPaths('of /srv/shop/x.js', '/'), 'of /srv/shop/x.js');
});
