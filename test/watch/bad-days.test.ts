/** Days on which something of the watcher's own, or of its surroundings, goes wrong. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root } from '../harness/paths.ts';
import { reportsIn } from '../harness/reports-in.ts';
import { makeDirectory, spawnCommand, spawnProgram } from '../harness/spawn-target.ts';
import { hold } from '../harness/held.ts';
import { spawnZoo } from '../harness/spawn-zoo.ts';
import { readThread, waitFor, waitForSyscall } from '../harness/wait.ts';
import { loadZooKind } from '../harness/zoo.ts';
import { type Told, startWatch, uniqueToken } from './watching.ts';

const { program: spinning } = loadZooKind('hang/sync-loop');
/** Many of them at once: 12 here, or as many as the variable says. */
const crowd = Number(process.env['SLEEPER_TEST_CROWD'] ?? 12);
/** So many are captured at a time, by default. */
const captureProcesses = 2;
const crowdDeadlineMs = 60_000 + crowd * 3_000;

const is =
  (event: string) =>
  (told: Told): boolean =>
    told.event === event;

/** Its capture process, when that has read its first binary: the addon is loaded then. */
function readyChild(pid: number): number | undefined {
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return children
    .filter((child) => child !== '')
    .map(Number)
    .find((child) => fs.readFileSync(`/proc/${child}/maps`, 'utf8').includes('/sleeper.node'));
}

test('bad day: the watcher is killed in the middle of a capture: the target runs on, the report is sealed, the next one takes over', async (t) => {
  const target = await spawnProgram(t, path.join(root, 'test/watch/programs/gauged.mjs'));
  const archive = makeDirectory(t, 'archive');
  const first = startWatch(t, [String(target.pid), '--timeout', '1s'], { archive });
  const capturer = await waitFor('its capture process is ready', () => readyChild(first.pid));
  await waitForSyscall(capturer, 'epoll_wait');
  target.say('deaf');
  await first.tells('the hang', is('hang-began'));
  const workMs = (): number => readThread(capturer, capturer)?.cpuMs ?? 0;
  const isSealed = (): boolean => reportsIn(archive).length > 0;
  // Counted from here: it has warmed up when the loop first looked suspect, and its order comes only now.
  const beforeMs = workMs();
  await waitFor('it captures', () => workMs() > beforeMs + 20 || isSealed());
  await first.kill();
  const cpuMs = (): number => readThread(target.pid, target.pid)?.cpuMs ?? 0;
  const before = cpuMs();
  await waitFor('the target runs on', () => cpuMs() > before + 50);
  assert.notEqual(readThread(target.pid, target.pid)?.state, 't');
  await waitFor('its report is sealed', isSealed);
  const second = startWatch(t, [String(target.pid), '--timeout', '1s'], { archive });
  await second.tells('the hang again', is('captured'));
});

test('bad day: the archive cannot be written: the report goes to the fallback, signals are sent, the watch goes on', async (t) => {
  const token = uniqueToken();
  const fallback = path.join(makeDirectory(t, 'fallback'), 'reports');
  // A directory in /proc can be made by nobody, root included.
  const watch = startWatch(t, ['--name', token, '--timeout', '1s', '--kill', '5s'], {
    archive: '/proc/sleeper-archive',
    env: { SLEEPER_FALLBACK: fallback },
  });
  const target = await spawnProgram(t, spinning, { args: [token] });
  const captured = await watch.tells('the capture', is('captured'));
  assert.equal(path.dirname(String(captured['report'])), fallback);
  assert.ok(fs.existsSync(String(captured['report'])));
  await watch.tells('the signal', is('action-done'));
  assert.equal((await target.exited).signal, 'SIGTERM');
  await spawnProgram(t, spinning, { args: [token] });
  await waitFor(
    'the next one is told, too',
    () => watch.told().filter(is('captured')).length === 2,
  );
});

test('bad day: the target dies in the middle of its capture', async (t) => {
  const target = await spawnZoo(t, 'hang/sync-loop');
  const watch = startWatch(t, [String(target.pid), '--timeout', '1s']);
  await watch.tells('the hang', is('hang-began'));
  await target.kill();
  const ended = await watch.tells('its end', is('ended'));
  assert.equal(ended['whileHanging'], true);
  assert.deepEqual(await watch.exited, { status: 0, signal: null });
  const outcomes = watch.told().filter(({ event }) => event.startsWith('capture'));
  assert.equal(outcomes.length, 1, 'what came of the capture is told once');
});

test('bad day: a debugger is attached: no hang; it goes, and the hang is told', async (t) => {
  const target = await spawnZoo(t, 'hang/sync-loop');
  const release = await hold(t, target.pid, 'gdb', null);
  const watch = startWatch(t, [String(target.pid), '--timeout', '1s', '--interval', '100ms']);
  await watch.tells('that it watches', is('watching'));
  const other = await spawnZoo(t, 'hang/sync-loop');
  const second = startWatch(t, [String(other.pid), '--timeout', '2s']);
  await second.tells('a hang of the same length', is('hang-began'));
  assert.ok(!watch.told().some(is('hang-began')), 'a process in a debugger does not hang');
  await release();
  await watch.tells('the hang', is('captured'));
});

test('bad day: another tracer stays attached to a process that hangs: said who, and what works is told', async (t) => {
  const target = await spawnZoo(t, 'hang/sync-fifo-read');
  const script = path.join(makeDirectory(t, 'tracer'), 'trace.py');
  // PTRACE_SEIZE without a stop: as strace does, the process runs on.
  fs.writeFileSync(
    script,
    'import ctypes,sys\nc=ctypes.CDLL(None,use_errno=True)\nassert c.ptrace(0x4206,int(sys.argv[1]),None,None)==0\nprint("seized",flush=True)\nsys.stdin.readline()\n',
  );
  const tracer = spawnCommand(t, ['python3', script, String(target.pid)]);
  await tracer.expect(/seized/);
  try {
    const watch = startWatch(t, [String(target.pid), '--timeout', '1s']);
    const captured = await watch.tells('the report', is('captured'));
    const view = execFileSync(
      process.execPath,
      ['bin/sleeper.js', 'view', '--json', captured.report ?? ''],
      { encoding: 'utf8' },
    );
    const report = JSON.parse(view) as {
      missing: { what: string; reason: string }[];
      threads: unknown[];
    };
    assert.ok(report.threads.length > 0);
    assert.ok(
      report.missing.some(({ reason }) =>
        new RegExp(`python3? \\(process ${tracer.pid}\\)|process ${tracer.pid} `).test(reason),
      ),
      JSON.stringify(report.missing),
    );
  } finally {
    // Its parent hears of the target's end only when the tracer has.
    await tracer.kill();
  }
});

test(`bad day: ${crowd} hang at once: each is captured or told as postponed, none is forgotten`, async (t) => {
  const token = uniqueToken();
  const watch = startWatch(t, ['--name', token, '--timeout', '1s']);
  const hang = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)';
  const program = `process.stdin.once('data', () => { ${hang}; }); console.log('up');`;
  const targets = Array.from({ length: crowd }, () =>
    spawnCommand(t, [process.execPath, '-e', program, token]),
  );
  for (const target of targets) {
    await target.expect(/up/);
    await watch.tells('that it watches', (one) => is('watching')(one) && one.pid === target.pid);
  }
  // Slower captures than these would be no crowd if the processes came one after the other.
  for (const target of targets) target.say('now');
  const settled = (): Set<number> =>
    new Set(watch.told().flatMap(({ event, pid }) => (event === 'captured' ? (pid ?? 0) : [])));
  await waitFor('all are captured', () => settled().size === targets.length, crowdDeadlineMs);
  const told = watch.told();
  assert.deepEqual([...settled()].sort(), targets.map(({ pid }) => pid).sort());
  assert.ok(!told.some(is('capture-failed')));
  // In the order in which they began to hang: nobody overtakes. The first of each capture process waits until that has started.
  const begun = told.filter(is('hang-began')).map(({ pid }) => pid);
  const done = told.filter(is('captured')).map(({ pid }) => pid);
  const passed = begun.filter((pid, turn) => done.indexOf(pid) - turn > captureProcesses);
  assert.ok(
    passed.length <= captureProcesses,
    `in the order ${done.map((pid) => begun.indexOf(pid)).join(' ')}`,
  );
  assert.ok(told.some(is('capture-postponed')));
  t.diagnostic(
    `${crowd} captured; tookMs of the last ${String(told.filter(is('captured')).at(-1)?.['tookMs'])}`,
  );
});

test('bad day: a target that multiplies does not take the watcher along', async (t) => {
  const token = uniqueToken();
  const idle = loadZooKind('quiet/idle-server').program;
  const target = await spawnProgram(t, idle, { args: [token] });
  const watch = startWatch(t, ['--name', token, '--interval', '100ms']);
  await watch.tells('that it watches', is('watching'));
  // Short-lived processes, as fast as a shell can.
  const fork = 'i=0; while [ $i -lt 800 ]; do (:) & i=$((i+1)); done; wait; echo spent';
  const bomb = spawnCommand(t, ['sh', '-c', fork]);
  await waitFor('it is spent', () => bomb.lines.includes('spent'), 120_000);
  await target.kill();
  await watch.tells('the end', is('ended'));
  assert.equal(watch.told().filter(is('watching')).length, 1);
});
