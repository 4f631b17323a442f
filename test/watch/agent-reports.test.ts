/** An agent asks the watcher of its program first: reports come from there, and from its own helper whenever they do not. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { type TestContext, suite, test } from 'node:test';
import { makeWorkshop, startArmed } from '../agent/armed-program.ts';
import { root } from '../harness/paths.ts';
import type { NodeName } from '../harness/node-versions.ts';
import { readReports } from '../harness/reports-in.ts';
import { type Target, makeDirectory, patientDeath } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import { type Watching, startWatch } from './watching.ts';

/** Notes what it was asked, and has nothing to report. */
const helper = `
  const fs = require('node:fs');
  const { archive, trigger } = JSON.parse(fs.readFileSync(0, 'utf8'));
  fs.mkdirSync(archive, { recursive: true });
  fs.appendFileSync(archive + '/helped.log', trigger.kind + ' ' + trigger.reason + '\\n');
  process.stdout.write('NONE\\n');
`;

const arm = path.join(root, 'dist/agent/arm.cjs');
/** Does what it is told. */
const source = `
  const agent = require(${JSON.stringify(arm)}).arm();
  function charge(order, tenantCode) { process.abort(); }
  require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
    if (line === 'abort') charge(4711, 'tenant-' + 'secret');
    else console.log('captured', line, await agent.capture(line));
  });
  console.log('ready');
`;

interface Scene {
  readonly target: Target;
  readonly watch: Watching;
  readonly archive: string;
  /** Asks the program for a report. @returns path of the report; `null`: the helper was asked */
  capture(reason: string): Promise<string | null>;
  /** What the helper was asked. */
  helped(): string[];
  capturerPid(): number;
}

async function startScene(
  t: TestContext,
  options: {
    readonly node?: NodeName;
    readonly env?: Readonly<Record<string, string>>;
    readonly flags?: readonly string[];
    readonly uid?: number;
  } = {},
): Promise<Scene> {
  const workshop = makeWorkshop(t, helper);
  Object.assign(workshop.env, patientDeath, options.env);
  const { node, uid } = options;
  if (uid !== undefined) {
    fs.chmodSync(path.dirname(workshop.archive), 0o755);
    fs.mkdirSync(workshop.archive);
    fs.chownSync(workshop.archive, uid, uid);
  }
  const target = await startArmed(t, workshop, source, {
    ...(node !== undefined && { node }),
    ...(uid !== undefined && { uid }),
  });
  const watch = startWatch(t, [String(target.pid), ...(options.flags ?? [])]);
  await watch.tells('that it watches', ({ event }) => event === 'watching');
  const note = path.join(workshop.archive, 'helped.log');
  return {
    target,
    watch,
    archive: workshop.archive,
    capture: async (reason) => {
      target.say(reason);
      const [, found = ''] = await target.expect(new RegExp(`^captured ${reason} (.+)$`));
      return found === 'null' ? null : found;
    },
    helped: () => (fs.existsSync(note) ? fs.readFileSync(note, 'utf8').trimEnd().split('\n') : []),
    capturerPid: () => {
      const children = fs.readFileSync(`/proc/${watch.pid}/task/${watch.pid}/children`, 'utf8');
      const [pid] = children.trim().split(' ');
      assert.ok(pid, 'a capture process is ready');
      return Number(pid);
    },
  };
}

async function startServed(
  t: TestContext,
  options: Parameters<typeof startScene>[1] = {},
): Promise<Scene> {
  const scene = await startScene(t, options);
  await scene.watch.tells('that it serves the agent', ({ event }) => event === 'agent-found');
  return scene;
}

/** Again and again: the watcher may be busy with getting ready. */
async function captureServed(scene: Scene, reason: string): Promise<string> {
  let round = 0;
  return waitFor(`a report "${reason}" from the watcher`, () =>
    scene.capture(`${reason}-${++round}`),
  );
}

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

  test('when the watcher is of another user', async (t) => {
    const scene = await startScene(t, { uid: 65_534 });
    assert.equal(await scene.capture('foreign'), null);
    assert.deepEqual(scene.helped(), ['request foreign']);
    assert.ok(!scene.watch.told().some(({ event }) => event === 'agent-found'));
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
