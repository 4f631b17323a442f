/** Cores that a crash leaves: who got the signal, why, and the stack below it. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { suite, test } from 'node:test';
import type { Report } from '#dist/report/schema.js';
import { runSleeper } from '../harness/cli.ts';
import { nodeNames } from '../harness/node-versions.ts';
import { makeDirectory } from '../harness/spawn-target.ts';
import { waitForCpu } from '../harness/wait.ts';
import { frameOf, variables } from '../reader/reading.ts';
import { read, threadOf, withCrash } from './cores.ts';

for (const node of nodeNames)
  suite(`a crash of Node.js ${node}`, () => {
    test('process.abort(): SIGABRT that the process raised itself', (t) =>
      withCrash(t, 'abort.cjs', { node }, ({ file, writtenBy }) => {
        const core = read(file);
        const thread = threadOf(core, core.pid);
        const frame = frameOf(thread, 'giveUp');
        assert.equal(frame.source?.line.trim(), 'process.abort(); // @abort');
        assert.deepEqual(variables(frame), { order: '{id: "A-17"}', reason: '"bad A-17"' });
        assert.equal(core.writtenBy, writtenBy);
        assert.deepEqual([core.signal?.name, core.signal?.tid], ['SIGABRT', core.pid]);
        assert.equal(core.signal?.detail?.senderPid, core.pid);
        assert.match(core.kernel ?? '', /^\d+\.\d+\.\d+$/);
        assert.deepEqual(core.missing, []);
      }));
  });

test('nothing to compare the binary with: it is used, and the report says so', (t) =>
  withCrash(t, 'abort.cjs', { node: '24', coredumpFilter: '0x23' }, ({ file }) => {
    const core = read(file);
    const frame = frameOf(threadOf(core, core.pid), 'giveUp');
    assert.equal(variables(frame)['order'], '{id: "A-17"}');
    assert.deepEqual(
      core.missing.map(({ what }) => what),
      ['proof of the binary'],
    );
  }));

test('no stack left: SIGSEGV, and both ends of the recursion', (t) =>
  withCrash(
    t,
    'overflow.cjs',
    { node: '20', nodeFlags: ['--stack-size=60000'] },
    async ({ file }) => {
      const archive = makeDirectory(t, 'archive');
      const run = await runSleeper(['core', file, '--json'], { archive });
      assert.equal(run.status, 0, run.stderr);
      const report = JSON.parse(run.stdout) as Report;
      assert.equal(report.trigger.kind, 'fatal-signal');
      assert.equal(report.trigger['signal'], 'SIGSEGV');
      assert.match(report.trigger.reason, /^SIGSEGV in thread \d+/);
      assert.equal(report.verdict.thread, report.process.pid);
      const frames = report.threads[0]?.frames ?? [];
      assert.ok(frames.length >= 200, `${frames.length} frames`);
      const depths = frames.slice(0, 3).map((frame) => Number(variables(frame)['depth']));
      const [depth = 0] = depths;
      assert.deepEqual(depths, [depth, depth - 1, depth - 2]);
      assert.ok(depth > frames.length, `the middle is left out of ${depth} calls`);
      // Who began it stands at the other end.
      const last = frames.findLast(
        ({ kind, file: script }) => kind === 'js' && script?.endsWith('overflow.cjs'),
      );
      assert.notEqual(Number(last && variables(last)['depth']), depth);
      assert.equal(fs.readdirSync(archive).filter((name) => name.endsWith('.msgpack')).length, 1);
    },
  ));

test('a hung program killed with SIGABRT: the verdict is on the hang', (t) =>
  withCrash(
    t,
    'spin.cjs',
    {
      node: '20',
      kill: async (pid) => {
        // Right after its line it is still in the call that wrote it.
        await waitForCpu(pid, 100);
        process.kill(pid, 'SIGABRT');
      },
    },
    async ({ file }) => {
      const archive = makeDirectory(t, 'archive');
      const run = await runSleeper(['core', file, '--json'], { archive });
      const report = JSON.parse(run.stdout) as Report;
      assert.equal(report.trigger['signal'], 'SIGABRT');
      assert.match(report.trigger.reason, new RegExp(`sent by process ${String(process.pid)};`));
      assert.equal(report.verdict.kind, 'js-busy');
      assert.equal(report.verdict.confidence, 'likely', 'a core is one moment');
      assert.equal(run.status, 10);
    },
  ));
