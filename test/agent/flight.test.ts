/** The flight recorder: what is left of processes that are killed, and that nothing is left of those that end by themselves. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { defaultRepeatPolicy } from '#dist/archive/occurrences.js';
import { captureVanished } from '#dist/capture/vanished.js';
import { diagnose } from '#dist/diagnose/diagnose.js';
import { openFlight } from '#dist/probe/flight-file.js';
import { parseFlight } from '#dist/probe/flight-layout.js';
import { startSleeper } from '../harness/cli.ts';
import { nodeBinary, nodeNames } from '../harness/node-versions.ts';
import { makeDirectory, type Owner, spawnCommand } from '../harness/spawn-target.ts';
import { assertStrictReport } from '../harness/schema-strict.ts';
import { readThreads, waitFor, waitForSyscall } from '../harness/wait.ts';
import { makeFlight } from '../probe/flight-bytes.ts';
import { makeControlGroup } from '../harness/control-group.ts';
import {
  armedCommand,
  makePlace,
  recorders,
  reportOn,
  reports,
  startRecorded,
  talkative,
} from './flight-programs.ts';

const agentNodes = nodeNames.filter((name) => name !== '18');
const waiting = `console.log('ready'); setInterval(() => {}, 1e6);`;

/** A file that looks like the kernel's, and what is concluded from it. */
function assertSimulatedOom(owner: Owner): void {
  const directory = makeDirectory(owner, 'cgroup');
  const file = path.join(directory, 'memory.events');
  fs.writeFileSync(file, 'low 0\noom 1\noom_kill 1\n');
  fs.writeFileSync(path.join(directory, 'memory.max'), `${String(160 << 20)}\n`);
  const record = parseFlight(makeFlight({ oom: { file, kills: 0 } }));
  assert.ok(record !== null);
  const capture = captureVanished({
    id: '00000000-0000-4000-8000-000000000000',
    pid: record.pid,
    record,
    reason: 'simulated',
    end: { signal: 'SIGKILL' },
    endSource: 'kernel',
  });
  const verdict = diagnose(capture);
  assert.equal(verdict.kind, 'killed-by-oom-killer');
  assert.deepEqual(capture.end?.oomKills, { before: 0, after: 1, file });
  assert.equal(capture.end.memoryLimitBytes, 160 << 20);
}

suite('killed from outside', () => {
  for (const node of agentNodes) {
    test(`node ${node}: SIGKILL under watch: last words, and the kernel's word`, async (t) => {
      const place = makePlace(t);
      const target = await startRecorded(t, place, talkative, node);
      const watch = startSleeper(t, ['watch', `${target.pid}`, '--interval', '50ms'], {
        archive: place.archive,
      });
      await watch.expect(/watching process/);
      await waitForSyscall(target.pid, 'epoll_wait');
      target.signal('SIGKILL');
      const report = await reportOn(place, target.pid);
      assertStrictReport(report);
      const { verdict, end, trigger } = report;
      assert.equal(trigger.kind, 'vanished');
      assert.equal(verdict.kind, 'killed-by-signal');
      assert.equal(verdict.confidence, 'certain', JSON.stringify(end));
      assert.equal(end?.signal, 'SIGKILL');
      assert.deepEqual(report.annotations, { build: '42' });
      assert.equal(report.breadcrumbs?.[0]?.text, 'order taken');
      assert.equal(report.process.nodeVersion?.split('.')[0], node);
      const [second] = report.timeline ?? [];
      assert.ok(second !== undefined, 'a second of work is recorded');
      assert.ok((second.utilization ?? 0) > 0 && (second.loopDelayMs ?? 0) > 0);
      assert.ok((second.rssBytes ?? 0) > 10e6 && (second.heapUsedBytes ?? 0) > 1e6);
      assert.ok((second.gcMs ?? 0) > 0, 'collections are recorded');
      assert.equal(report.threads[0]?.loop?.alive, true);
      assert.equal((await watch.exited).status, 0);
      assert.deepEqual(recorders(place), []);
    });
  }

  test('SIGTERM with its default action under run: the parent knows', async (t) => {
    const place = makePlace(t);
    const program = `console.log('pid', process.pid); setTimeout(() => console.log('ready'), 200); setInterval(() => {}, 1e6)`;
    const run = startSleeper(
      t,
      ['run', '--interval', '50ms', '--', nodeBinary('20'), '-e', program],
      place,
    );
    const [, pid] = await run.expect(/^pid (\d+)$/);
    await run.expect(/^ready$/);
    process.kill(Number(pid), 'SIGTERM');
    assert.equal((await run.exited).signal, 'SIGTERM');
    const [report] = reports(place);
    assert.equal(report?.verdict.kind, 'killed-by-signal');
    assert.equal(report.end?.source, 'parent');
    assert.match(report.verdict.summary, /SIGTERM/);
  });

  test('run: who stops the program through us gets no report', async (t) => {
    const place = makePlace(t);
    const run = startSleeper(t, ['run', '--', nodeBinary('20'), '-e', waiting], place);
    await run.expect(/^ready$/);
    run.signal('SIGTERM');
    assert.equal((await run.exited).signal, 'SIGTERM');
    assert.deepEqual(reports(place), []);
  });

  test('the OOM killer, by the look of the counter', (t) => {
    assertSimulatedOom(t);
  });

  test('the next start finds what was left, reports once and clears up', async (t) => {
    const place = makePlace(t);
    const target = await startRecorded(t, place, talkative);
    await target.kill();
    assert.equal(recorders(place).length, 1);
    const next = await startRecorded(t, place, waiting);
    const report = await reportOn(place, target.pid);
    assert.equal(report.verdict.kind, 'killed-by-signal');
    assert.equal(report.verdict.confidence, 'guess');
    assert.ok(report.missing.some(({ what }) => what === 'exit status'));
    assert.equal(report.breadcrumbs?.[0]?.text, 'order taken');
    await waitFor('only the living have a recorder', () => recorders(place).length === 1);
    const third = await startRecorded(t, place, waiting);
    await waitFor('both have theirs', () => recorders(place).length === 2);
    for (const { pid } of [next, third]) process.kill(pid, 0);
    assert.equal(reports(place).length, 1);
  });

  test('a program that crashes again and again: what is only counted is not told as killed', async (t) => {
    const place = makePlace(t);
    const pids: number[] = [];
    for (let times = 0; times < 6; times++) {
      const target = spawnCommand(t, armedCommand('20', 'process.abort()'), { env: place.env });
      assert.equal((await target.exited).signal, 'SIGABRT');
      pids.push(target.pid);
    }
    // The next start looks at what the last of them has left.
    const next = await startRecorded(t, place, waiting);
    await waitFor('only the living have a recorder', () => recorders(place).length === 1);
    process.kill(next.pid, 0);
    assert.deepEqual(
      reports(place).map(({ trigger, process: { pid } }) => [trigger.kind, pid]),
      pids.slice(0, defaultRepeatPolicy.maxExamples).map((pid) => ['abort', pid]),
    );
    // Who sees it end asks the same question.
    const run = startSleeper(t, ['run', '--', nodeBinary('20'), '-e', 'process.abort()'], place);
    await run.exited;
    const kinds = reports(place).map(({ trigger }) => trigger.kind);
    assert.deepEqual(new Set(kinds), new Set(['abort']), run.lines.join('\n'));
  });

  test('the OOM killer, by a control group with a limit', async (t) => {
    const place = makePlace(t);
    const group = makeControlGroup(t, 'memory');
    group.set(160 << 20);
    const hungry = `console.log('ready'); const kept = []; const eat = () => { kept.push(Buffer.alloc(4e6, 1)); setTimeout(eat, 20); }; process.stdin.once('data', eat)`;
    const target = spawnCommand(t, [...group.within, ...armedCommand('20', hungry)], {
      env: place.env,
    });
    await target.expect(/^ready$/);
    const watch = startSleeper(t, ['watch', `${target.pid}`, '--interval', '50ms'], {
      archive: place.archive,
    });
    await watch.expect(/watching process/);
    target.say('');
    await waitFor(
      'the OOM killer has come',
      () => !fs.existsSync(`/proc/${String(target.pid)}/exe`),
    );
    const { verdict, end } = await reportOn(place, target.pid);
    assert.equal(verdict.kind, 'killed-by-oom-killer', JSON.stringify(end));
    assert.equal(end?.signal, 'SIGKILL');
    assert.deepEqual(
      [end.oomKills?.before, end.oomKills?.after, end.memoryLimitBytes],
      [0, 1, 160 << 20],
    );
  });
});

suite('ends by itself: no file, no report', () => {
  const programs: Record<string, string> = {
    'an empty loop': '0',
    'process.exit(3)': 'process.exit(3)',
    'an uncaught error': 'throw new Error("reported already")',
    'a handler of SIGTERM': `process.on('SIGTERM', () => process.exit(0)); process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1e6)`,
    'an end inside of a Worker': `new (require('node:worker_threads').Worker)('process.exit(1)', { eval: true })`,
    'a forked child': `require('node:child_process').spawnSync(process.execPath, ['-e', '0'])`,
    'disarm() before SIGKILL': `
      const { arm } = require(process.execArgv[process.execArgv.indexOf('--require') + 1].replace('register', 'arm'));
      arm().disarm(); process.kill(process.pid, 'SIGKILL')`,
  };
  for (const [name, program] of Object.entries(programs)) {
    test(name, (t) => {
      const place = makePlace(t);
      const [file, ...args] = armedCommand('20', program);
      spawnSync(file, args, { env: { ...process.env, ...place.env } });
      assert.ok(fs.existsSync(place.runtime), 'the directory was made');
      assert.deepEqual(recorders(place), []);
      const kinds = reports(place).map(({ trigger }) => trigger.kind);
      assert.ok(!kinds.includes('vanished'), kinds.join(' '));
    });
  }
});

suite('the directory', () => {
  test('is the owner’s alone, and so is the file; others are refused', async (t) => {
    const place = makePlace(t);
    fs.mkdirSync(place.runtime);
    fs.chmodSync(place.runtime, 0o755);
    const target = await startRecorded(t, place, waiting);
    assert.deepEqual(recorders(place), [], 'a directory that others can read is not used');
    assert.match(
      fs.readFileSync(path.join(place.archive, 'agent-errors.log'), 'utf8'),
      /errno 1\b/,
    );
    await target.kill();
    fs.chmodSync(place.runtime, 0o700);
    await startRecorded(t, place, waiting);
    const [name = ''] = recorders(place);
    assert.equal(fs.statSync(path.join(place.runtime, name)).mode & 0o777, 0o600);
  });

  test('what is no recorder of a vanished process goes or stays without a report', async (t) => {
    const place = makePlace(t);
    fs.mkdirSync(place.runtime, { mode: 0o700 });
    const bystander = path.join(place.archive, '..', 'bystander');
    fs.writeFileSync(bystander, 'x'.repeat(200_000));
    fs.writeFileSync(path.join(place.runtime, '1-1.flight'), 'torn');
    fs.writeFileSync(path.join(place.runtime, '2-2.flight'), Buffer.alloc(117_008, 0xff));
    fs.symlinkSync(bystander, path.join(place.runtime, '3-3.flight'));
    fs.writeFileSync(path.join(place.runtime, 'notes.txt'), 'not ours');
    await startRecorded(t, place, waiting);
    await waitFor('the torn ones are gone', () => !recorders(place).includes('2-2.flight'));
    assert.ok(recorders(place).includes('notes.txt'));
    assert.equal(fs.statSync(bystander).size, 200_000);
    assert.deepEqual(reports(place), []);
  });
});

test('asleep: the sleeping thread gives up the processor once and never wakes', async (t) => {
  const target = await startRecorded(t, makePlace(t), waiting, '26');
  await waitForSyscall(target.pid, 'epoll_wait');
  const sleeper = await waitFor('the sleeping thread sleeps', () =>
    readThreads(target.pid).find(
      ({ name, syscall }) => name === 'sleeper' && syscall === 'epoll_wait',
    ),
  );
  const switches = () =>
    /^voluntary_ctxt_switches:\s+(\d+)/m.exec(
      fs.readFileSync(`/proc/${String(target.pid)}/task/${String(sleeper.tid)}/status`, 'utf8'),
    )?.[1];
  const before = switches();
  // Not a wait for a state: that nothing happens in this time is what is claimed.
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.equal(switches(), before);
});

test('a living process: its recorder can be read at any moment', async (t) => {
  const target = await startRecorded(
    t,
    makePlace(t),
    `${talkative.replace('setInterval(() => {}, 1e6);', '')}
     let n = 0; (function storm() { for (let i = 0; i < 50; i += 1) agent.breadcrumb('step', { n: n++, pad: 'x'.repeat(600) }); setImmediate(storm); })();`,
  );
  const file = openFlight(target.pid);
  assert.ok(file !== null);
  try {
    let whole = 0;
    for (let look = 0; look < 2_000; look++) {
      const record = file.read();
      assert.ok(record !== null);
      for (const { data } of record.breadcrumbs) {
        const { n, pad } = data as { n?: number; pad?: string; id?: number };
        if (n === undefined) continue;
        assert.equal(pad?.length, 600);
        whole += 1;
      }
    }
    assert.ok(whole > 10_000, `${String(whole)} whole breadcrumbs`);
  } finally {
    file.close();
  }
});
