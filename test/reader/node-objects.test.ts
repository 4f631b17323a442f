/** Node's own requests, responses, sockets and servers, told in one line; compared with what the program says of them. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { nodeNames } from '../harness/node-versions.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { frameOf, mainThread, program, read, valueOf } from './reading.ts';

for (const node of nodeNames)
  suite(`objects of Node.js ${node} itself`, () => {
    test('requests, responses, sockets, servers', async (t) => {
      const target = await spawnProgram(t, program('http-objects.cjs'), { node });
      const [line] = await target.expect(/^\{.*\}$/);
      const fds = JSON.parse(line) as Record<'server' | 'accepted' | 'made' | 'port', number>;
      const frame = frameOf(mainThread(await read(target.pid), target.pid), 'look');
      const told = (name: string) => valueOf(frame, name).preview;
      assert.equal(told('request'), 'IncomingMessage {POST /orders/17?x=1}');
      assert.equal(told('response'), 'ServerResponse {202, headers sent, to POST /orders/17?x=1}');
      assert.equal(
        told('asked'),
        `ClientRequest {POST http://127.0.0.1:${fds.port}/orders/17?x=1, answered 202}`,
      );
      assert.equal(
        told('answer'),
        `IncomingMessage {202 to POST http://127.0.0.1:${fds.port}/orders/17?x=1}`,
      );
      assert.equal(told('server'), `Server {listening, fd ${fds.server}, 1 connections}`);
      assert.equal(told('accepted'), `Socket {fd ${fds.accepted}}`);
      assert.equal(told('made'), `Socket {fd ${fds.made}}`);
      assert.equal(valueOf(frame, 'made').fd, fds.made);
      assert.equal(told('idle'), 'Socket {no descriptor: not open, or closed}');
      const { place } = valueOf(frame, 'handler');
      assert.deepEqual([place?.file, place?.line], [program('http-objects.cjs'), 7]);
    });
  });
