/**
 * The tests of the zoo: every kind × way to a report, for one Node.js version. A test file per version calls this, so
 * that two can run side by side.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import type { Report } from '#dist/report/schema.js';
import { runSleeper } from './cli.ts';
import { assertExpected } from './expect-report.ts';
import { nodeBinary } from './node-versions.ts';
import type { NodeName } from './node-versions.ts';
import { assertStrictReport } from './schema-strict.ts';
import { makeDirectory, spawnProgram } from './spawn-target.ts';
import type { Owner } from './spawn-target.ts';
import { nodeFlagsOf, spawnZoo } from './spawn-zoo.ts';
import { readThread } from './wait.ts';
import { loadKinds } from './zoo.ts';
import type { ZooKind } from './zoo.ts';

/** Exit status of `dump`: a hang was found, or nothing wrong. */
const hangFound = 10;
const nothingWrong = 0;

async function dump(owner: Owner, pid: number): Promise<{ report: Report; status: number | null }> {
  const archive = makeDirectory(owner, 'archive');
  const result = await runSleeper(['dump', String(pid), '--json', '--no-archive'], { archive });
  assert.notEqual(result.stdout, '', `dump said only: ${result.stderr}`);
  assert.deepEqual(fs.readdirSync(archive), [], '--no-archive writes nothing');
  return { report: assertStrictReport(JSON.parse(result.stdout)), status: result.status };
}

/** Defines the tests of one version. */
export function testZoo(node: NodeName): void {
  for (const agent of [false, true]) {
    const way = agent ? 'with agent' : 'from outside';

    for (const kind of loadKinds('hang')) {
      test(`${kind.id} ${way} on ${node}`, async (t) => {
        const target = await spawnZoo(t, kind, { node, agent });
        const { report, status } = await dump(t, target.pid);
        assertExpected(report, kind);
        assert.equal(report.process.pid, target.pid);
        if (kind.expected.thread === 'main') assert.equal(status, hangFound);
        assert.notEqual(readThread(target.pid, target.pid)?.state, 't', 'nothing is left stopped');
      });
    }

    for (const kind of loadKinds('quiet')) {
      test(`${kind.id} ${way} on ${node}`, async (t) => {
        const target = await spawnZoo(t, kind, { node, agent });
        const { report, status } = await dump(t, target.pid);
        assertExpected(report, kind);
        if (kind.expected.signal === undefined) {
          assert.equal(status, nothingWrong);
          return;
        }
        assert.equal(readThread(target.pid, target.pid)?.state, 'T', 'stays stopped as it was');
        target.signal('SIGCONT');
        const after = await dump(t, target.pid);
        const calm = kind.expected.afterContinue ?? [];
        assert.ok(calm.includes(after.report.verdict.kind), after.report.verdict.summary);
      });
    }
  }

  for (const kind of loadKinds('crash')) {
    test(`${kind.id} under sleeper run on ${node}`, async (t) => {
      const archive = makeDirectory(t, 'archive');
      const command = [nodeBinary(node), ...nodeFlagsOf(kind, node), kind.program];
      const result = await runSleeper(['run', '--', ...command], { archive });
      assert.equal(result.status, kind.expected.exit?.status, result.stderr);
      await assertArchived(archive, kind);
    });

    test(`${kind.id} with the agent required on ${node}`, async (t) => {
      const archive = makeDirectory(t, 'archive');
      const target = await spawnProgram(t, kind.program, {
        node,
        agent: true,
        nodeFlags: nodeFlagsOf(kind, node),
        env: { SLEEPER_ARCHIVE: archive },
      });
      const exit = await target.exited;
      assert.equal(exit.status, kind.expected.exit?.status, target.lines.join('\n'));
      await assertArchived(archive, kind);
    });
  }
}

async function assertArchived(archive: string, kind: ZooKind): Promise<void> {
  const result = await runSleeper(['view', 'last', '--json'], { archive });
  assert.equal(result.status, nothingWrong, result.stderr);
  assertExpected(assertStrictReport(JSON.parse(result.stdout)), kind);
}
