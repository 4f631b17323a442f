/** The client of the agent against a server that answers well, badly, late and not at all; then against a real agent. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { SocketAgentClient, connectAgent } from '#dist/probe/agent.js';
import { makeDirectory } from '../harness/spawn-target.ts';
import { spawnZoo } from '../harness/spawn-zoo.ts';

/** A client connected to a server that does this with each line. */
async function converse(
  t: TestContext,
  answer: (line: string, socket: net.Socket) => void,
): Promise<SocketAgentClient> {
  const file = path.join(makeDirectory(t, 'agent'), 'socket');
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      answer(data.toString(), socket);
    });
  });
  server.listen(file);
  await once(server, 'listening');
  const socket = net.connect(file);
  await once(socket, 'connect');
  const client = new SocketAgentClient(socket);
  // The client must not keep a process alive; the test has to stay until it has answered.
  const stay = setInterval(() => undefined, 1000);
  t.after(() => {
    clearInterval(stay);
    client.close();
    server.close();
  });
  return client;
}

const good =
  '{"ok":true,"isolates":[{"tid":7,"workerId":0,"address":"0x7f00","loopUs":120},{"tid":9,"address":"0x8","loopUs":null}]}\n';

test('agent: a probe, in pieces, twice', async (t) => {
  const client = await converse(t, (line, socket) => {
    assert.deepEqual(JSON.parse(line), { op: 'probe', timeoutMs: 50 });
    socket.write(good.slice(0, 30));
    setImmediate(() => socket.write(good.slice(30)));
  });
  for (let round = 0; round < 2; round++) {
    const answer = await client.probe(50);
    assert.ok(answer.known);
    assert.deepEqual(
      answer.value.map(({ tid, address, loopUs }) => [tid, address, loopUs]),
      [
        [7, 0x7f00, 120],
        [9, 8, null],
      ],
    );
  }
});

const bad: readonly (readonly [name: string, text: string, reason: RegExp])[] = [
  ['a refusal', '{"ok":false,"error":"busy"}\n', /busy/],
  ['no JSON', 'hello\n', /not JSON/],
  ['something else', '{"ok":true,"isolates":[{"tid":"x"}]}\n', /something else/],
  [
    'an address that is none',
    '{"ok":true,"isolates":[{"tid":1,"address":"bad","loopUs":1}]}\n',
    /something else/,
  ],
];
for (const [name, text, reason] of bad) {
  test(`agent: ${name}`, async (t) => {
    const client = await converse(t, (_line, socket) => socket.write(text));
    const answer = await client.probe(50);
    assert.ok(!answer.known);
    assert.match(answer.reason, reason);
  });
}

test('agent: an endless answer is cut off', async (t) => {
  const client = await converse(t, (_line, socket) => {
    const more = (): void => {
      if (!socket.destroyed) socket.write('x'.repeat(1 << 16), more);
    };
    more();
  });
  const answer = await client.probe(5_000);
  assert.deepEqual(answer, { known: false, reason: 'the answer is too long' });
});

test('agent: silence ends with the time, and the conversation with it', async (t) => {
  const client = await converse(t, () => undefined);
  assert.match(JSON.stringify(await client.probe(10)), /no answer within/);
  assert.match(JSON.stringify(await client.probe(10)), /no answer within/, 'not asked again');
});

test('agent: hanging up', async (t) => {
  const client = await converse(t, (_line, socket) => socket.destroy());
  assert.equal((await client.probe(5_000)).known, false);
});

test('agent: a real one', async (t) => {
  const target = await spawnZoo(t, 'quiet/idle-server', { agent: true });
  const client = connectAgent(target.pid);
  t.after(() => {
    client.close();
  });
  assert.deepEqual(await client.allow(1_000), { known: true, value: true });
  const answer = await client.probe(2_000);
  assert.ok(answer.known, JSON.stringify(answer));
  const main = answer.value.find(({ tid }) => tid === target.pid);
  assert.equal(typeof main?.loopUs, 'number');
});

test('agent: a process without one', async (t) => {
  const target = await spawnZoo(t, 'quiet/idle-server');
  assert.throws(() => connectAgent(target.pid), { code: 'ERR_SLEEPER_NO_AGENT' });
});
