/** HTTP requests under way in Workers: one table for all threads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { readFlight } from '#dist/probe/flight-file.js';
import type { FlightRequest } from '#dist/probe/flight-layout.js';
import { runSleeper } from '../harness/cli.ts';
import { nodeNames } from '../harness/node-versions.ts';
import { waitFor } from '../harness/wait.ts';
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

const program = 'worker-requests.mjs';
const places = 64;
const oneOfWorker = [
  'client GET http://127.0.0.1/slow/of-1/0 worker 1',
  'server GET /slow/of-1/0 worker 1',
];
const oneOfMain = ['client GET http://127.0.0.1/slow/of-0/0', 'server GET /slow/of-0/0'];

/** Text and number of each have been written by the same thread. */
function isOfItsThread(requests: readonly FlightRequest[]): void {
  for (const { kind, method, url, workerId } of requests) {
    const path =
      kind === 'client' ? url.replace(/^http:\/\/(127\.0\.0\.1:\d+|round\.example)/, '') : url;
    assert.match(
      `${method} ${path}`,
      new RegExp(`^GET /(slow|silent)/of-${String(workerId)}/\\d+$`),
    );
  }
}

for (const node of nodeNames.filter((name) => name !== '18')) {
  test(`requests of a Worker on ${node} are noted with its number, and go with it`, async (t) => {
    const target = await startProgram(t, makePlace(t), node, program);
    await act(target, 'start');
    await act(target, 'slow 1');
    await act(target, 'worker 1 slow 1');
    await settles(target, [...oneOfMain, ...oneOfWorker]);
    await act(target, 'terminate 1');
    await settles(target, oneOfMain);
    // All its places are there for others.
    await act(target, 'start');
    await act(target, 'worker 2 silent 70');
    await waitFor('the table is full', () => requestsOf(target).length === places);
    assert.equal(requestsOf(target).filter(({ workerId }) => workerId === 2).length, places - 2);
    await act(target, 'terminate 2');
    await act(target, 'silent 70');
    await waitFor('the table is full again', () => requestsOf(target).length === places);
    assert.ok(requestsOf(target).every(({ workerId }) => workerId === 0));
  });

  test(`Workers on ${node} that are stopped in the middle of a record leave no place taken`, async (t) => {
    const target = await startProgram(t, makePlace(t), node, program);
    for (let number = 1; number <= 8; number += 1) {
      await act(target, 'start');
      await act(target, `worker ${number} storm`);
      await act(target, `terminate ${number}`);
      const record = readFlight(target.pid);
      assert.deepEqual([record?.requests, record?.torn], [[], 0]);
    }
    await act(target, 'silent 70');
    await waitFor('the table is full', () => requestsOf(target).length === places);
  });

  test(`threads on ${node} that want the last places at once get different ones`, async (t) => {
    const target = await startProgram(t, makePlace(t), node, program);
    await act(target, 'start');
    await act(target, 'start');
    await act(target, `silent ${places - 3}`);
    await waitFor('they are noted', () => requestsOf(target).length === places - 3);
    const before = wordsOf(requestsOf(target));
    target.say('workers rounds 40000');
    while (!target.lines.includes('done workers rounds 40000')) {
      isOfItsThread(requestsOf(target));
      await setImmediate();
    }
    await settles(target, before);
  });

  test(`threads on ${node} that fill the table at once do not disturb each other`, async (t) => {
    const target = await startProgram(t, makePlace(t), node, program);
    await act(target, 'start');
    await act(target, 'start');
    await act(target, 'workers slow 5');
    await waitFor('they are noted', () => requestsOf(target).length === 20);
    const before = wordsOf(requestsOf(target));
    await act(target, 'workers quick 600');
    await settles(target, before);
    await act(target, 'workers slow 50');
    await waitFor('the table is full', () => requestsOf(target).length === places);
    const requests = requestsOf(target);
    isOfItsThread(requests);
    assert.equal(new Set(wordsOf(requests)).size, places);
    const full = wordsOf(requests);
    assert.ok(before.every((words) => full.includes(words)));
    await act(target, 'workers answer');
    await settles(target, []);
  });
}

test('a report, the view of it and the last words say whose requests they are', async (t) => {
  const place = makePlace(t);
  const target = await startProgram(t, place, '20', program);
  await act(target, 'start');
  await act(target, 'slow 1');
  await act(target, 'worker 1 slow 1');
  const expected = [...oneOfMain, ...oneOfWorker].sort();
  await settles(target, expected);
  const live = await dump(target, place);
  assert.deepEqual(wordsOf(live.httpRequests ?? []), expected);
  const { stdout } = await runSleeper(['view', 'last'], place);
  assert.match(stdout, /server GET \/slow\/of-1\/0, .* old, worker 1/);
  assert.match(stdout, /server GET \/slow\/of-0\/0, .* old$/m);
  const { httpRequests = [], verdict } = await killWatched(t, target, place);
  assert.deepEqual(wordsOf(httpRequests), expected);
  const told = verdict.evidence.map(({ text }) => text).join('\n');
  assert.match(told, /HTTP request in work: GET \/slow\/of-1\/0 \(worker 1\), begun/);
});
