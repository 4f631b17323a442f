/** Rules on real processes: services, thresholds, Workers; what is done afterwards; how often. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { root } from '../harness/paths.ts';
import { type Target, makeDirectory, spawnProgram } from '../harness/spawn-target.ts';
import { spawnZoo } from '../harness/spawn-zoo.ts';
import { waitFor } from '../harness/wait.ts';
import { loadZooKind } from '../harness/zoo.ts';
import { type Told, type Watching, startWatch, uniqueToken } from './watching.ts';

const program = path.join(root, 'test/watch/programs/gauged.mjs');
const quick = ['--interval', '100ms', '--probe-every', '100ms', '--probe-timeout', '2s'];

const is =
  (event: string, rule?: string) =>
  (told: Told): boolean =>
    told.event === event && (rule === undefined || told.rule === rule);

async function writeConfig(t: TestContext, text: string): Promise<string> {
  const file = path.join(makeDirectory(t, 'config'), 'watch.yaml');
  await fs.promises.writeFile(file, text);
  return file;
}

/** Answers with the status that `state` holds. */
async function serve(t: TestContext, state: { status: number; body: string }): Promise<string> {
  const server = http.createServer((_, response) => {
    response.writeHead(state.status);
    response.end(state.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
}

test('rules: a service that does not answer well is captured once, and told when it does again', async (t) => {
  const state = { status: 200, body: 'all is ok' };
  const url = await serve(t, state);
  const target = await spawnZoo(t, 'quiet/idle-server');
  const watch = startWatch(t, [
    String(target.pid),
    ...quick,
    '--http',
    url,
    '--match',
    'is ok',
    '--failures',
    '2',
  ]);
  await watch.tells('that it watches', is('watching'));
  state.body = 'all is lost';
  const failed = await watch.tells('the failure', is('service-failed'));
  assert.match(String(failed['detail']), /the body does not match \/is ok\/u/);
  const captured = await watch.tells('the report', is('captured'));
  assert.match(
    captured.trigger?.reason ?? '',
    /health has 2 times in a row not answered as it should: status 200/,
  );
  assert.equal(captured.verdict?.kind, 'idle');
  state.body = 'all is ok';
  await watch.tells('that it is well', is('service-recovered'));
  assert.equal(watch.told().filter(is('captured')).length, 1);
});

test('rules: ports, sockets and commands', async (t) => {
  const target = await spawnZoo(t, 'quiet/idle-server');
  const directory = makeDirectory(t, 'check');
  const good = path.join(directory, 'good');
  fs.writeFileSync(good, '');
  const url = await serve(t, { status: 200, body: '' });
  const watch = startWatch(t, [
    String(target.pid),
    ...quick,
    '--failures',
    '1',
    '--tcp',
    new URL(url).host,
    '--tcp',
    '127.0.0.1:1',
    '--unix',
    path.join(directory, 'socket'),
    '--exec',
    `test -e '${good}'`,
    '--exec',
    'sleep 60',
  ]);
  const detailOf = async (rule: string): Promise<string> =>
    String((await watch.tells(rule, is('service-failed', rule)))['detail']);
  assert.match(await detailOf('tcp 127.0.0.1:1'), /ECONNREFUSED/);
  assert.match(await detailOf(`socket ${directory}/socket`), /ENOENT/);
  assert.match(await detailOf('command sleep 60'), /no answer within 2 s/);
  fs.rmSync(good);
  assert.match(await detailOf(`command test -e ${good}`), /exit status 1/);
  assert.ok(!watch.told().some(is('service-failed', `tcp ${new URL(url).host}`)));
});

async function spawnGauged(t: TestContext): Promise<Target> {
  return spawnProgram(t, program, { agent: true, nodeFlags: ['--max-old-space-size=128'] });
}

async function trip(
  watch: Watching,
  target: Target,
  command: string,
  rule: string,
): Promise<string> {
  target.say(command);
  const tripped = await watch.tells(rule, is('rule-tripped', rule));
  await watch.tells(`the report of ${rule}`, is('captured', rule));
  return tripped.trigger?.reason ?? '';
}

test('rules: thresholds and Workers, each by what it measures', async (t) => {
  const target = await spawnGauged(t);
  const file = await writeConfig(
    t,
    `
watch: { pids: [${target.pid}] }
interval: 200ms
rules:
  - { name: loop, when: { stalled: 1h } }
  - { when: { fds: 200 } }
  - { when: { heap: 50% } }
  - { when: { rss: 300MiB } }
  - { when: { utilization: 60%, for: 1s } }
  - { when: { cpu: 150%, for: 500ms } }
  - { when: { workerStalled: 2s } }
`,
  );
  const watch = startWatch(t, ['--config', file]);
  await watch.tells('that it watches', is('watching'));
  assert.match(await trip(watch, target, 'fds', 'fds'), /^open descriptors: \d+, above 200$/);
  assert.match(await trip(watch, target, 'heap', 'heap'), /^V8's heap: \d+\.\d %, above 50\.0 %$/);
  assert.match(
    await trip(watch, target, 'rss', 'rss'),
    /^resident memory: \d+\.\d MiB, above 300\.0 MiB$/,
  );
  assert.match(
    await trip(watch, target, 'busy', 'utilization'),
    /^utilization of the event loop: \d+/,
  );
  assert.match(
    await trip(watch, target, 'worker', 'workerStalled'),
    /^the event loop of Worker 1 \(thread \d+\) has not answered for/,
  );
  target.say('rest');
  await watch.tells('that the loop rests', is('rule-calm', 'utilization'));
});

test('rules: what lasts too long: a request to the server, and an async function', async (t) => {
  const server = await spawnProgram(t, path.join(root, 'test/agent/programs/requests.mjs'), {
    agent: true,
    waitUntilReady: false,
  });
  await server.expect(/^ready$/);
  server.say('post');
  const stalled = await spawnZoo(t, 'hang/lock-never-released');
  const file = await writeConfig(
    t,
    `
watch: { pids: [${server.pid}, ${stalled.pid}] }
rules:
  - { name: loop, when: { stalled: 1h } }
  - { when: { requestsOlder: 2s, every: 500ms } }
  - { when: { tasksWaiting: 3s, every: 500ms } }
`,
  );
  const watch = startWatch(t, ['--config', file]);
  const request = await watch.tells('the request', is('captured', 'requestsOlder'));
  assert.equal(request.pid, server.pid);
  assert.match(
    String(request.trigger?.reason),
    /POST \/slow\/\[redacted\] has been open for \d+\.\d s/,
  );
  const task = await watch.tells('the function', is('captured', 'tasksWaiting'));
  assert.equal(task.pid, stalled.pid);
  assert.match(
    String(task.trigger?.reason),
    /at .*lock-never-released.* has waited at the same place, with the same values, for at least \d+\.\d s/,
  );
  assert.equal(task.verdict?.kind, 'lock-never-released');
});

test('rules: actions: a hook, a webhook without secrets, then TERM and KILL', async (t) => {
  const directory = makeDirectory(t, 'hook');
  const bodies: string[] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      bodies.push(`${request.headers.authorization ?? ''} ${body}`);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/in?key=hidden`;
  const token = uniqueToken();
  const file = await writeConfig(
    t,
    `
watch: { names: ['${token}'] }
rules:
  - when: { stalled: 1s }
    then:
      - { exec: 'echo "$1 $SLEEPER_VERDICT $SLEEPER_PID" > ${directory}/out; exit 3', shell: true }
      - { exec: [sh, -c, sleep 60], timeout: 300ms }
      - { webhook: '${url}', headers: { authorization: Bearer 42 } }
      - { signal: SIGTERM, grace: 500ms }
`,
  );
  const target = await spawnProgram(t, program, { args: [token] });
  const watch = startWatch(t, ['--config', file]);
  await watch.tells('that it watches', is('watching'));
  target.say('deaf');
  const captured = await watch.tells('the report', is('captured'));
  const done = await watch.tells(
    'the signal',
    (told) => told.event === 'action-done' && told['action'] === 'signal',
  );
  assert.match(String(done['detail']), /^it did not end within 0\.5 s of SIGTERM, and was killed$/);
  assert.equal((await target.exited).signal, 'SIGKILL');
  assert.equal(
    fs.readFileSync(path.join(directory, 'out'), 'utf8'),
    `${captured.report ?? ''} js-busy ${target.pid}\n`,
  );
  const failures = watch
    .told()
    .filter(is('action-failed'))
    .map((told) => String(told['detail']));
  assert.match(failures[0] ?? '', /ended with 3/);
  assert.match(failures[1] ?? '', /sh was killed: it took longer than 0\.3 s/);
  assert.equal(bodies.length, 1);
  assert.match(bodies[0] ?? '', /^Bearer 42 \{"event":"captured",.*"verdict":\{"kind":"js-busy"/);
  const ended = await watch.tells('the end', is('ended'));
  assert.equal(ended['byUs'], true);
  assert.ok(!watch.lines.join('\n').includes('hidden'));
});

test('rules: limits: no second capture within the cool-down', async (t) => {
  const state = { status: 200, body: '' };
  const url = await serve(t, state);
  const target = await spawnZoo(t, 'quiet/idle-server');
  const watch = startWatch(t, [
    String(target.pid),
    ...quick,
    '--http',
    url,
    '--failures',
    '1',
    '--cool-down',
    '1h',
  ]);
  await watch.tells('that it watches', is('watching'));
  state.status = 500;
  await watch.tells('the report', is('captured'));
  state.status = 200;
  await watch.tells('that it is well', is('service-recovered'));
  state.status = 500;
  const skipped = await watch.tells('that there is none', is('capture-skipped'));
  assert.match(skipped.reason ?? '', /cool-down is 3600\.0 s/);
});

test('rules: reports of one signature, no more than asked for', async (t) => {
  const token = uniqueToken();
  const file = await writeConfig(
    t,
    `
watch: { names: ['${token}'] }
rules: [{ when: { stalled: 1s }, limit: { perSignature: 1 } }]
capture: { parallel: 1 }
`,
  );
  const hanging = loadZooKind('hang/sync-fifo-read').program;
  for (let count = 0; count < 2; count++) await spawnProgram(t, hanging, { args: [token] });
  const watch = startWatch(t, ['--config', file]);
  const skipped = await watch.tells('that one is enough', is('capture-skipped'));
  assert.match(skipped.reason ?? '', /^there are enough reports of sync-io /);
  await waitFor('one is sealed', () => watch.told().some(is('captured')));
  assert.equal(fs.readdirSync(watch.archive).filter((name) => name.endsWith('.msgpack')).length, 1);
});
