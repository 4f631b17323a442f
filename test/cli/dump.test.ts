/** `sleeper dump` as a user meets it: what it prints, where it keeps, how it ends, whatever it is pointed at. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import type { Report } from '#dist/report/schema.js';
import { type CliResult, runSleeper } from '../harness/cli.ts';
import { nodeBinary } from '../harness/node-versions.ts';
import { root, sleeperBin } from '../harness/paths.ts';
import { assertStrictReport } from '../harness/schema-strict.ts';
import { makeDirectory, spawnCommand } from '../harness/spawn-target.ts';
import { spawnZoo } from '../harness/spawn-zoo.ts';
import { waitFor, waitForState, waitForSyscall } from '../harness/wait.ts';

async function dump(
  t: TestContext,
  args: readonly string[],
  more: { uid?: number } = {},
): Promise<CliResult & { archive: string }> {
  const archive = path.join(makeDirectory(t, 'archive'), 'reports');
  return { ...(await runSleeper(['dump', ...args], { archive, ...more })), archive };
}

function reportOf(result: CliResult): Report {
  return assertStrictReport(JSON.parse(result.stdout));
}

test('dump: text, and a report in the archive that says the same', async (t) => {
  const target = await spawnZoo(t, 'hang/sync-fifo-read');
  const result = await dump(t, [String(target.pid)]);
  assert.equal(result.status, 10, result.stderr);
  assert.match(result.stdout, /sync-io/);
  assert.match(result.stdout, /importOrders/);
  const file = /^report: (.*\.msgpack)$/m.exec(result.stderr)?.[1] ?? '';
  assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  assert.equal(path.dirname(file), result.archive);
  const view = await runSleeper(['view', 'last', '--json'], { archive: result.archive });
  const report = reportOf(view);
  assert.equal(report.trigger.kind, 'request');
  assert.match(report.signature, /^sync-io readLine@program\.mjs #/);
});

test('dump: --no-values names the same frames, opens no value, and judges the same', async (t) => {
  const target = await spawnZoo(t, 'hang/sync-fifo-read');
  const reports = [];
  for (const args of [[], ['--no-values']]) {
    const result = await dump(t, ['--json', '--no-archive', ...args, String(target.pid)]);
    assert.equal(result.status, 10, result.stderr);
    reports.push(reportOf(result));
  }
  const [full, bare] = reports;
  assert.ok(full !== undefined && bare !== undefined);
  const places = ({ threads }: Report): string[] =>
    threads.flatMap(({ tid, frames }) =>
      frames.map((one) => `${String(tid)} ${one.function} ${one.file ?? ''}:${String(one.line)}`),
    );
  const values = ({ threads }: Report): number =>
    threads
      .flatMap(({ frames }) => frames)
      .reduce((sum, one) => sum + one.arguments.length + one.locals.length, 0);
  assert.deepEqual(places(bare), places(full));
  assert.ok(values(full) > 0);
  assert.equal(values(bare), 0);
  assert.equal(bare.verdict.kind, 'sync-io');
  assert.ok(bare.pausedMs > 0);
  assert.ok(bare.missing.some(({ what }) => what === 'values'));
});

test('dump: several, one of them wrong: the others are shown, the status tells', async (t) => {
  const idle = await spawnZoo(t, 'quiet/idle-server');
  const busy = await spawnZoo(t, 'hang/sync-loop');
  const result = await dump(t, ['--json', String(idle.pid), '4194303', String(busy.pid)]);
  assert.equal(result.status, 4);
  const kinds = result.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as Report).verdict.kind);
  assert.deepEqual(kinds, ['idle', 'js-busy']);
  assert.match(result.stderr, /no process 4194303/);
});

test('dump: -o writes a report that view opens; --no-archive keeps none', async (t) => {
  const target = await spawnZoo(t, 'quiet/idle-server');
  const file = path.join(makeDirectory(t, 'out'), 'mine.msgpack');
  const result = await dump(t, [String(target.pid), '-o', file, '--no-archive']);
  assert.equal(result.status, 0, result.stderr);
  assert.equal(fs.existsSync(result.archive), false);
  const view = await runSleeper(['view', file], { archive: result.archive });
  assert.equal(view.status, 0, view.stderr);
  assert.match(view.stdout, /idle/);
});

test('dump: an archive that cannot be written: shown all the same, kept in the fallback, said so', async (t) => {
  const target = await spawnZoo(t, 'quiet/idle-server');
  const notDirectory = path.join(makeDirectory(t, 'file'), 'file');
  const fallback = path.join(makeDirectory(t, 'fallback'), 'reports');
  fs.writeFileSync(notDirectory, '');
  const result = await runSleeper(['dump', String(target.pid)], {
    archive: notDirectory,
    env: { SLEEPER_FALLBACK: fallback },
  });
  assert.match(result.stdout, /idle/);
  assert.ok(result.stderr.includes(notDirectory), result.stderr);
  const [kept = ''] = fs.readdirSync(fallback).filter((name) => name.endsWith('.msgpack'));
  assert.ok(result.stderr.includes(path.join(fallback, kept)), result.stderr);
  const view = await runSleeper(['view', path.join(fallback, kept)], { archive: fallback });
  assert.match(view.stdout, /idle/);
});

test('dump: not node, no such process, nonsense', async (t) => {
  const sleep = spawnCommand(t, ['sleep', '60']);
  await waitFor('sleep runs', () => fs.readlinkSync(`/proc/${sleep.pid}/exe`).endsWith('/sleep'));
  const rows: [string[], number, RegExp][] = [
    [[String(sleep.pid)], 4, /is not Node\.js: it runs .*sleep/],
    [['4194303'], 4, /no process 4194303/],
    [['0'], 2, /process id/],
    [['12x'], 2, /process id/],
    [[], 2, /missing required argument/],
    [['1', '--via', 'magic'], 2, /magic/],
    [['1', '--deadline', '5'], 2, /5s/],
    [['1', '2', '-o', 'x'], 2, /several processes/],
  ];
  for (const [args, status, words] of rows) {
    const result = await dump(t, args);
    assert.equal(result.status, status, `${args.join(' ')}: ${result.stderr}`);
    assert.match(result.stderr, words);
    assert.match(result.stderr, /next: /);
    assert.equal(result.stdout, '');
  }
});

test('dump: as nobody, of a process of another user', async (t) => {
  assert.equal(process.geteuid?.(), 0, 'this test needs root');
  // The checkout may lie where nobody cannot go: a copy that everybody can read.
  const copy = makeDirectory(t, 'copy');
  fs.chmodSync(copy, 0o755);
  for (const part of [
    'bin',
    'dist',
    'build/Release/sleeper.node',
    'package.json',
    'node_modules',
  ]) {
    fs.cpSync(path.join(root, part), path.join(copy, part), { recursive: true, dereference: true });
  }
  const target = await spawnZoo(t, 'quiet/idle-server');
  const node = fs.realpathSync(process.execPath);
  const child = spawnCommand(
    t,
    [
      'setpriv',
      '--reuid',
      '65534',
      '--regid',
      '65534',
      '--clear-groups',
      node,
      path.join(copy, 'bin/sleeper.js'),
      'dump',
      String(target.pid),
    ],
    { directory: '/', env: { HOME: '/nonexistent' } },
  );
  const exit = await child.exited;
  assert.equal(exit.status, 5, child.lines.join('\n'));
  assert.match(child.lines.join('\n'), /refused: not permitted[\s\S]*next: Run as the same user/);
});

test('dump: a node that the reader cannot make sense of is told by /proc, with the reason', async (t) => {
  const file = path.join(makeDirectory(t, 'nameless'), 'node');
  // Of the same length, and nothing needs them to run: the version of V8 under a name that nobody knows.
  const bytes = fs.readFileSync(nodeBinary('20'));
  for (
    let at = bytes.indexOf('Version6major_E');
    at >= 0;
    at = bytes.indexOf('Version6major_E', at)
  )
    bytes.write('Version6m4jor_E', at);
  fs.writeFileSync(file, bytes, { mode: 0o755 });
  // What starting up leaves to do is done by then.
  const source = 'setInterval(() => {}, 1000); setTimeout(() => console.log("up"), 1)';
  const target = spawnCommand(t, [file, '-e', source]);
  await target.expect(/up/);
  await waitForSyscall(target.pid, 'epoll_wait');
  const result = await dump(t, ['--json', String(target.pid)]);
  const report = reportOf(result);
  const why = report.missing.map(({ what, reason }) => `${what}: ${reason}`).join('\n');
  assert.equal(result.status, 3, why);
  assert.equal(report.threads[0]?.via, 'proc');
  assert.equal(report.verdict.kind, 'idle');
  assert.match(why, /^reader: /m);
});

test('dump: a process that gdb holds', async (t) => {
  const target = await spawnZoo(t, 'quiet/idle-server');
  const gdb = spawnCommand(t, ['gdb', '-nx', '-q', '-p', String(target.pid)]);
  try {
    await waitForState(target.pid, 't');
    const result = await dump(t, ['--json', String(target.pid)]);
    const report = reportOf(result);
    assert.equal(report.verdict.kind, 'traced');
    assert.ok(report.missing.some(({ reason }) => /gdb \(process \d+\) traces/.test(reason)));
  } finally {
    // Before the target: a traced process is not buried while its tracer holds it.
    await gdb.kill();
  }
});

for (const via of ['agent', 'gdb'] as const) {
  test(`dump: --via ${via}`, async (t) => {
    const archive = makeDirectory(t, 'archive');
    const target = await spawnZoo(t, 'hang/sync-loop', {
      agent: true,
      env: { SLEEPER_ARCHIVE: archive },
    });
    const result = await runSleeper(['dump', '--json', '--via', via, String(target.pid)], {
      archive,
    });
    assert.equal(result.status, 10, result.stderr);
    const report = reportOf(result);
    assert.equal(report.verdict.kind, 'js-busy');
    assert.ok(result.stderr.includes(`report: ${archive}/`), result.stderr);
    const log = path.join(archive, 'sleeper.log');
    await waitFor(
      'the log names the report',
      () => fs.existsSync(log) && /"report":/.test(fs.readFileSync(log, 'utf8')),
    );
  });

  test(`dump: --via ${via} without an agent`, async (t) => {
    const target = await spawnZoo(t, 'quiet/idle-server');
    const result = await dump(t, ['--via', via, String(target.pid)]);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /No agent/);
    assert.match(result.stderr, /next: Start the program with/);
  });
}

test('dump: secrets stay in the process', async (t) => {
  const target = await spawnZoo(t, 'quiet/idle-server', {
    env: { SHOP_PASSWORD: 'hunter2-in-env', DB_URL: 'postgres://shop:hunter2-in-url@db/x' },
  });
  const result = await dump(t, ['--json', String(target.pid)]);
  assert.ok(!result.stdout.includes('hunter2'));
  const report = reportOf(result);
  assert.equal(report.process.env?.['SHOP_PASSWORD'], '[redacted]');
  assert.ok(report.redactions.keys.includes('SHOP_PASSWORD'));
});

/** What a pipe takes before anybody reads. */
const pipeBytes = 65_536;
/** Three reports take long where the machine has much else to do. */
const slowMs = 120_000;

test('dump: a reader that takes its time gets all of it', async (t) => {
  const targets = await Promise.all([1, 2, 3].map(() => spawnZoo(t, 'hang/sync-fifo-read')));
  const pids = targets.map(({ pid }) => pid);
  const directory = makeDirectory(t, 'slow');
  const fifo = path.join(directory, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const readEnd = fs.openSync(fifo, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  const writeEnd = fs.openSync(fifo, 'w');
  const args = [sleeperBin, 'dump', '--json', '--no-archive', ...pids.map(String)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', writeEnd, 'inherit'] });
  fs.closeSync(writeEnd);
  t.after(() => child.kill('SIGKILL'));
  const { pid } = child;
  assert.ok(pid !== undefined);
  const isFull = (): boolean => {
    const written = /^wchar: (\d+)$/m.exec(readProc(pid, 'io'))?.[1] ?? Infinity;
    // The last page of a write may stay partly empty.
    return Number(written) > pipeBytes - 4_096 && !readProc(pid, 'stat').includes(') R ');
  };
  await waitFor('the pipe is full and the command waits, or has ended', isFull, slowMs);
  const reader = spawn('cat', [fifo], { stdio: ['ignore', 'pipe', 'inherit'] });
  // Not sooner: while nobody has it open for reading, the command's next write would end it.
  await once(reader.stdout, 'readable');
  fs.closeSync(readEnd);
  const lines = (await readText(reader.stdout)).trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => assertStrictReport(JSON.parse(line)).process.pid),
    pids,
  );
  assert.ok(lines.join().length > pipeBytes);
});

/** Empty when the process has gone. */
function readProc(pid: number, file: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
