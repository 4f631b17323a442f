/** Of descriptors that tasks wait for the other end is told, or the path. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { describeTaskEnds } from '#dist/probe/task-ends.js';
import { makeDirectory } from '../harness/spawn-target.ts';

const task = (awaits: string | number) => ({
  id: 1,
  function: 'run',
  locals: [],
  arguments: [],
  awaitedBy: [],
  awaits,
});

test('what is behind the descriptors that tasks wait for', async (t) => {
  const file = path.join(makeDirectory(t, 'ends'), 'file');
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const fd = fs.openSync(file, 'w');
  t.after(() => {
    fs.closeSync(fd);
    socket.destroy();
    server.close();
  });
  const own = (socket as unknown as { _handle: { fd: number } })._handle.fd;
  const peer = `peer 127.0.0.1:${port}`;
  const expected: readonly [string, string][] = [
    ['the next chunk of Socket {fd S}', `the next chunk of Socket {fd S, ${peer}}`],
    ['Socket {fd S to db.internal} to end', `Socket {fd S to db.internal, ${peer}} to end`],
    ['(fs read: fd F)', `(fs read: fd F, ${file})`],
    [`ReadStream {${file}, fd F}`, `ReadStream {${file}, fd F}`],
    ['Socket {fd 999999}', 'Socket {fd 999999}'],
    ['a timer of 5 ms', 'a timer of 5 ms'],
  ];
  const real = (words: string): string =>
    words.replaceAll('fd S', `fd ${own}`).replaceAll('fd F', `fd ${fd}`);
  const told = describeTaskEnds(
    process.pid,
    [...expected.map(([words]) => real(words)), 7].map((awaits) => task(awaits)),
  );
  assert.deepEqual(
    told.map(({ awaits }) => awaits),
    [...expected.map(([, words]) => real(words)), 7],
  );
});
