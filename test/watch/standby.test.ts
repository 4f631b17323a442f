/** A watcher that is root has a process of the program's user stand by, to write what the agents of that user ask for. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { type TestContext, suite, test } from 'node:test';
import { StandbyProcess, type StandbyFate } from '#dist/watch/standby-process.js';
import { Standbys } from '#dist/watch/standbys.js';
import { runSleeper } from '../harness/cli.ts';
import { nodeBinary } from '../harness/node-versions.ts';
import { readReports, reportsIn } from '../harness/reports-in.ts';
import { makeDirectory, spawnCommand } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import { captureServed, startScene, startServed } from './served-program.ts';
import { startWatch } from './watching.ts';

const nobody = 65_534;

/** A home of that user's. */
function makeHome(t: TestContext): { HOME: string; XDG_CACHE_HOME: string } {
  const home = makeDirectory(t, 'home');
  fs.chownSync(home, nobody, nobody);
  return { HOME: home, XDG_CACHE_HOME: path.join(home, 'cache') };
}

function isGone(pid: number): boolean {
  return !fs.existsSync(`/proc/${pid}`);
}

suite('the agent of another user asks root', () => {
  for (const node of ['20', '24'] as const)
    test(`node ${node}: its crash is reported by a process of that user`, async (t) => {
      const env = makeHome(t);
      const scene = await startServed(t, { uid: nobody, node, env });
      const standby = await scene.standingBy();
      const status = fs.readFileSync(`/proc/${standby}/status`, 'utf8');
      assert.match(status, /^Uid:(\t65534){4}$/m);
      assert.match(status, /^Gid:(\t65534){4}$/m);
      assert.match(status, /^Groups:\s*$/m);
      assert.match(status, /^CapPrm:\t0+$/m);
      scene.target.say('abort');
      assert.deepEqual(await scene.target.exited, { status: null, signal: 'SIGABRT' });
      assert.deepEqual(scene.helped(), [], 'the helper was not needed');
      const [report] = await readReports(scene.archive);
      assert.equal(report?.trigger.kind, 'abort');
      const frames = report.threads.flatMap((thread) => thread.frames);
      const charge = frames.find((frame) => frame.function === 'charge');
      assert.equal(charge?.arguments[0]?.value.preview, '4711');
      const told = await scene.watch.tells('it', ({ event }) => event === 'agent-report');
      assert.equal(fs.statSync(told.report ?? '').uid, nobody);
      assert.equal(path.dirname(told.report ?? ''), scene.archive);
      assert.equal(fs.statSync(path.join(env.XDG_CACHE_HOME, 'sleeper')).uid, nobody);
      assert.deepEqual(await scene.watch.exited, { status: 0, signal: null });
      await waitFor('it has ended', () => isGone(standby));
    });

  test('when one has answered, the next one stands by', async (t) => {
    const scene = await startServed(t, { uid: nobody, env: makeHome(t) });
    const first = await scene.standingBy();
    assert.notEqual(await scene.capture('first'), null);
    assert.equal(
      await scene.capture('at-once'),
      null,
      'nobody is there yet, and it is not waited for',
    );
    await captureServed(scene, 'again');
    await waitFor('the first has ended', () => isGone(first));
    const offers = scene.watch.told().filter(({ event }) => event === 'agent-found');
    assert.equal(offers.length, 1, 'a refusal is no reason to hang up');
  });

  test('root writes nothing where the program says', async (t) => {
    const fallback = makeHome(t).HOME;
    const log = path.join(makeDirectory(t, 'log'), 'log');
    const env = { HOME: fallback, SLEEPER_FALLBACK: fallback, SLEEPER_LOG: log };
    const scene = await startServed(t, { uid: nobody, env, isArchiveOfRoot: true });
    await scene.standingBy();
    const report = (await scene.capture('foreign')) ?? '';
    assert.equal(path.dirname(report), fallback);
    assert.equal(fs.statSync(report).uid, nobody);
    assert.deepEqual(reportsIn(scene.archive), []);
    assert.ok(!fs.existsSync(log));
  });

  test('nor where a link of its leads', async (t) => {
    const home = makeHome(t).HOME;
    const places = makeDirectory(t, 'root');
    fs.chmodSync(places, 0o755);
    const archive = path.join(home, 'link');
    fs.symlinkSync(places, archive);
    const log = path.join(home, 'own.log');
    const env = { HOME: home, SLEEPER_FALLBACK: home, SLEEPER_LOG: log, SLEEPER_ARCHIVE: archive };
    const scene = await startServed(t, { uid: nobody, env });
    await scene.standingBy();
    assert.equal(path.dirname((await scene.capture('foreign')) ?? ''), home);
    assert.deepEqual(fs.readdirSync(places), []);
    assert.match(fs.readFileSync(log, 'utf8'), /it is a symbolic link/);
  });

  test('it is killed: the helper helps, and it is not started again at once', async (t) => {
    const scene = await startServed(t, { uid: nobody, env: makeHome(t) });
    const standby = await scene.standingBy();
    process.kill(standby, 'SIGKILL');
    await waitFor('it is reaped', () => isGone(standby));
    assert.equal(await scene.capture('dead'), null);
    assert.deepEqual(scene.helped(), ['request dead']);
    assert.deepEqual(scene.standbys(), []);
  });

  test('it hangs: the program waits until its limit, the watcher ends in time, and so does it', async (t) => {
    const env = { ...makeHome(t), SLEEPER_DEATH_LIMIT_MS: '2000' };
    const scene = await startServed(t, { uid: nobody, env });
    const standby = await scene.standingBy();
    process.kill(standby, 'SIGSTOP');
    scene.target.say('abort');
    assert.deepEqual(await scene.target.exited, { status: null, signal: 'SIGABRT' });
    const errors = fs.readFileSync(path.join(scene.archive, 'agent-errors.log'), 'utf8');
    assert.match(errors, /did not answer in time/);
    assert.deepEqual(await scene.watch.exited, { status: 0, signal: null });
    await waitFor('it has ended', () => isGone(standby));
  });

  test('the watcher is killed: none is left', async (t) => {
    const scene = await startServed(t, { uid: nobody, env: makeHome(t) });
    const standby = await scene.standingBy();
    await scene.watch.kill();
    await waitFor('it has ended', () => isGone(standby));
  });

  test('the watcher may not become another user: told, and left to the helper', async (t) => {
    const within = ['setpriv', '--bounding-set=-setuid,-setgid', '--inh-caps=-setuid,-setgid'];
    const scene = await startServed(t, { uid: nobody, within });
    const { reason } = await scene.watch.tells('it', ({ event }) => event === 'weakness');
    assert.match(reason ?? '', /stands by for the agents of user 65534.*EPERM/);
    assert.equal(await scene.capture('foreign'), null);
    assert.deepEqual(scene.helped(), ['request foreign']);
  });

  for (const [what, rights] of [
    ['groups', ['--groups=4,65534']],
    ['rights', ['--clear-groups', '--inh-caps=+chown', '--ambient-caps=+chown']],
  ] as const)
    test(`a program that has more ${what} is left to its helper`, async (t) => {
      const scene = await startScene(t, { uid: nobody, rights });
      assert.equal(await scene.capture('foreign'), null);
      assert.ok(!scene.watch.told().some(({ event }) => event === 'agent-found'));
    });
});

/** Speaks as an agent does, in the words that it is told. */
const speaker = `
  const lines = (stream, take) => require('node:readline').createInterface({ input: stream }).on('line', take);
  let offer;
  require('node:net').createServer((socket) => {
    socket.on('error', () => undefined);
    lines(socket, (line) => {
      if (socket === offer) return console.log('said ' + line);
      if (!line.includes('"serve"')) return socket.destroy();
      offer = socket.on('close', () => console.log('closed'));
      socket.write('{"ok":true}\\n');
    });
  }).listen('\\0sleeper-agent-' + process.pid, () => console.log('ready'));
  lines(process.stdin, (line) => offer.write(JSON.parse(line)));
`;

test('an agent may ask about itself only, and not without end', async (t) => {
  const asUser = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] as const;
  const env = makeHome(t);
  // Node.js 20 has no name without trailing zeros.
  const target = spawnCommand(t, [...asUser, nodeBinary('24'), '--eval', speaker], {
    env,
    directory: env.HOME,
  });
  const other = spawnCommand(t, [...asUser, 'sleep', '1000']);
  await target.expect(/^ready$/);
  const watch = startWatch(t, [String(target.pid)]);
  await watch.tells('that it serves the agent', ({ event }) => event === 'agent-found');
  const say = (text: string): void => {
    target.say(JSON.stringify(text));
  };
  await waitFor('a process stands by', () => {
    say('READY?\n');
    return target.lines.includes('said READY');
  });
  const trigger = { kind: 'request', reason: 'why' };
  say(`${JSON.stringify({ pid: other.pid, mode: 'report', trigger })}\n`);
  await target.expect(
    new RegExp(`^said ERROR process ${target.pid} asks about process ${other.pid}$`),
  );
  say('READY?\n'.repeat(2_000));
  await target.expect(/^closed$/);
});

test('one to whom nobody listens ends', async (t) => {
  const archive = makeDirectory(t, 'archive');
  const args = ['agent-capture', '--standby', String(process.pid)];
  const { stdout, stderr, status } = await runSleeper(args, { archive });
  assert.deepEqual({ stdout, stderr, status }, { stdout: 'READY\n', stderr: '', status: 0 });
});

test('four users have one; who may not read the package has none, and it is told once', async (t) => {
  const script = path.join(makeDirectory(t, 'script'), 'script.cjs');
  const reasons: string[] = [];
  const standbys = new Standbys(script, {
    process: () => undefined,
    watcher: (event) => reasons.push('reason' in event ? event.reason : event.kind),
  });
  const program = { pid: process.pid };
  const posts = [1, 2, 3, 4].map((id) => standbys.of({ userId: id, groupId: id }));
  for (const post of posts) post?.admit(program);
  const fifth = { userId: 5, groupId: 5 };
  assert.equal(standbys.of(fifth), null);
  await waitFor('all are told', () => reasons.length === 4);
  assert.match(reasons[0] ?? '', /agents of user \d.*it ended \(1\)/);
  posts[0]?.leave(program);
  assert.notEqual(standbys.of(fifth), null);
  await standbys.close();
});

/** Starts a program in the place of one that stands by, and asks it when it is ready. */
async function play(
  t: TestContext,
  source: string,
): Promise<{ answer: string | null; fate: StandbyFate }> {
  const script = path.join(makeDirectory(t, 'script'), 'script.cjs');
  fs.writeFileSync(script, source);
  const fates: StandbyFate[] = [];
  const standby = new StandbyProcess(script, 1, { userId: 0, groupId: 0 }, (fate) => {
    fates.push(fate);
  });
  await waitFor('it is ready or gone', () => standby.isReady || fates.length > 0);
  const answer = standby.isReady ? await standby.answerAgent({ pid: 1, request: '{}' }) : null;
  const fate = await waitFor('it has ended', () => fates[0]);
  return { answer, fate };
}

suite('what comes from it is not believed', () => {
  const ready = 'process.stdout.write("READY\\n");';
  const answering = (code: string): string =>
    `${ready} process.stdin.on('data', () => { ${code} });`;
  const cases: Readonly<Record<string, readonly [string, string | null, RegExp | null]>> = {
    'an answer': [
      answering('process.stdout.write("REPORT /r\\n"); process.exit(1);'),
      'REPORT /r\n',
      null,
    ],
    'an answer, and no end': [
      answering('process.stdout.write("NONE\\n"); setInterval(() => {}, 1e6);'),
      'NONE\n',
      null,
    ],
    'another word': [answering('process.stdout.write("BEWARE\\n")'), null, /not asked/],
    'two lines': [answering('process.stdout.write("NONE\\nNONE\\n")'), null, /not asked/],
    'too much': [answering('process.stdout.write("x".repeat(1 << 20))'), null, /too much/],
    'no word': [answering('process.exit(3)'), null, /ended \(3\)/],
    'an answer to no question': [
      'process.stdout.write("READY\\nNONE\\n"); setInterval(() => {}, 1e6);',
      null,
      /not asked/,
    ],
    'no start': ['throw new Error()', null, /ended \(1\)/],
  };
  for (const [what, [source, answer, failure]] of Object.entries(cases))
    test(what, async (t) => {
      const played = await play(t, source);
      assert.equal(played.answer, answer);
      if (failure === null) assert.equal(played.fate.failure, null);
      else assert.match(played.fate.failure ?? '', failure);
    });
});
