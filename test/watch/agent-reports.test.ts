/** An agent asks the watcher of its program first: reports come from there, and from its own helper whenever they do not. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { readReports } from '../harness/reports-in.ts';
import { makeDirectory } from '../harness/spawn-target.ts';
import { captureServed, startServed } from './served-program.ts';

suite('an agent asks a watcher first', () => {
  for (const node of ['20', '22', '24', '26'] as const)
    test(`node ${node}: a request and a crash are reported by the watcher`, async (t) => {
      const scene = await startServed(t, { node });
      const { target, watch, archive } = scene;
      const asked = await captureServed(scene, 'asked');
      const helpedBefore = scene.helped();
      target.say('abort');
      assert.deepEqual(await target.exited, { status: null, signal: 'SIGABRT' });
      const reports = await readReports(archive);
      const crash = reports.find(({ trigger }) => trigger.kind === 'abort');
      const frame = crash?.threads
        .flatMap(({ frames }) => frames)
        .find(({ function: name }) => name === 'charge');
      assert.equal(frame?.arguments[0]?.value.preview, '4711');
      assert.deepEqual(scene.helped(), helpedBefore, 'the helper was not needed');
      const told = await watch.tells('the report of the crash', ({ event, report }) =>
        Boolean(event === 'agent-report' && report?.includes('-abort-')),
      );
      assert.ok(fs.existsSync(told.report ?? ''));
      assert.ok(fs.existsSync(asked));
      const log = fs.readFileSync(path.join(archive, 'sleeper.log'), 'utf8');
      const logged = log.trimEnd().split('\n');
      assert.equal(logged.length, reports.length, 'also the first, which made the archive');
      assert.match(logged.at(-1) ?? '', /"trigger":"abort"/);
    });

  test('what the program has set for its reports counts', async (t) => {
    const log = path.join(makeDirectory(t, 'log'), 'own.log');
    const scene = await startServed(t, {
      env: { SLEEPER_REDACT: 'tenantCode', SLEEPER_LOG: log },
    });
    await captureServed(scene, 'asked');
    assert.match(fs.readFileSync(log, 'utf8'), /"trigger":"request"/);
    scene.target.say('abort');
    await scene.target.exited;
    const reports = await readReports(scene.archive);
    const crash = reports.find(({ trigger }) => trigger.kind === 'abort');
    assert.ok(crash, scene.helped().join('\n'));
    const text = JSON.stringify(crash);
    assert.ok(text.includes('"tenantCode"'), 'the name stays');
    assert.ok(!text.includes('tenant-secret'));
  });
});

suite('an agent helps itself', () => {
  test('when the watcher is stopped, and when it is gone', async (t) => {
    const scene = await startServed(t);
    await captureServed(scene, 'asked');
    const before = scene.helped().length;
    scene.watch.signal('SIGSTOP');
    assert.equal(await scene.capture('stopped'), null);
    await scene.watch.kill();
    assert.equal(await scene.capture('gone'), null);
    assert.deepEqual(scene.helped().slice(before), ['request stopped', 'request gone']);
  });

  test('when the capture process has died; the watcher gets another', async (t) => {
    const scene = await startServed(t);
    await captureServed(scene, 'asked');
    process.kill(scene.capturerPid(), 'SIGKILL');
    assert.equal(await scene.capture('dead'), null);
    assert.equal(scene.helped().at(-1), 'request dead');
    await captureServed(scene, 'again');
  });

  test('when it is another user now than the one whom the watcher found', async (t) => {
    const nobody = 65_534;
    const scene = await startServed(t);
    await captureServed(scene, 'asked');
    scene.target.say(`become ${nobody}`);
    await scene.target.expect(/^became/);
    const own = path.dirname(scene.archive);
    fs.chmodSync(own, 0o755);
    fs.rmSync(scene.archive, { recursive: true });
    fs.mkdirSync(scene.archive);
    fs.chownSync(scene.archive, nobody, nobody);
    assert.equal(await scene.capture('another'), null);
    assert.deepEqual(scene.helped(), ['request another']);
  });
});

test('a capture process that hangs holds up a death until its limit, and is taken for no hang', async (t) => {
  const limitMs = 4_000;
  const scene = await startServed(t, {
    env: { SLEEPER_DEATH_LIMIT_MS: String(limitMs) },
    flags: ['--timeout', '1s', '--interval', '100ms'],
  });
  await captureServed(scene, 'asked');
  const pid = scene.capturerPid();
  process.kill(pid, 'SIGSTOP');
  t.after(() => {
    process.kill(pid, 'SIGKILL');
  });
  const before = performance.now();
  scene.target.say('abort');
  assert.deepEqual(await scene.target.exited, { status: null, signal: 'SIGABRT' });
  assert.ok(performance.now() - before >= limitMs - 100, 'it waited for its report');
  await scene.watch.tells('the end', ({ event }) => event === 'ended');
  assert.ok(!scene.watch.told().some(({ event }) => event === 'hang-began'));
  const errors = fs.readFileSync(path.join(scene.archive, 'agent-errors.log'), 'utf8');
  assert.match(errors, /did not answer in time/);
});
