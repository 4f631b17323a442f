/** Whom `sleeper watch` finds: by name, as they come, with all that they start, and that it is the only one. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { runSleeper } from '../harness/cli.ts';
import { root, sleeperBin } from '../harness/paths.ts';
import { makeDirectory, spawnCommand, spawnProgram } from '../harness/spawn-target.ts';
import { loadZooKind } from '../harness/zoo.ts';
import { spawnZoo } from '../harness/spawn-zoo.ts';
import { type Told, startWatch, uniqueToken } from './watching.ts';

const cluster = path.join(root, 'test/watch/programs/cluster.mjs');
const { program: idleServer } = loadZooKind('quiet/idle-server');

const watching =
  (pid: number) =>
  ({ event, pid: told }: Told): boolean =>
    event === 'watching' && told === pid;

test('whom: by name, those that run and those that come; a shell that becomes node', async (t) => {
  const token = uniqueToken();
  const first = await spawnProgram(t, idleServer, { args: [token] });
  const watch = startWatch(t, ['--name', token]);
  await watch.tells('the first', watching(first.pid));
  const second = await spawnProgram(t, idleServer, { args: [token] });
  await watch.tells('the second', watching(second.pid));
  const script = `read line; exec ${process.execPath} ${idleServer} ${token}`;
  const shell = spawnCommand(t, ['sh', '-c', script]);
  // Seen as a shell first: the third comes after it and is found.
  const third = await spawnProgram(t, idleServer, { args: [token] });
  await watch.tells('the third', watching(third.pid));
  shell.say('');
  await watch.tells('the shell that became node', watching(shell.pid));
  await second.kill();
  await watch.tells('the end', ({ event, pid }) => event === 'ended' && pid === second.pid);
  const pids = watch.told().flatMap(({ event, pid }) => (event === 'watching' ? pid : []));
  assert.deepEqual(pids.sort(), [first.pid, second.pid, third.pid, shell.pid].sort());
  watch.signal('SIGTERM');
  assert.deepEqual(await watch.exited, { status: 0, signal: null });
});

test('whom: a filter by user and control group', async (t) => {
  const token = uniqueToken();
  const target = await spawnProgram(t, idleServer, { args: [token] });
  const check = async (only: string): Promise<string> => {
    const config = `watch: { names: ['${token}'], only: { ${only} } }`;
    const file = path.join(makeDirectory(t, 'config'), 'watch.yaml');
    const { writeFileSync } = await import('node:fs');
    writeFileSync(file, config);
    const result = await runSleeper(['watch', '--config', file, '--check'], {
      archive: makeDirectory(t, 'archive'),
    });
    assert.equal(result.status, 0, result.stderr);
    return result.stdout;
  };
  const uid = process.getuid?.() ?? 0;
  assert.match(await check(`user: ${uid}`), new RegExp(`Running now:\n  ${target.pid} `));
  assert.match(await check(`user: ${uid + 1}`), /No such process runs now/);
  assert.match(await check('cgroup: "^no/such/group$"'), /No such process runs now/);
  assert.match(await check('argv: "idle-server"'), new RegExp(`${target.pid}`));
});

test('whom: a tree is one incident, each of its processes captured once', async (t) => {
  const primary = await spawnProgram(t, cluster);
  const [first, second] = primary.lines.flatMap((line) => Number(/^worker (\d+)$/.exec(line)?.[1]));
  const watch = startWatch(t, [
    String(primary.pid),
    '--tree',
    '--timeout',
    '1s',
    '--interval',
    '200ms',
  ]);
  for (const pid of [primary.pid, first ?? 0, second ?? 0]) {
    await watch.tells(`process ${pid}`, watching(pid));
  }
  primary.say('spin');
  const incident = await watch.tells('the incident', ({ event }) => event === 'incident');
  const told = watch.told();
  const hung = told.find(({ event }) => event === 'hang-began')?.pid;
  assert.equal(incident.pid, hung);
  assert.deepEqual(
    incident.reports?.map(({ pid }) => pid).sort(),
    [primary.pid, first, second].sort(),
  );
  assert.equal(incident.reports.find(({ pid }) => pid === hung)?.verdict, 'js-busy');
  const triggers = told.flatMap(({ event, trigger }) =>
    event === 'captured' && trigger ? trigger : [],
  );
  assert.equal(triggers.length, 3);
  assert.deepEqual(new Set(triggers.map((trigger) => trigger.incident)), new Set([incident['id']]));
  // Only the one that hangs is said to hang.
  assert.deepEqual(triggers.map(({ kind }) => kind).sort(), ['hang', 'rule', 'rule']);
});

test('whom: one watcher for each process; when it is killed the other one takes over', async (t) => {
  const token = uniqueToken();
  const target = await spawnProgram(t, idleServer, { args: [token] });
  const first = startWatch(t, [String(target.pid)]);
  await first.tells('that it watches', watching(target.pid));

  const refused = await runSleeper(['watch', String(target.pid)], {
    archive: makeDirectory(t, 'archive'),
  });
  assert.equal(refused.status, 1);
  assert.match(
    refused.stderr,
    new RegExp(`watched already, by process ${first.pid} \\(sleeper watch\\)`),
  );

  const second = startWatch(t, ['--name', token]);
  const left = await second.tells('to whom it leaves it', ({ event }) => event === 'left-to-other');
  assert.equal(left.owner?.pid, first.pid);
  await first.kill();
  await second.tells('that it watches now', watching(target.pid));
});

test('whom: what hangs is captured, whoever comes first', async (t) => {
  const token = uniqueToken();
  const watch = startWatch(t, ['--name', token, '--timeout', '1s', '--once']);
  const hanging = loadZooKind('hang/sync-loop');
  const target = await spawnProgram(t, hanging.program, { args: [token] });
  const captured = await watch.tells('the capture', ({ event }) => event === 'captured');
  assert.equal(captured.pid, target.pid);
  assert.equal(captured.verdict?.kind, 'js-busy');
  assert.deepEqual(await watch.exited, { status: 10, signal: null });
});

test('whom: nobody is named', async (t) => {
  const result = await runSleeper(['watch'], { archive: makeDirectory(t, 'archive') });
  assert.equal(result.status, 2);
  assert.match(result.stderr, /give a pid, --name or --all/);
});

test('whom: a process of another user is left out, not guessed at', async (t) => {
  const target = await spawnZoo(t, 'quiet/idle-server');
  const result = await runSleeper(['watch', String(target.pid)], {
    archive: makeDirectory(t, 'archive'),
    uid: 12_345,
  });
  assert.equal(result.status, 5, result.stderr);
});

test('whom: a target that becomes another user is watched on', async (t) => {
  const changeable = path.join(root, 'test/watch/programs/changeable.mjs');
  const target = spawnCommand(t, [process.execPath, changeable]);
  await target.expect(/^started/);
  const watch = startWatch(t, [String(target.pid), '--timeout', '1s', '--interval', '100ms']);
  await watch.tells('that it watches', watching(target.pid));
  target.say('nobody');
  await target.expect(/^uid 65534$/);
  target.say('hang');
  const { verdict } = await watch.tells('the hang', ({ event }) => event === 'captured');
  assert.equal(verdict?.kind, 'js-busy');
});

test('whom: --all is every node process there is, and those to come', async (t) => {
  // A pid namespace of its own, or this would watch all of the machine.
  const inside = spawnCommand(t, [
    'unshare',
    ...['--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c'],
    `"$0" "$1" & "$0" "$2" watch --all --json --interval 100ms --timeout 1s & read line; "$0" "$3" & wait`,
    process.execPath,
    idleServer,
    sleeperBin,
    loadZooKind('hang/sync-loop').program,
  ]);
  await inside.expect(/"event":"watching".*"pid":2,/);
  inside.say('');
  const [line] = await inside.expect(/.*"event":"captured".*/);
  const { pid, verdict } = JSON.parse(line) as Told;
  assert.ok(pid !== undefined && pid > 3);
  assert.equal(verdict?.kind, 'js-busy');
  const watched = inside.lines
    .filter((one) => one.startsWith('{"event":"watching"'))
    .map((one) => (JSON.parse(one) as Told).pid);
  assert.deepEqual(watched, [2, pid], 'and not the watcher itself');
});
