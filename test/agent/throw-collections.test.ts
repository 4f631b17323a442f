/** The values at a throw, when the collector comes between the throw and the report of it. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { suite, test } from 'node:test';
import { runSleeper } from '../harness/cli.ts';
import { findVariableMismatches } from '../harness/expect-value.ts';
import { type NodeName, nodeBinary, nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { assertStrictReport } from '../harness/schema-strict.ts';
import { deathEnvironment } from '../harness/spawn-zoo.ts';
import { type Owner, makeDirectory } from '../harness/spawn-target.ts';

const program = path.join(root, 'test/agent/programs/collected.cjs');

async function reportOf(owner: Owner, node: NodeName, how: string) {
  const archive = makeDirectory(owner, 'archive');
  const command = [nodeBinary(node), '--expose-gc', program, how];
  const options = { archive, env: deathEnvironment() };
  assert.equal((await runSleeper(['run', '--', ...command], options)).status, 1);
  const { stdout, stderr } = await runSleeper(['view', 'last', '--json'], { archive });
  assert.equal(stderr, '');
  return assertStrictReport(JSON.parse(stdout));
}

for (const node of nodeNames.filter((name) => name !== '18')) {
  suite(`a collection right after the throw, node ${node}`, () => {
    for (const how of ['nothing', 'scavenge']) {
      test(`${how}: all frames, with their values`, async (t) => {
        const report = await reportOf(t, node, how);
        const [thread] = report.threads;
        assert.equal(thread?.note, 'the stack at the throw', JSON.stringify(report.missing));
        const [parse, readSettings] = thread.frames.filter(({ file }) => file === program);
        assert.equal(parse?.function, 'parse');
        const line = 'port-3';
        const options = { strict: true, depth: 4 };
        assert.deepEqual(
          findVariableMismatches(parse.arguments, { line, options }, [], 'parse'),
          [],
        );
        const fields = { left: [line], depth: { n: 5 } };
        assert.deepEqual(findVariableMismatches(parse.locals, { fields }, [], 'parse'), []);
        assert.equal(readSettings?.function, 'readSettings');
        const { locals } = readSettings;
        assert.deepEqual(findVariableMismatches(locals, { name: line }, [], 'readSettings'), []);
      });
    }

    for (const how of ['twice', 'whole']) {
      test(`${how}: the frames of the error, and why there are no values`, async (t) => {
        const report = await reportOf(t, node, how);
        const [thread] = report.threads;
        assert.match(thread?.note ?? '', /the stack of the error/);
        const own = thread?.frames.filter(({ file }) => file === program);
        assert.deepEqual(
          own?.map(({ function: name }) => name),
          ['parse', 'readSettings', 'Timeout._onTimeout'],
        );
        const reasons = report.missing.filter(({ what }) => /at the throw/.test(what));
        assert.match(JSON.stringify(reasons), /garbage collections right after the throw/);
      });
    }
  });
}
