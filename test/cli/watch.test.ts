/** `sleeper watch`: the story of a process, told once per event. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { runSleeper, startSleeper } from '../harness/cli.ts';
import { type Owner, type Target, makeDirectory, spawnProgram } from '../harness/spawn-target.ts';
import { spawnZoo } from '../harness/spawn-zoo.ts';
import { waitFor, waitForState } from '../harness/wait.ts';

/** When told a file on standard input it works until that file exists; says when it is done. */
const worker = `
import fs from 'node:fs';
import { createInterface } from 'node:readline';
function crunch(file) {
  let rounds = 0;
  for (let next = 0; ; rounds += 1) {
    if (Date.now() < next) continue;
    next = Date.now() + 100;
    if (fs.existsSync(file)) return rounds;
  }
}
createInterface({ input: process.stdin }).on('line', (file) => {
  crunch(file);
  console.log('done ' + file);
});
fs.writeSync(3, '.');
`;

async function spawnWorker(owner: Owner): Promise<Target> {
  const file = path.join(makeDirectory(owner, 'worker'), 'worker.mjs');
  fs.writeFileSync(file, worker);
  return spawnProgram(owner, file);
}

interface Line {
  readonly event: string;
  readonly verdict?: { readonly kind: string; readonly summary: string };
  readonly report?: string;
  readonly afterMs?: number;
}

function eventsOf(watch: Target): Line[] {
  return watch.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line);
}

function kindsOf(watch: Target, kind: string): Line[] {
  return eventsOf(watch).filter(({ event }) => event === kind);
}

test('watch: a hang is captured once, its end told, the next one captured again', async (t) => {
  const archive = makeDirectory(t, 'archive');
  const target = await spawnWorker(t);
  const watch = startSleeper(
    t,
    ['watch', String(target.pid), '--timeout', '1s', '--interval', '200ms', '--json'],
    { archive },
  );
  await watch.expect(/"event":"watching"/);
  for (const round of [1, 2]) {
    const file = path.join(archive, `end-${round}`);
    target.say(file);
    await waitFor('it is captured', () => kindsOf(watch, 'captured').length === round);
    fs.writeFileSync(file, '');
    await target.expect(new RegExp(`done .*-${round}`));
    await waitFor('its end is told', () => kindsOf(watch, 'recovered').length === round);
  }
  const told = eventsOf(watch);
  assert.deepEqual(
    told.map(({ event }) => event),
    ['watching', 'hang-began', 'captured', 'recovered', 'hang-began', 'captured', 'recovered'],
  );
  const captured = told[2];
  assert.equal(captured?.verdict?.kind, 'js-busy');
  assert.match(captured.verdict.summary, /crunch at .*worker\.mjs:\d+/);
  assert.ok(fs.existsSync(captured.report ?? ''));
  assert.ok((told[3]?.afterMs ?? 0) >= 1_000);
  watch.signal('SIGTERM');
  assert.deepEqual(await watch.exited, { status: 0, signal: null });
});

test('watch: stopped is no hang, and the time of the stop does not count', async (t) => {
  const archive = makeDirectory(t, 'archive');
  const target = await spawnWorker(t);
  const watch = startSleeper(
    t,
    ['watch', String(target.pid), '--timeout', '1s', '--interval', '100ms', '--json'],
    { archive },
  );
  await watch.expect(/"event":"watching"/);
  target.signal('SIGSTOP');
  await waitForState(target.pid, 'T');
  // Far longer than the limit: a second process is watched through a whole hang meanwhile.
  const other = await spawnZoo(t, 'hang/sync-loop');
  const second = startSleeper(t, ['watch', String(other.pid), '--timeout', '2s', '--json'], {
    archive,
  });
  await second.expect(/"event":"hang-began"/);
  target.signal('SIGCONT');
  target.say('/');
  await target.expect(/done/);
  await target.kill();
  assert.deepEqual(await watch.exited, { status: 0, signal: null });
  assert.deepEqual(
    eventsOf(watch).map(({ event }) => event),
    ['watching', 'ended'],
  );
});

test('watch: --once ends with the first hang, status 10; lines for people', async (t) => {
  const archive = makeDirectory(t, 'archive');
  const hanging = await spawnZoo(t, 'hang/sync-fifo-read');
  const idle = await spawnZoo(t, 'quiet/idle-server');
  const result = await runSleeper(
    [
      'watch',
      String(idle.pid),
      String(hanging.pid),
      '--once',
      '--timeout',
      '1s',
      '--interval',
      '100ms',
    ],
    { archive, env: { SLEEPER_LOG_FORMAT: 'text' } },
  );
  assert.equal(result.status, 10, result.stderr);
  assert.equal(result.stdout, '');
  assert.match(
    result.stderr,
    new RegExp(`process ${hanging.pid} hangs: the event loop has not turned`),
  );
  assert.match(result.stderr, /blocked in fs\.readSync\(\).*report=\S+-hang-\S+\.msgpack/);
});

test('watch: the process ends, the watch ends', async (t) => {
  const target = await spawnZoo(t, 'quiet/idle-server');
  const watch = startSleeper(t, ['watch', String(target.pid), '--interval', '100ms'], {
    archive: makeDirectory(t, 'archive'),
  });
  await watch.expect(/watching process/);
  await target.kill();
  await watch.expect(new RegExp(`process ${target.pid} has ended`));
  assert.deepEqual(await watch.exited, { status: 0, signal: null });
});

test('watch: SIGINT ends it', async (t) => {
  const target = await spawnZoo(t, 'quiet/idle-server');
  const watch = startSleeper(t, ['watch', String(target.pid)], {
    archive: makeDirectory(t, 'archive'),
  });
  await watch.expect(/watching process/);
  watch.signal('SIGINT');
  assert.deepEqual(await watch.exited, { status: 0, signal: null });
});

test('watch: wrong pids are told before anything is watched', async (t) => {
  const target = await spawnZoo(t, 'quiet/idle-server');
  const result = await runSleeper(['watch', String(target.pid), '4194303'], {
    archive: makeDirectory(t, 'archive'),
  });
  assert.equal(result.status, 4);
  assert.match(result.stderr, /no process 4194303/);
});
