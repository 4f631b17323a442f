/** What a watcher serves and tells its own supervisor: metrics, health, systemd. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { sleeperBin } from '../harness/paths.ts';
import { makeDirectory } from '../harness/spawn-target.ts';
import { spawnZoo } from '../harness/spawn-zoo.ts';
import { waitFor } from '../harness/wait.ts';
import { startWatch } from './watching.ts';

async function freePort(t: TestContext): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  await new Promise((resolve) => server.close(resolve));
  t.diagnostic(`port ${address.port}`);
  return address.port;
}

/** Samples of one metric: labels and value. */
function samplesOf(text: string, name: string): [string, number][] {
  const pattern = new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm');
  return [...text.matchAll(pattern)].map(([, labels, value]) => [labels ?? '', Number(value)]);
}

test('metrics: of the watcher and its targets, health while it watches', async (t) => {
  const port = await freePort(t);
  const idle = await spawnZoo(t, 'quiet/idle-server');
  const hanging = await spawnZoo(t, 'hang/sync-loop');
  const watch = startWatch(t, [
    String(idle.pid),
    String(hanging.pid),
    '--timeout',
    '1s',
    '--metrics-port',
    String(port),
  ]);
  const get = (file: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${file}`);
  await watch.tells('the report', ({ event }) => event === 'captured');
  assert.equal((await get('/healthz')).status, 200);
  assert.equal((await get('/readyz')).status, 200);
  assert.equal((await get('/other')).status, 404);
  await (await get('/metrics')).text();
  // Rates are from question to question.
  const text = await waitFor('both have a utilization', async () => {
    const answer = await (await get('/metrics')).text();
    return samplesOf(answer, 'nodejs_eventloop_utilization').length === 2 ? answer : null;
  });
  const labels = (pid: number): string => `pid="${pid}",name="node"`;
  const valueOf = (name: string, pid: number): number =>
    samplesOf(text, name).find(([found]) => found === labels(pid))?.[1] ?? NaN;
  assert.deepEqual(samplesOf(text, 'sleeper_targets'), [['', 2]]);
  assert.equal(valueOf('sleeper_target_in_trouble', hanging.pid), 1);
  assert.equal(valueOf('sleeper_target_in_trouble', idle.pid), 0);
  assert.ok(valueOf('sleeper_target_stalled_seconds', hanging.pid) >= 1);
  assert.equal(valueOf('nodejs_eventloop_utilization', hanging.pid), 1);
  assert.ok(valueOf('nodejs_eventloop_utilization', idle.pid) < 0.5);
  assert.ok(valueOf('process_cpu_time_seconds_total', hanging.pid) > 0.1);
  assert.ok(valueOf('process_memory_usage_bytes', idle.pid) > 1 << 20);
  assert.ok(valueOf('process_open_file_descriptor_count', idle.pid) > 3);
  assert.deepEqual(samplesOf(text, 'sleeper_captures_total'), [
    ['rule="loop",outcome="sealed",verdict="js-busy"', 1],
  ]);
  watch.signal('SIGTERM');
  assert.deepEqual(await watch.exited, { status: 0, signal: null });
});

test('metrics: a port that is taken is told at once', async (t) => {
  const idle = await spawnZoo(t, 'quiet/idle-server');
  const port = await freePort(t);
  const first = startWatch(t, [String(idle.pid), '--metrics-port', String(port)]);
  await first.tells('that it watches', ({ event }) => event === 'watching');
  const other = await spawnZoo(t, 'quiet/idle-server');
  const second = startWatch(t, [String(other.pid), '--metrics-port', String(port)]);
  assert.equal((await second.exited).status, 2);
  assert.match(second.lines.join('\n'), new RegExp(`127\\.0\\.0\\.1:${port}: EADDRINUSE`));
});

/** A datagram socket such as systemd's. Node.js has none; python3 is needed to build the addon anyway. */
const listener = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(s.recv(4096).decode(), flush=True)
`;

test('systemd: ready, status, signs of life while it turns and none while it stands still', async (t) => {
  const directory = makeDirectory(t, 'notify');
  const socket = path.join(directory, 'notify');
  const manager = spawn('python3', ['-c', listener, socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => manager.kill('SIGKILL'));
  const told: string[] = [];
  createInterface({ input: manager.stdout }).on('line', (line) => told.push(line));
  await waitFor('the socket is bound', () => told.includes('bound'));
  const idle = await spawnZoo(t, 'quiet/idle-server');
  const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '300000', SLEEPER_ARCHIVE: directory };
  const watch = spawn(process.execPath, [sleeperBin, 'watch', String(idle.pid)], {
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
  t.after(() => watch.kill('SIGKILL'));
  await waitFor('it is ready', () => told.includes('READY=1'));
  await waitFor('its status is told', () => told.includes('STATUS=watching 1 process'));
  const signs = (): number => told.filter((line) => line === 'WATCHDOG=1').length;
  const before = signs();
  await waitFor('it gives signs of life', () => signs() >= before + 3);
  watch.kill('SIGTERM');
  await waitFor('it says that it ends', () => told.includes('STOPPING=1'));
});
