/** Processes whose files are elsewhere: other mounts, another root, another pid namespace, a binary deleted or replaced. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { isMachineFrame } from '#dist/report/machine-frame.js';
import { runSleeper } from '../harness/cli.ts';
import { nodeBinary } from '../harness/node-versions.ts';
import { makeDirectory, type Owner, spawnProgram } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import { frameOf, mainThread, program, read, variables } from './reading.ts';

const file = program('frames.cjs');
/** Mounts need rights, which a user namespace gives to everybody. */
const unshare = ['unshare', process.getuid?.() === 0 ? '--mount' : '-rm'] as const;

interface DoctorCheck {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
  readonly mend?: string;
}

async function doctor(owner: Owner, pid: number): Promise<Map<string, DoctorCheck>> {
  const archive = makeDirectory(owner, 'archive');
  const { stdout } = await runSleeper(['doctor', String(pid), '--json'], { archive });
  const { checks } = JSON.parse(stdout) as { checks: DoctorCheck[] };
  return new Map(checks.map((check) => [check.what, check]));
}

/** JavaScript with values, and C++ with names: both need the files of the target. */
async function assertReadable(pid: number, version: string): Promise<void> {
  const reading = await read(pid);
  assert.equal(reading.nodeVersion?.split('.')[0], `v${version}`);
  const thread = mainThread(reading, pid);
  assert.equal(variables(frameOf(thread, 'walk'))['label'], '"boxes*3"');
  assert.match(frameOf(thread, 'walk').source?.line ?? '', /Atomics\.wait/);
  const names = thread.frames.filter(isMachineFrame).map((frame) => frame.function);
  assert.ok(
    names.some((name) => name.startsWith('v8::internal::')),
    names.join(', '),
  );
}

suite('files of the target', () => {
  test('node at a path that does not exist on our side', async (t) => {
    const hidden = '/mnt';
    const script = `mount --bind '${path.dirname(nodeBinary('22'))}' ${hidden} && exec ${hidden}/node "$@"`;
    const target = await spawnProgram(t, file, { command: [...unshare, 'sh', '-c', script, 'sh'] });
    assert.ok(!fs.existsSync(`${hidden}/node`));
    await assertReadable(target.pid, '22');
    const checks = await doctor(t, target.pid);
    assert.match(checks.get('file system')?.found ?? '', /other mounts than we/);
    assert.match(
      checks.get('file system')?.mend ?? '',
      new RegExp(`nsenter --target ${target.pid}`),
    );
    assert.equal(checks.get('program file')?.ok, true);
  });

  test('node at a path that is another version on our side, after that one was read', async (t) => {
    const ours = fs.realpathSync(nodeBinary('20'));
    const first = await spawnProgram(t, file, { node: '20' });
    await assertReadable(first.pid, '20');
    const script = `mount --bind '${nodeBinary('24')}' '${ours}' && exec '${ours}' "$@"`;
    const target = await spawnProgram(t, file, { command: [...unshare, 'sh', '-c', script, 'sh'] });
    assert.equal(fs.readlinkSync(`/proc/${target.pid}/exe`), ours);
    await assertReadable(target.pid, '24');
    await assertReadable(first.pid, '20');
  });

  test('another pid namespace', async (t) => {
    const command = [
      ...unshare,
      ...['--pid', '--fork', '--kill-child', '--mount-proc', nodeBinary('22')],
    ] as const;
    const outer = await spawnProgram(t, file, { command });
    const pid = await waitFor('node runs in it', () => {
      const children = fs.readFileSync(`/proc/${outer.pid}/task/${outer.pid}/children`, 'latin1');
      return Number(children.trim().split(' ')[0]) || null;
    });
    await assertReadable(pid, '22');
    assert.match(
      (await doctor(t, pid)).get('process numbers')?.found ?? '',
      /another pid namespace; its own name for itself is 1$/,
    );
  });

  for (const [what, change] of [
    [
      'deleted',
      (node: string) => {
        fs.rmSync(node);
      },
    ],
    [
      'replaced by another version',
      (node: string) => {
        fs.copyFileSync(nodeBinary('24'), `${node}.new`);
        fs.renameSync(`${node}.new`, node);
      },
    ],
  ] as const)
    test(`node ${what} on disk`, async (t) => {
      const node = path.join(makeDirectory(t, 'gone'), 'node');
      execFileSync('cp', ['--reflink=auto', nodeBinary('22'), node]);
      const target = await spawnProgram(t, file, { command: [node] });
      change(node);
      await assertReadable(target.pid, '22');
      const found = (await doctor(t, target.pid)).get('program file');
      assert.match(found?.found ?? '', /was deleted or replaced; it is read through \/proc/);
      assert.match(found?.mend ?? '', /cp \/proc\/\d+\/exe/);
    });
});
