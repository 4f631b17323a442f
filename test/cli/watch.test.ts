/** `sleeper watch`: the story of a process, told once per event. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { runSleeper, startSleeper } from '../harness/cli.ts';
import { type Owner, type Target, makeDirectory, spawnProgram } from '../harness/spawn-target.ts';
import { spawnZoo } from '../harness/spawn-zoo.ts';
import { waitForState } from '../harness/wait.ts';

/** Works for `ms` when told so on standard input; says when it is done. */
const worker = `
import fs from 'node:fs';
import { createInterface } from 'node:readline';
function crunch(ms) {
  const endsAtMs = Date.now() + ms;
  let rounds = 0;
  while (Date.now() < endsAtMs) rounds += 1;
  return rounds;
}
createInterface({ input: process.stdin }).on('line', (ms) => {
  crunch(Number(ms));
  console.log('done ' + ms);
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

test('watch: a hang is captured once, its end told, the next one captured again', async (t) => {
  const archive = makeDirectory(t, 'archive');
  const target = await spawnWorker(t);
  const watch = startSleeper(
    t,
    ['watch', String(target.pid), '--timeout', '1s', '--interval', '200ms', '--json'],
    { archive },
  );
  await watch.expect(/"event":"watching"/);
  for (let round = 1; round <= 2; round++) {
    target.say('4000');
    await target.expect(/done 4000/);
    await watch.expect(/"event":"recovered"/);
    if (round === 2) break;
    // Only what is told from here on is looked at.
    (target.lines as string[]).length = 0;
    (watch.lines as string[]).length = 0;
  }
  const told = eventsOf(watch);
  assert.deepEqual(
    told.map(({ event }) => event),
    ['hang-began', 'captured', 'recovered'],
  );
  const captured = told[1];
  assert.equal(captured?.verdict?.kind, 'js-busy');
  assert.match(captured.verdict.summary, /crunch at .*worker\.mjs:\d+/);
  assert.ok(fs.existsSync(captured.report ?? ''));
  assert.ok((told[2]?.afterMs ?? 0) > 2_000);
  assert.equal(fs.readdirSync(archive).filter((name) => name.includes('-hang-')).length, 2);
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
  const other = await spawnWorker(t);
  other.say('2500');
  await other.expect(/done/);
  target.signal('SIGCONT');
  target.say('10');
  await target.expect(/done 10/);
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
