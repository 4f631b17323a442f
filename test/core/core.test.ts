/** Cores of real processes say what a look at the live process says. */
import assert from 'node:assert/strict';
import { isMachineFrame } from '#dist/report/machine-frame.js';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import type { Report } from '#dist/report/schema.js';
import { runSleeper } from '../harness/cli.ts';
import { nodeBinary, nodeNames } from '../harness/node-versions.ts';
import { makeDirectory, type Owner, spawnCommand, spawnProgram } from '../harness/spawn-target.ts';
import { spawnZoo } from '../harness/spawn-zoo.ts';
import { waitForSyscall } from '../harness/wait.ts';
import * as live from '../reader/reading.ts';
import { read, threadOf, withCore } from './cores.ts';

const { frameOf, mainThread, program, variables } = live;

function makeFifo(owner: Owner): string {
  const fifo = path.join(makeDirectory(owner, 'fifo'), 'orders.fifo');
  execFileSync('mkfifo', [fifo]);
  return fifo;
}

for (const node of nodeNames)
  suite(`a core of Node.js ${node}`, () => {
    test('the stack of the main thread, every value as in the live process', async (t) => {
      const file = program('frames.cjs');
      const target = await spawnProgram(t, file, { node, args: ['first', 'second one'] });
      const seen = mainThread(await live.read(target.pid), target.pid);
      await withCore(target.pid, (core) => {
        const reading = read(core);
        const thread = threadOf(reading, target.pid);
        assert.deepEqual(thread.frames, seen.frames);
        assert.equal(variables(frameOf(thread, 'walk'))['label'], '"boxes*3"');
        assert.equal(thread.kind, 'main');
        assert.equal(thread.vmState, 'ATOMICS_WAIT');
        assert.deepEqual(reading.argv, [nodeBinary(node), file, 'first', 'second one']);
        assert.match(reading.nodeVersion ?? '', new RegExp(`^v${node}\\.`));
        assert.equal(reading.pid, target.pid);
        assert.equal(reading.signal, null);
        assert.equal(reading.writtenBy, 'debugger');
        assert.deepEqual(reading.missing, []);
      });
    });
  });

for (const node of ['20', '24'] as const)
  suite(`a core of Node.js ${node}, more`, () => {
    test('optimised frames with inlined functions', async (t) => {
      const target = await spawnZoo(t, 'hang/inlined-wait', { node });
      const seen = mainThread(await live.read(target.pid), target.pid);
      await withCore(target.pid, (core) => {
        const thread = threadOf(read(core), target.pid);
        assert.ok(thread.frames.some(({ inlined }) => inlined === true));
        assert.deepEqual(thread.frames, seen.frames);
        const admit = variables(frameOf(thread, 'admit'));
        assert.deepEqual([admit['awaited'], admit['admitted'], admit['i']], ['0', '0', '0']);
      });
    });

    test('a worker in a loop while the main thread is idle', async (t) => {
      const target = await spawnZoo(t, 'hang/worker-sync-loop', { node });
      await waitForSyscall(target.pid, 'epoll_wait');
      await withCore(target.pid, (core) => {
        const reading = read(core);
        const workers = reading.threads.filter((thread) => thread.reading?.kind === 'worker');
        const [worker] = workers;
        assert.equal(workers.length, 1);
        assert.ok(worker?.reading);
        assert.equal(variables(frameOf(worker.reading, 'work'))['job'], '{id: "job-9", size: 40}');
        assert.equal(variables(frameOf(worker.reading, 'countPrimes'))['step'], '2');
        const main = threadOf(reading, target.pid);
        assert.ok(main.frames.every(isMachineFrame));
        assert.match(main.note ?? '', /event loop/);
      });
    });
  });

suite('sleeper core', () => {
  const kinds = [
    { kind: 'hang/sync-loop', verdict: 'js-busy', call: null },
    { kind: 'hang/sync-fifo-read', verdict: 'sync-io', call: /^read\(fd \d+, 64 bytes\)$/ },
    { kind: 'hang/atomics-wait', verdict: 'atomics-wait', call: /^futex\(0x[0-9a-f]+, wait\)$/ },
    { kind: 'quiet/idle-server', verdict: 'idle', call: /^epoll_p?wait\(fd \d+, / },
  ] as const;
  for (const { kind, verdict, call } of kinds)
    test(`${kind} is ${verdict}`, async (t) => {
      const archive = makeDirectory(t, 'archive');
      const target = await spawnZoo(t, kind);
      if (verdict === 'idle') await waitForSyscall(target.pid, 'epoll_wait');
      const run = await withCore(target.pid, (core) =>
        runSleeper(['core', core, '--json'], { archive }),
      );
      assert.equal(run.status, verdict === 'idle' ? 0 : 10, run.stderr);
      const report = JSON.parse(run.stdout) as Report;
      assert.equal(report.verdict.kind, verdict, report.verdict.summary);
      assert.equal(report.trigger.kind, 'request');
      assert.deepEqual(Object.keys(report.host), ['hostname', 'kernel']);
      assert.equal(report.process.env, undefined);
      const [main] = report.threads;
      assert.deepEqual([main?.kind, main?.tid, main?.via], ['main', target.pid, 'reader']);
      if (call === null) assert.deepEqual([main?.state, main?.syscall], ['R', undefined]);
      else assert.match(main?.syscall ?? '', call);
      const kept = fs.readdirSync(archive).filter((name) => name.endsWith('.msgpack'));
      assert.equal(kept.length, 1);
      assert.match(kept[0] ?? '', new RegExp(`-unknown-${String(target.pid)}-request-`));
    });

  test('the binary: gone, another build, named on the command line', async (t) => {
    const archive = makeDirectory(t, 'archive');
    const moved = path.join(makeDirectory(t, 'node'), 'node');
    fs.copyFileSync(nodeBinary('20'), moved);
    const target = spawnCommand(t, [moved, program('frames.cjs')]);
    await waitForSyscall(target.pid, 'futex');
    await withCore(target.pid, async (core) => {
      const sleeper = (...args: string[]): ReturnType<typeof runSleeper> =>
        runSleeper(['core', core, ...args], { archive, env: { COLUMNS: '1000' } });
      fs.rmSync(moved);
      const lost = await sleeper('--no-archive');
      assert.equal(lost.status, 3, lost.stderr);
      assert.match(lost.stdout, /cannot be opened \(ENOENT\); name the binary with --node FILE/);
      assert.match(lost.stdout, /in system call futex\(/);
      const wrong = await sleeper('--node', nodeBinary('22'));
      assert.equal(wrong.status, 1);
      assert.match(wrong.stderr, /is not the build that the process ran/);
      const right = await sleeper('--node', nodeBinary('20'));
      assert.equal(right.status, 10, right.stderr);
      assert.match(right.stdout, /walk\(what="boxes", factor=3\)/);
      fs.copyFileSync(nodeBinary('22'), moved);
      const replaced = await sleeper('--no-archive');
      assert.equal(replaced.status, 3);
      assert.match(replaced.stdout, /is not the build that the process ran/);
    });
  });

  test('what is no core is refused with the reason', async (t) => {
    const archive = makeDirectory(t, 'archive');
    const directory = makeDirectory(t, 'files');
    const packed = path.join(directory, 'core.zst');
    fs.writeFileSync(packed, Buffer.from('28b52ffd00000000', 'hex'));
    const fifo = makeFifo(t);
    const cases = [
      [path.join(directory, 'absent'), /cannot be opened \(ENOENT\)/],
      [nodeBinary('20'), /a program or a library/],
      [packed, /compressed: unpack it with unzstd/],
      [fifo, /not a regular file/],
      [directory, /not a regular file/],
    ] as const;
    for (const [file, reason] of cases) {
      const run = await runSleeper(['core', file], { archive });
      assert.equal(run.status, 1, file);
      assert.match(run.stderr, reason);
      assert.match(run.stderr, /\n {2}next: /);
    }
  });
});
