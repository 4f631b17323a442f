/** The event loop of real programs, against what the programs say they hold. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import type { TestContext } from 'node:test';
import { describeDescriptors } from '#dist/probe/sockets.js';
import { readProcess } from '#dist/reader/read.js';
import type { LoopActivity, ProcessReading } from '#dist/reader/reading.js';
import type { Handle, Request, Timer } from '#dist/report/schema.js';
import type { NodeName } from '../harness/node-versions.ts';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import type { Target } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';

const programs = path.join(root, 'test/loop/programs');
const loopProgram = path.join(programs, 'loop.mjs');
const workerProgram = path.join(programs, 'loop-worker.mjs');

/** What loop.mjs prints of itself. */
interface Held {
  readonly serverPort: number;
  readonly clientPort: number;
  readonly sixPort: number;
  readonly unixPath: string;
  readonly udpPort: number;
  readonly childPid: number;
  readonly watched: string;
  readonly workerPort: number;
  readonly fifos: readonly { readonly fifo: string; readonly fd: number }[];
}

interface Sight {
  readonly target: Target;
  readonly held: Held;
  readonly reading: ProcessReading;
  readonly activity: LoopActivity;
  readonly handles: readonly Handle[];
  readonly requests: readonly Request[];
}

async function look(t: TestContext, node: NodeName, mode: 'idle' | 'busy'): Promise<Sight> {
  const target = await spawnProgram(t, loopProgram, {
    node,
    args: [mode],
    env: { UV_THREADPOOL_SIZE: '2' },
  });
  const held = JSON.parse((await target.expect(/^\{.*\}$/))[0]) as Held;
  return { target, held, ...(await read(target)) };
}

async function read(target: Target): Promise<Omit<Sight, 'target' | 'held'>> {
  const reading = await readProcess(target.pid, { deadlineMs: 10_000 });
  const { activity } = reading;
  assert.ok(activity, 'the event loop was read');
  assert.deepEqual(reading.missing, []);
  return {
    reading,
    activity,
    ...describeDescriptors(target.pid, activity.handles, activity.requests),
  };
}

/** The line of a file that carries `// @marker`. */
function lineOf(file: string, marker: string): number {
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  const line = lines.findIndex((text) => text.includes(`// @${marker}`)) + 1;
  assert.ok(line > 0, `@${marker} is in ${file}`);
  return line;
}

function handleAt(handles: readonly Handle[], address: string): Handle[] {
  return handles.filter((handle) => handle.address === address);
}

function assertSockets({ handles, requests, held, target }: Sight): void {
  const local = (port: number) => `127.0.0.1:${port}`;
  const [server, accepted, ...others] = handleAt(handles, local(held.serverPort));
  assert.deepEqual(others, []);
  assert.deepEqual(
    [server?.type, server?.state, server?.active, server?.ref, server?.peer],
    ['tcp', 'listening', true, true, undefined],
  );
  assert.equal(accepted?.peer, local(held.clientPort));
  assert.equal(accepted.active, false, 'it was paused');
  assert.ok((accepted.unreadBytes ?? 0) > 0, 'bytes wait to be read');
  const [client] = handleAt(handles, local(held.clientPort));
  assert.deepEqual([client?.state, client?.peer], ['connected', local(held.serverPort)]);
  assert.equal(client?.tid, target.pid);
  const write = requests.find(({ type }) => type === 'write');
  assert.deepEqual(
    [write?.state, write?.fd, write?.peer, write?.count],
    ['waiting', client.fd, local(held.serverPort), 1],
  );
  assert.ok((client.pendingBytes ?? 0) > 1 << 20, 'most of 16 MiB was not taken');
  assert.equal(write?.pendingBytes, client.pendingBytes);
  assert.equal(handleAt(handles, `[::1]:${held.sixPort}`)[0]?.state, 'listening');
  const [unix] = handleAt(handles, held.unixPath);
  assert.deepEqual([unix?.type, unix?.state], ['pipe', 'listening']);
  assert.equal(handleAt(handles, local(held.udpPort))[0]?.type, 'udp');
}

function assertOtherHandles({ handles, held, reading, target }: Sight): void {
  const child = handles.find(({ type }) => type === 'process');
  assert.equal(child?.pid, held.childPid);
  assert.equal(handles.find(({ type }) => type === 'fs-event')?.path, held.watched);
  const signals = handles.filter(({ type, internal }) => type === 'signal' && internal !== true);
  assert.deepEqual(
    signals.map(({ signal, ref }) => ({ signal, ref })),
    [{ signal: 'SIGUSR2', ref: false }],
  );
  const driver = handles.find(
    ({ type, internal, tid }) => type === 'timer' && internal === true && tid === target.pid,
  );
  assert.ok(driver?.timeoutMs !== undefined && driver.timeoutMs <= 60_000);
  const [server] = handleAt(handles, `127.0.0.1:${held.workerPort}`);
  const worker = reading.threads.find(({ kind }) => kind === 'worker');
  assert.deepEqual([server?.state, server?.tid], ['listening', worker?.tid]);
  const { loop } = reading;
  const counted = handles.filter(
    ({ active, ref, tid }) => active === true && ref === true && tid === target.pid,
  );
  assert.equal(counted.length, loop?.activeHandles, 'as many as libuv counts');
}

function assertPool({ activity, requests, held, target }: Sight): void {
  const { threadpool } = activity;
  assert.deepEqual(
    [threadpool?.size, threadpool?.running, threadpool?.idle, threadpool?.queued],
    [2, 2, 0, 8],
  );
  assert.equal(threadpool?.slowQueued, 1);
  assert.ok(threadpool.threads.every(({ doing }) => doing === 'fs read'));
  const reads = requests.filter(({ operation }) => operation === 'read');
  assert.deepEqual(
    reads.map(({ fd, file, tid }) => ({ fd, file, tid })).sort((a, b) => (a.fd ?? 0) - (b.fd ?? 0)),
    held.fifos.map(({ fd, fifo }) => ({ fd, file: fifo, tid: target.pid })),
  );
  const running = reads.filter(({ state }) => state === 'running');
  assert.deepEqual(
    running.map(({ poolTid }) => poolTid).sort(),
    threadpool.threads.map(({ tid }) => tid).sort(),
  );
  assert.deepEqual(
    running.map(({ fd }) => fd).sort(),
    held.fifos.slice(0, 2).map(({ fd }) => fd),
  );
  const others = requests.filter(
    ({ state, operation }) => state === 'queued' && operation !== 'read',
  );
  assert.deepEqual(
    others.map(({ type, operation, path: file, newPath, host }) => [
      type,
      operation,
      file,
      newPath,
      host,
    ]),
    [
      ['fs', 'stat', '/no/such/file', undefined, undefined],
      ['fs', 'rename', '/no/such/file', '/no/such/other', undefined],
      ['work', 'zlib', undefined, undefined, undefined],
      ['work', 'crypto', undefined, undefined, undefined],
      ['getaddrinfo', undefined, undefined, undefined, 'localhost'],
    ],
  );
}

function assertTimers({ activity, reading, target }: Sight): void {
  const worker = reading.threads.find(({ kind }) => kind === 'worker')?.tid;
  const rows = activity.timers.map(
    ({ kind, count, delayMs, repeat, ref, function: name, file, line, tid }) =>
      ({ kind, count, delayMs, repeat, ref, name, file, line, tid }) satisfies Record<
        string,
        unknown
      >,
  );
  const row = (
    kind: Timer['kind'],
    name: string,
    marker: string,
    rest: object,
    file: string = loopProgram,
  ) => ({
    kind,
    count: 1,
    repeat: kind === 'interval',
    ref: true,
    name,
    file: `file://${file}`,
    line: lineOf(file, marker),
    tid: target.pid,
    ...rest,
  });
  assert.deepEqual(
    rows.filter(({ kind }) => kind !== 'immediate'),
    [
      row('interval', 'heartbeat', 'heartbeat', { count: 3, delayMs: 60_000 }),
      row('timeout', '(anonymous)', 'arrow', { delayMs: 90_000 }),
      row('timeout', 'expire', 'expire', { delayMs: 3_600_000.5, ref: false }),
      row('interval', 'workerTick', 'workerTick', { delayMs: 45_000, tid: worker }, workerProgram),
    ],
  );
}

for (const node of nodeNames)
  suite(`event loop of Node.js ${node}`, () => {
    test('an idle program: handles, requests, timers, and a pool at its limit', async (t) => {
      const sight = await look(t, node, 'idle');
      assertSockets(sight);
      assertOtherHandles(sight);
      assertPool(sight);
      assertTimers(sight);
      sight.target.say('go on');
      await sight.target.expect(/^released$/);
      const { activity, requests } = await waitFor('the pool is idle', async () => {
        const later = await read(sight.target);
        return later.activity.threadpool?.idle === 2 && later;
      });
      assert.deepEqual(
        activity.threadpool?.threads.map(({ state }) => state),
        ['idle', 'idle'],
      );
      assert.equal(activity.threadpool.queued, 0);
      assert.deepEqual(
        requests.filter(({ type }) => type !== 'write'),
        [],
      );
    });

    test('a program that never comes back: the same, and what it left for later', async (t) => {
      const sight = await look(t, node, 'busy');
      assertSockets(sight);
      assertOtherHandles(sight);
      assertPool(sight);
      assertTimers(sight);
      const immediates = sight.activity.timers.filter(({ kind }) => kind === 'immediate');
      assert.deepEqual(
        immediates.map(({ count, function: name, line }) => ({ count, name, line })),
        [{ count: 1, name: 'later', line: lineOf(loopProgram, 'later') }],
      );
    });

    test('a program that never set a timer: it has none, and what it left for later is known', async (t) => {
      const file = path.join(programs, 'never-timed.cjs');
      const target = await spawnProgram(t, file, { node });
      const { activity } = await read(target);
      assert.deepEqual(
        activity.timers.map(({ kind, function: name, line }) => ({ kind, name, line })),
        [{ kind: 'immediate', name: 'later', line: lineOf(file, 'later') }],
      );
      assert.deepEqual(
        activity.handles.filter(({ type, internal }) => type === 'timer' && internal !== true),
        [],
      );
    });
  });
