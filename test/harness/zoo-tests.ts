/**
 * The tests of the zoo: every kind × way to a report, for one Node.js version. A test file per version and way calls this,
 * so that two can run side by side, and none takes long.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { captureReport, isHang } from '#dist/cli/capture-to-archive.js';
import type { Report } from '#dist/report/schema.js';
import { runSleeper } from './cli.ts';
import { assertExpected } from './expect-report.ts';
import type { NodeName } from './node-versions.ts';
import { reportsIn } from './reports-in.ts';
import { assertStrictReport } from './schema-strict.ts';
import { makeDirectory, spawnProgram } from './spawn-target.ts';
import type { Exit } from './spawn-target.ts';
import { deathEnvironment, nodeFlagsOf, runDeath, spawnZoo, withinMemory } from './spawn-zoo.ts';
import { readThread, waitFor } from './wait.ts';
import { loadKinds, loadZooKind } from './zoo.ts';
import type { ZooKind } from './zoo.ts';

/** Exit status of `view`. */
const nothingWrong = 0;
/** Longest time of one capture on a machine with other things to do. */
const deadlineMs = 20_000;

/** What `sleeper dump` does, in this process: what it knows of the binaries serves all captures of a test file. */
async function dump(pid: number, agent: boolean): Promise<Report> {
  const report = await captureReport({
    pid,
    id: randomUUID(),
    trigger: { kind: 'request', reason: 'the zoo' },
    deadlineMs,
    askAgent: agent,
  });
  return assertStrictReport(JSON.parse(JSON.stringify(report)));
}

/** How a report comes about. */
type Way = 'from outside' | 'with agent';

/** Defines the tests of living processes, of one version. @param ids only these; all of hang and quiet when absent */
export function testLiving(node: NodeName, way: Way, ids?: readonly string[]): void {
  const isWanted = ({ id }: ZooKind): boolean => ids?.includes(id) ?? true;
  for (const kind of loadKinds('hang').filter(isWanted)) testHang(kind, node, way);
  for (const kind of loadKinds('quiet').filter(isWanted)) testQuiet(kind, node, way);
}

/** Defines the tests of deaths, of one version. @param ids only these; all when absent */
export function testDeaths(node: NodeName, ids?: readonly string[]): void {
  for (const kind of loadKinds('crash')) if (ids?.includes(kind.id) ?? true) testCrash(kind, node);
}

function testHang(kind: ZooKind, node: NodeName, way: Way): void {
  test(`${kind.id} ${way} on ${node}`, async (t) => {
    const agent = way === 'with agent';
    const target = await spawnZoo(t, kind, { node, agent });
    const report = await dump(target.pid, agent);
    assertExpected(report, kind);
    assert.equal(report.process.pid, target.pid);
    if (kind.expected.thread === 'main') assert.ok(isHang(report), 'told as a hang');
    assert.notEqual(readThread(target.pid, target.pid)?.state, 't', 'nothing is left stopped');
  });
}

function testQuiet(kind: ZooKind, node: NodeName, way: Way): void {
  test(`${kind.id} ${way} on ${node}`, async (t) => {
    const agent = way === 'with agent';
    const target = await spawnZoo(t, kind, { node, agent });
    const release = kind.expected.held === undefined ? null : await target.hold();
    const state = readThread(target.pid, target.pid)?.state;
    const report = await dump(target.pid, agent);
    assertExpected(report, kind);
    if (release === null) return;
    assert.equal(readThread(target.pid, target.pid)?.state, state, 'is held as it was');
    await release();
    const after = await dump(target.pid, agent);
    const calm = kind.expected.afterwards ?? [];
    assert.ok(calm.includes(after.verdict.kind), after.verdict.summary);
  });
}

/** Once below `sleeper run` and once by itself, to the same end: that of the program without us. */
function testCrash(kind: ZooKind, node: NodeName): void {
  test(`${kind.id} under sleeper run on ${node}`, async (t) => {
    const archive = makeDirectory(t, 'archive');
    const result = await runDeath(t, kind, { node, archive });
    const { status, signal } = result;
    assertExit({ status, signal }, kind, result.stderr);
    await assertArchived(archive, kind);
  });

  test(`${kind.id} with the agent required on ${node}`, async (t) => {
    const archive = makeDirectory(t, 'archive');
    const options = {
      node,
      agent: true,
      env: {
        ...deathEnvironment(),
        SLEEPER_ARCHIVE: archive,
        SLEEPER_RUNTIME_DIR: makeDirectory(t, 'runtime'),
      },
    };
    const target = await spawnProgram(t, kind.program, {
      ...options,
      nodeFlags: nodeFlagsOf(kind, node),
      within: withinMemory(t, kind),
    });
    assertExit(await target.exited, kind, target.lines.join('\n'));
    if (kind.expected.trigger === 'vanished') {
      // Nobody is left to tell: the next start does.
      await spawnProgram(t, loadZooKind('quiet/idle-server').program, options);
      await waitFor('the next start tells', () => reportsIn(archive).length > 0);
    }
    await assertArchived(archive, kind);
  });
}

function assertExit(exit: Exit, kind: ZooKind, output: string): void {
  const { exit: expected = { status: 0 } } = kind.expected;
  if ('status' in expected) assert.equal(exit.status, expected.status, output);
  else assert.equal(exit.signal, expected.signal, output);
}

async function assertArchived(archive: string, kind: ZooKind): Promise<void> {
  const files = reportsIn(archive);
  assert.equal(files.length, kind.expected.reports, files.join(', '));
  const result = await runSleeper(['view', 'last', '--json'], { archive });
  assert.equal(result.status, nothingWrong, result.stderr);
  assertExpected(assertStrictReport(JSON.parse(result.stdout)), kind);
}
