/** What keeps a process alive, and whose code hears of it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { readProcess } from '#dist/reader/read.js';
import type { Handle, Report, Verdict } from '#dist/report/schema.js';
import { runSleeper } from '../harness/cli.ts';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { makeDirectory, spawnProgram } from '../harness/spawn-target.ts';

const file = path.join(root, 'test/loop/programs/kept-alive.mjs');
const lines = fs.readFileSync(file, 'utf8').split('\n');

function heard(handle: Handle | undefined): unknown[] {
  return (handle?.listeners ?? []).map(({ event, function: name, file: where, line = 0 }) => {
    assert.equal(where, `file://${file}`);
    assert.ok(lines[line - 1]?.includes(`// @${name}`), `line ${line} is that of ${name}`);
    return [event, name];
  });
}

for (const node of nodeNames)
  test(`handles have their owners, and the functions that listen, on Node.js ${node}`, async (t) => {
    const target = await spawnProgram(t, file, { node });
    const pid = Number((await target.expect(/^\d+$/))[0]);
    const { activity, missing } = await readProcess(target.pid, { deadlineMs: 60_000 });
    assert.deepEqual(missing, []);
    const handles = (activity?.handles ?? []).filter(
      ({ tid, internal, ref, active }) =>
        tid === target.pid && internal !== true && ref === true && active === true,
    );
    const of = (owner: string | undefined): Handle[] =>
      handles.filter((one) => one.owner === owner);
    assert.deepEqual(heard(of('Server')[0]), [['request', 'onRequest']]);
    assert.deepEqual(heard(of('FSWatcher')[0]), [['change', 'onChange']]);
    assert.deepEqual(heard(of('ChildProcess')[0]), [['exit', 'onExit']]);
    assert.deepEqual(heard(of('MessagePort')[0]), [['message', 'onBus']]);
    const [output] = of('Socket');
    assert.deepEqual(output?.childStream, { pid, name: 'stdout' });
    assert.deepEqual(heard(output), [['data', 'onOutput']]);
    assert.deepEqual(
      of(undefined).map(({ type }) => type),
      ['async'],
      'that of the Worker belongs to no object',
    );
  });

/** What keeps a process alive, by its verdict. */
async function toldOf(t: TestContext, pid: number): Promise<{ verdict: Verdict; told: string[] }> {
  const { stdout } = await runSleeper(
    ['dump', String(pid), '--json', '--no-archive', '--deadline', '60s'],
    { archive: makeDirectory(t, 'archive'), deadlineMs: 120_000 },
  );
  const { verdict } = JSON.parse(stdout) as Report;
  assert.equal(verdict.kind, 'idle', verdict.summary);
  const told = verdict.evidence.flatMap(
    ({ text }) => /^keeps it alive: (.*)$/.exec(text)?.[1] ?? [],
  );
  return { verdict, told };
}

for (const node of nodeNames)
  test(`a connection is told by the request that is under way on it, on Node.js ${node}`, async (t) => {
    const server = net.createServer((socket) => socket.on('error', () => {}));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const clients = new Set<net.Socket>();
    server.on('connection', (socket) => clients.add(socket));
    t.after(() => {
      for (const one of clients) one.destroy();
      server.close();
    });
    const { port } = server.address() as net.AddressInfo;
    const asks = path.join(root, 'test/loop/programs/asks.cjs');
    const { pid } = await spawnProgram(t, asks, { node, args: [String(port)] });
    const { verdict, told } = await toldOf(t, pid);
    const asked = `ClientRequest {GET http://127.0.0.1:${port}/orders/7}`;
    const connection = `a connection to 127.0.0.1:${port} for ${asked}`;
    assert.ok(
      verdict.summary.includes(`kept alive by ${connection} and a timer of 30 s.`),
      verdict.summary,
    );
    assert.ok(told.includes(connection), told.join('\n'));
    assert.ok(
      told.some((text) => text.startsWith(`a timer of 30 s for ${asked}, giveUp at `)),
      told.join('\n'),
    );
  });

test('an idle process is told by what keeps it alive', async (t) => {
  const target = await spawnProgram(t, file);
  const [pid = ''] = await target.expect(/^\d+$/);
  const { verdict, told } = await toldOf(t, target.pid);
  const server = /a server at 127\.0\.0\.1:\d+/.source;
  assert.match(
    verdict.summary,
    new RegExp(
      `kept alive by ${server}, child ${pid} \\(tail -f /dev/null --pid=${target.pid}\\), a Worker and 3 more`,
    ),
  );
  const places = told.map((text) => text.replace(/:\d+/g, '').replace(/ at \S*kept-alive.mjs/, ''));
  assert.deepEqual(places.toSorted(), [
    'a MessagePort, message → onBus',
    'a Worker',
    'a server at 127.0.0.1, request → onRequest',
    'an FSWatcher (.), change → onChange',
    'an interval of 60 s, refresh',
    `child ${pid} (tail -f /dev/null --pid=${target.pid}), exit → onExit`,
  ]);
});

test('children that wait for us are told', async (t) => {
  const target = await spawnProgram(t, path.join(root, 'test/loop/programs/children.mjs'));
  const [line = ''] = await target.expect(/^\d+ \d+ \d+$/);
  const [writes, sorts, works] = line.split(' ');
  const { verdict, told } = await toldOf(t, target.pid);
  assert.deepEqual(
    told.filter((text) => text.startsWith('child')).map((text) => text.replace(/, exit → .*/, '')),
    [
      `child ${writes} (node -e for (;;) fs.writeSync(1, "x".repeat(65536)), blocked: its stdout is not read)`,
      `child ${sorts} (sort, waits for more on its stdin)`,
      `child ${works} (tail -f /dev/null --pid=${target.pid})`,
    ],
  );
  assert.match(
    verdict.summary,
    /kept alive by child \d+ \(node -e .*, blocked: its stdout is not read\)/,
  );
});

test('the program behind a shell is told, and how to look at it', async (t) => {
  const target = await spawnProgram(t, path.join(root, 'test/loop/programs/shell.mjs'));
  const [, shell = '', child = ''] = await target.expect(/^(\d+) (\d+)$/);
  const { verdict } = await toldOf(t, target.pid);
  assert.match(
    verdict.summary,
    new RegExp(`kept alive by child ${shell} \\(sh -c .*\\), which waits for ${child} \\(node -e `),
  );
  assert.equal(verdict.advice, `See what the child does: sleeper dump ${child}`);
});
