import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { namePartsOf, openArchive } from '#dist/archive/store.js';
import { encodeReport } from '#dist/encode/encode.js';
import type { Report } from '#dist/report/schema.js';
import { runSleeper } from '../harness/cli.ts';
import type { CliResult } from '../harness/cli.ts';
import { sleeperBin } from '../harness/paths.ts';
import { makeDirectory } from '../harness/spawn-target.ts';
import type { Owner } from '../harness/spawn-target.ts';
import { assertStrictReport } from '../harness/schema-strict.ts';
import { hostileReport } from '../view/hostile.ts';
import { hangReport, idleReport } from '../view/reports.ts';

async function makeArchive(t: Owner, reports: readonly Report[]): Promise<string> {
  const archive = makeDirectory(t, 'view');
  for (const report of reports) {
    await openArchive(archive).seal(encodeReport(report), namePartsOf(report));
  }
  return archive;
}

function assertFails({ status, stderr, stdout }: CliResult, expected: number, first: RegExp): void {
  const [message = '', next = '', ...rest] = stderr.trimEnd().split('\n');
  assert.match(message, /^sleeper: /);
  assert.match(message, first);
  assert.match(next, /^ {2}next: \S/);
  assert.deepEqual(rest, []);
  assert.equal(stdout, '');
  assert.equal(status, expected);
}

suite('sleeper view', () => {
  test('shows a report by its id', async (t) => {
    const archive = await makeArchive(t, [hangReport(), idleReport()]);
    const { stdout, stderr, status } = await runSleeper(['view', '1f3a'], { archive });
    assert.match(stdout, /^\[js-busy\] {2}certain\n/);
    assert.match(stdout, /#0 {2}applyDiscounts\(/);
    assert.equal(stderr, '');
    assert.equal(status, 0);
  });

  test('--json prints exactly the report, on one line', async (t) => {
    const archive = await makeArchive(t, [hangReport()]);
    const { stdout } = await runSleeper(['view', 'last', '--json'], { archive });
    assert.equal(stdout.trimEnd().split('\n').length, 1);
    assert.deepEqual(assertStrictReport(JSON.parse(stdout)), hangReport());
    const pretty = await runSleeper(['view', 'last', '--json', '--pretty'], { archive });
    assert.ok(pretty.stdout.split('\n').length > 100);
    assert.deepEqual(JSON.parse(pretty.stdout), hangReport());
  });

  test('a file anywhere can be opened, in colour when that is forced', async (t) => {
    const archive = await makeArchive(t, [hangReport()]);
    const name = fs.readdirSync(archive).find((one) => one.endsWith('.msgpack')) ?? '';
    const elsewhere = path.join(makeDirectory(t, 'elsewhere'), 'a-report');
    fs.copyFileSync(path.join(archive, name), elsewhere);
    const env = { FORCE_COLOR: '1', COLUMNS: '120' };
    const { stdout } = await runSleeper(['view', elsewhere], { archive: '/var/nowhere', env });
    assert.ok(stdout.startsWith('\x1b[1;7m js-busy \x1b[0m'));
  });
});

/** Runs `sleeper view` on a terminal of its own (util-linux script(1)), with so many rows. @returns what the terminal got */
function viewOnTerminal(
  args: readonly string[],
  rows: number,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const words = [process.execPath, sleeperBin, 'view', ...args];
  const command = words.map((word) => `'${word}'`).join(' ');
  const inside = `stty rows ${rows} cols 80; ${command}; echo "status $?"`;
  const child = spawn('script', ['-qec', inside, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '1', ...env },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      resolve(output.replaceAll('\r', ''));
    });
  });
}

suite('sleeper view on a terminal', () => {
  test('goes through the pager when it is longer than the screen, and only then', async (t) => {
    const archive = await makeArchive(t, [hangReport()]);
    const args = ['last', '--archive', archive];
    const env = { PAGER: 'sed s/^/paged:/' };
    assert.match(await viewOnTerminal(args, 10, env), /^paged:\[js-busy\]/);
    assert.match(await viewOnTerminal(args, 500, env), /^\[js-busy\]/);
    assert.match(await viewOnTerminal([...args, '--no-pager'], 10, env), /^\[js-busy\]/);
    assert.match(await viewOnTerminal(args, 10, { PAGER: 'no-such-pager' }), /\n\[js-busy\]/);
    assert.match(await viewOnTerminal(args, 10, { PAGER: '' }), /^\[js-busy\]/);
  });

  test('a pager that is left early ends the command quietly', async (t) => {
    const big = hangReport();
    big.missing = Array.from({ length: 900 }, (_, n) => ({
      what: `w${n}`,
      reason: 'r'.repeat(400),
    }));
    const archive = await makeArchive(t, [big]);
    const args = ['last', '--full', '--archive', archive];
    assert.equal(await viewOnTerminal(args, 10, { PAGER: 'true' }), 'status 0\n');
  });
});

suite('sleeper view, parts of it', () => {
  test('sections, threads, matches; wrong names are said', async (t) => {
    const archive = await makeArchive(t, [hangReport()]);
    const view = (...args: string[]): Promise<CliResult> =>
      runSleeper(['view', 'last', ...args], { archive });
    assert.match((await view('--section', 'evidence,threads')).stdout, /^EVIDENCE\n[^]*WORKER 1/);
    assert.match((await view('--thread', 'worker 1')).stdout, /^WORKER 1/);
    assert.match((await view('--grep', 'MAXATTEMPTS')).stdout, /^Nothing in it matches/);
    assert.match((await view('--grep', 'maxattempts')).stdout, /maxAttempts = 9007199254740991/);
    assert.match((await view('--section', 'timeline')).stdout, /^The report has nothing there/);
    assertFails(await view('--section', 'stak'), 2, /There is no section "stak": verdict, error/);
    assertFails(await view('--thread', 'wrker'), 2, /no thread "wrker".*main thread \(4242\)/);
    assertFails(await view('--grep', '('), 2, /Invalid regular expression/);
  });
});

suite('sleeper view, against odds', () => {
  test('a hostile report sends nothing to the terminal', async (t) => {
    const hostile = { ...hostileReport(), id: '6666', capturedAt: '2026-11-23T00:48:31Z' };
    const archive = await makeArchive(t, [hostile]);
    for (const args of [
      ['view', 'last'],
      ['view', 'last', '--full'],
      ['view', 'last', '--json'],
      ['list'],
      ['list', '--json'],
    ]) {
      const { stdout, status } = await runSleeper(args, { archive });
      assert.equal(status, 0);
      assert.doesNotMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}]/u, args.join(' '));
    }
  });

  test('what cannot be shown is said in two lines', async (t) => {
    const archive = await makeArchive(t, [hangReport()]);
    const notReport = path.join(archive, 'notes');
    fs.writeFileSync(notReport, 'hello');
    const view = (...args: string[]): Promise<CliResult> =>
      runSleeper(['view', ...args], { archive });
    assertFails(await view('ffff'), 1, /No report has an id that begins with "ffff"/);
    assertFails(await view('./nowhere'), 1, /there is no such file/);
    assertFails(await view(notReport), 1, /notes as a report: it does not begin with/);
    assertFails(await view('/dev/zero'), 1, /not a regular file/);
    assertFails(await view('/proc/self/mem'), 1, /Cannot (read|open)/);
    assertFails(await view(archive), 1, /not a regular file/);
    assertFails(await view('evil\x1b[2J'), 1, /evil\\u001b/);
    assertFails(await view(), 2, /missing required argument/);
    assertFails(await view('last', '--jsn'), 2, /unknown option '--jsn'.*--json/);
    assertFails(await runSleeper(['vew'], { archive }), 2, /unknown command 'vew'/);
  });

  test('--help and --version are answered on standard output', async () => {
    for (const args of [['--help'], ['view', '--help'], ['--version']]) {
      const { stdout, stderr, status } = await runSleeper(args, { archive: '/var/nowhere' });
      assert.match(stdout, /Usage: sleeper|^\d+\.\d+\.\d+$/m);
      assert.equal(stderr, '');
      assert.equal(status, 0);
    }
  });

  test('a reader that has seen enough ends the command quietly', async (t) => {
    const big = hangReport();
    const [main] = big.threads;
    assert.ok(main);
    main.frames = Array.from({ length: 1_000 }, () => main.frames)
      .flat()
      .slice(0, 5_000);
    const archive = await makeArchive(t, [big]);
    const script = 'exec 3>&1; { "$0" "$@" 2>&3; echo "status $?" >&3; } | head -c 10 >/dev/null';
    const args = [process.execPath, sleeperBin, 'view', 'last', '--full', '--archive', archive];
    const child = spawn('sh', ['-c', script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    await new Promise((resolve) => child.on('close', resolve));
    assert.equal(output, 'status 0\n');
  });
});
