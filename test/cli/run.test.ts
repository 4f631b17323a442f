/** `sleeper run`: as if nobody stood between, but for the report. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentFor, quoteNodeOption } from '#dist/cli/run-program.js';
import { runSleeper, startSleeper } from '../harness/cli.ts';
import { sleeperBin } from '../harness/paths.ts';
import { reportsIn } from '../harness/reports-in.ts';
import { makeDirectory } from '../harness/spawn-target.ts';

const node = process.execPath;

test('run: exit status, output, no report, nothing said', async (t) => {
  const archive = makeDirectory(t, 'archive');
  const program = 'console.log("out"); console.error("err"); process.exitCode = 7';
  const result = await runSleeper(['run', '--', node, '-e', program], { archive });
  assert.deepEqual(result, { stdout: 'out\n', stderr: 'err\n', status: 7, signal: null });
  assert.deepEqual(fs.readdirSync(archive), []);
});

test('run: standard input', async (t) => {
  const child = spawn(
    node,
    [sleeperBin, 'run', '--', node, '-e', 'process.stdin.pipe(process.stdout)'],
    {
      env: { ...process.env, SLEEPER_ARCHIVE: makeDirectory(t, 'archive') },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  child.stdin.end('through and back\n');
  assert.deepEqual(await once(child, 'close'), [0, null]);
  assert.equal(text, 'through and back\n');
});

for (const signal of ['SIGTERM', 'SIGKILL', 'SIGHUP', 'SIGSEGV'] as const) {
  test(`run: a program that dies by ${signal}`, async (t) => {
    const program = `process.kill(process.pid, '${signal}'); setInterval(() => {}, 1000)`;
    const result = await runSleeper(['run', '--', node, '-e', program], {
      archive: makeDirectory(t, 'archive'),
    });
    assert.equal(result.signal, signal, result.stderr);
  });
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) {
  test(`run: ${signal} is passed on once`, async (t) => {
    const program = `
      let count = 0;
      process.on('${signal}', () => { count += 1; console.log('got', count); setTimeout(() => process.exit(40 + count), 50); });
      setInterval(() => {}, 1000); console.log('up');`;
    const run = startSleeper(t, ['run', '--', node, '-e', program], {
      archive: makeDirectory(t, 'archive'),
    });
    await run.expect(/^up$/);
    run.signal(signal);
    await run.expect(/^got 1$/);
    assert.deepEqual(await run.exited, { status: 41, signal: null });
  });
}

test('run: the agent is loaded, and the options of the user are kept', async (t) => {
  const program = 'console.log(process.env.NODE_OPTIONS, process.noDeprecation)';
  const result = await runSleeper(['run', '--', node, '-e', program], {
    archive: makeDirectory(t, 'archive'),
    env: { NODE_OPTIONS: '--no-deprecation' },
  });
  assert.match(result.stdout, /^--require \S+register\.cjs --no-deprecation true$/m);
});

test('run: a path with spaces, quotes and backslashes survives NODE_OPTIONS', async (t) => {
  const directory = makeDirectory(t, 'odd');
  const file = `${directory}/a "b" \\c.cjs`;
  fs.writeFileSync(file, 'console.log("loaded")');
  const child = spawn(node, ['-e', '0'], {
    env: { NODE_OPTIONS: `--require ${quoteNodeOption(file)}` },
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  await once(child, 'close');
  assert.equal(text, 'loaded\n');
});

test('run: empty options of the user are no options', () => {
  const env = environmentFor('/archive', { NODE_OPTIONS: ' ', A: 'b' });
  assert.match(env['NODE_OPTIONS'] ?? '', /^--require \S+$/);
  assert.equal(env['SLEEPER_ARCHIVE'], '/archive');
  assert.equal(env['A'], 'b');
});

test('run: a crash is reported, in one line at the end', async (t) => {
  const archive = makeDirectory(t, 'archive');
  const program = 'setTimeout(function ship() { throw new TypeError("no crate left") }, 10)';
  const result = await runSleeper(['run', '--', node, '-e', program], { archive });
  assert.equal(result.status, 1);
  const last = result.stderr.trim().split('\n').at(-1) ?? '';
  assert.match(last, /^sleeper: report \S+-uncaught-exception-\S+\.msgpack$/);
});

test('run: a program that is killed is reported, whoever notices its end first', async (t) => {
  const archive = makeDirectory(t, 'archive');
  const program = 'console.log("up", process.pid); setInterval(() => {}, 1000)';
  const run = startSleeper(t, ['run', '--', node, '-e', program], { archive });
  const pid = Number((await run.expect(/^up (\d+)$/))[1]);
  // While it stands, its next look through all processes comes due: that goes before the news of its child's end.
  run.signal('SIGSTOP');
  process.kill(pid, 'SIGKILL');
  await sleep(1_500);
  run.signal('SIGCONT');
  assert.deepEqual(await run.exited, { status: null, signal: 'SIGKILL' });
  const [file = '', ...others] = reportsIn(archive);
  assert.match(file, /-vanished-/);
  assert.deepEqual(others, []);
});

test('run: a hang is captured, and the program runs on to its end', async (t) => {
  const archive = makeDirectory(t, 'archive');
  const program = `
    const fs = require('node:fs');
    function crunch() {
      let next = 0;
      for (;;) {
        if (Date.now() < next) continue;
        next = Date.now() + 100;
        if (fs.readdirSync('${archive}').some((name) => name.endsWith('.msgpack'))) return;
      }
    }
    setTimeout(() => { crunch(); process.exit(9); }, 100);`;
  const result = await runSleeper(
    ['run', '--timeout', '1s', '--interval', '100ms', '--', node, '-e', program],
    { archive },
  );
  assert.equal(result.status, 9);
  assert.match(result.stderr, /hangs: the event loop has not turned/);
  assert.match(result.stderr, /busy running JavaScript in crunch/);
  assert.match(result.stderr, /"report":"\S+-hang-\S+\.msgpack"/);
  assert.match(result.stderr, /^sleeper: report \S+-exit-\S+\.msgpack and 1 before it/m);
});

test('run: what cannot be started, and nothing to start', async (t) => {
  const archive = makeDirectory(t, 'archive');
  const missing = await runSleeper(['run', '--', '/no/such/program'], { archive });
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /Cannot start \/no\/such\/program: .*ENOENT[\s\S]*next: /);
  assert.equal((await runSleeper(['run'], { archive })).status, 2);
});
