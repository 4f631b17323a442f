/** HTTP/2 requests under way, noted by the agent, as reports show them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePlace } from './flight-programs.ts';
import {
  act,
  dump,
  killWatched,
  requestsOf,
  settles,
  startProgram,
  wordsOf,
} from './noted-requests.ts';

const program = 'http2-requests.mjs';
/** Those whose diagnostics channels tell of streams. */
const nodes = ['22', '24', '26'] as const;
const client = 'client GET http://127.0.0.1';
const grpc = [
  'client POST http://127.0.0.1/shop.Orders/PlaceOrder 200',
  'server POST /shop.Orders/PlaceOrder 200',
];
const wait = ['client GET http://shop.example/slow/7', 'server GET /slow/7'];
const secret = [`${client}/slow/[redacted]`, 'server GET /slow/[redacted]'];

for (const node of nodes) {
  test(`streams under way on ${node}: begun, answered in part, without queries and secrets`, async (t) => {
    const target = await startProgram(t, makePlace(t), node, program);
    for (const word of ['grpc', 'wait', 'secret', 'push']) await act(target, word);
    const watch = [`${client}/shop.Orders/Watch 200`, 'server GET /shop.Orders/Watch 200'];
    const pushed = [`${client}/pushed`, 'server GET /pushed'];
    await settles(target, [...grpc, ...wait, ...secret, ...watch, ...pushed]);
    await act(target, 'answer');
    await settles(target, []);
  });

  test(`streams on ${node} that are reset, fail, were aborted, or go with their session are over`, async (t) => {
    const target = await startProgram(t, makePlace(t), node, program);
    for (const word of ['grpc', 'wait']) await act(target, word);
    await settles(target, [...grpc, ...wait]);
    for (const word of ['cancel', 'fails', 'aborted', 'quick']) await act(target, word);
    await settles(target, grpc);
    await act(target, 'destroy');
    await settles(target, []);
    await act(target, 'again');
    await act(target, 'wait');
    await settles(target, wait);
  });

  test(`a stream on ${node} of fetch is noted once; no code of the program runs`, async (t) => {
    const target = await startProgram(t, makePlace(t), node, program);
    await act(target, 'fetch');
    await settles(target, [`${client}/slow/fetch`, 'server GET /slow/fetch']);
    await act(target, 'strange');
    await settles(target, [
      ...[client, `${client}/slow/fetch`],
      ...['server GET /slow/fetch', 'server GET /slow/strange'],
    ]);
    // Node itself has asked for its text.
    assert.equal(target.lines.filter((line) => line === 'ran').length, 1);
  });
}

test('streams stand in a report, and in the last words', async (t) => {
  const place = makePlace(t);
  const target = await startProgram(t, place, '24', program);
  for (const word of ['grpc', 'secret']) await act(target, word);
  await settles(target, [...grpc, ...secret]);
  const expected = [...grpc, ...secret].sort();
  const live = await dump(target, place);
  assert.deepEqual(wordsOf(live.httpRequests ?? []), expected);
  const { httpRequests = [], verdict } = await killWatched(t, target, place);
  assert.deepEqual(wordsOf(httpRequests), expected);
  const told = verdict.evidence.map(({ text }) => text).join('\n');
  assert.match(told, /HTTP request in work: POST \/shop\.Orders\/PlaceOrder, begun/);
});

test('Node 20 does not tell of streams', async (t) => {
  const target = await startProgram(t, makePlace(t), '20', program);
  for (const word of ['wait', 'quick']) await act(target, word);
  assert.deepEqual(requestsOf(target), []);
});
