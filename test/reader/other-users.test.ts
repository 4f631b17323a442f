/** Without root: a process of the same user in full, live and from a core; one that the kernel keeps from us with the reason. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Report } from '#dist/report/schema.js';
import { nodeBinary } from '../harness/node-versions.ts';
import { sleeperBin } from '../harness/paths.ts';
import { makeDirectory, type Owner, spawnCommand, spawnProgram } from '../harness/spawn-target.ts';
import { variables, program } from './reading.ts';

const nobody = 65_534;
const isRoot = process.geteuid?.() === 0;
/** Starts what follows as a user without any rights; when we are one, nothing need be done. */
const asUser: readonly string[] = isRoot
  ? [
      'setpriv',
      `--reuid=${nobody}`,
      `--regid=${nobody}`,
      ...['--clear-groups', '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs'],
    ]
  : ['env'];

/** A directory of that user's. */
function ownDirectory(owner: Owner): string {
  const directory = makeDirectory(owner, 'user');
  if (isRoot) fs.chownSync(directory, nobody, nobody);
  return directory;
}

/** Runs a command as that user. @returns what it printed, and its status */
async function run(
  owner: Owner,
  command: readonly string[],
): Promise<{ text: string; status: number | null }> {
  const home = ownDirectory(owner);
  const [first = 'env', ...rest] = [...asUser, ...command];
  const { lines, exited } = spawnCommand(owner, [first, ...rest], {
    directory: home,
    env: { HOME: home, XDG_CACHE_HOME: home, SLEEPER_ARCHIVE: home, NO_COLOR: '1' },
  });
  const { status } = await exited;
  return { text: lines.join('\n'), status };
}

const sleeper = [process.execPath, sleeperBin];

function within(command: readonly string[]): { command: readonly [string, ...string[]] } {
  const [first = 'env', ...rest] = [...asUser, ...command];
  return { command: [first, ...rest] };
}

function assertFull(report: Report, pid: number): void {
  assert.equal(
    report.missing.find(({ what }) => what === 'registers of the threads'),
    undefined,
  );
  const main = report.threads.find(({ tid }) => tid === pid);
  const walk = main?.frames.find((frame) => frame.function === 'walk');
  assert.ok(walk, main?.frames.map((frame) => frame.function).join(' < '));
  assert.equal(variables(walk)['label'], '"boxes*3"');
  assert.ok(main?.frames.some((frame) => frame.function.startsWith('v8::internal::')));
}

test('a process of the same user: dump, core and doctor', async (t) => {
  const target = await spawnProgram(t, program('frames.cjs'), within([nodeBinary('24')]));
  const { pid } = target;
  const status = fs.readFileSync(`/proc/${pid}/status`, 'latin1');
  assert.match(status, /^CapEff:\t0+$/m, 'it has no rights');
  const dump = await run(t, [...sleeper, 'dump', String(pid), '--json', '--no-archive']);
  assertFull(JSON.parse(dump.text) as Report, pid);
  const doctor = await run(t, [...sleeper, 'doctor', String(pid)]);
  assert.equal(doctor.status, 0, doctor.text);
  assert.match(doctor.text, /^ok {2}stopping a process \(ptrace\): a child was stopped/m);
  assert.match(doctor.text, /^ok {2}reading from outside: Node\.js v24\..*stood still/m);

  const directory = ownDirectory(t);
  const core = path.join(directory, 'core');
  const made = await run(t, ['gcore', '-o', core, String(pid)]);
  assert.equal(made.status, 0, made.text);
  const read = await run(t, [...sleeper, 'core', `${core}.${pid}`, '--json', '--no-archive']);
  assertFull(JSON.parse(read.text) as Report, pid);
});

test('its tasks', async (t) => {
  const target = await spawnProgram(t, program('waiting-server.cjs'), within([nodeBinary('20')]));
  const { text, status } = await run(t, [...sleeper, 'tasks', String(target.pid)]);
  assert.equal(status, 0, text);
  assert.match(text, /async neverDone\(/);
});

test('a process that the kernel keeps from us: the reason, and the next command', async (t) => {
  const node = path.join(makeDirectory(t, 'unreadable'), 'node');
  execFileSync('cp', ['--reflink=auto', nodeBinary('22'), node]);
  // A program that runs and cannot be read: its memory is nobody's but the kernel's.
  fs.chmodSync(path.dirname(node), 0o755);
  fs.chmodSync(node, 0o111);
  const { pid } = await spawnProgram(t, program('frames.cjs'), within([node]));
  const uid = isRoot ? nobody : process.geteuid?.();
  const reason = new RegExp(`refused.*It belongs to us \\(user ${uid}\\), but has more rights`);
  const tasks = await run(t, [...sleeper, 'tasks', String(pid)]);
  assert.equal(tasks.status, 5, tasks.text);
  assert.match(tasks.text, reason);
  assert.match(tasks.text, /next: .*as root \(CAP_SYS_PTRACE\)/);
  // Some kernels still tell what it runs and where its threads sleep; then there is a report, with the reason in it.
  const dump = await run(t, [...sleeper, 'dump', String(pid), '--json', '--no-archive']);
  assert.match(dump.text, reason);
  if (dump.status !== 5) {
    const { threads } = JSON.parse(dump.text) as Report;
    assert.ok(threads.some(({ tid, syscall = '' }) => tid === pid && syscall.startsWith('futex')));
  }
  const { text, status } = await run(t, [...sleeper, 'doctor', String(pid)]);
  assert.equal(status, 1);
  assert.match(text, reason);
  assert.match(text, /mend: (sudo sleeper doctor \d+$|.*as root \(CAP_SYS_PTRACE\))/m);
});
