/** HTTP requests under way, noted by the agent, as reports show them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
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

const program = 'requests.mjs';

test('a token in a path is known by the host before it, and by what SLEEPER_REDACT says', async (t) => {
  const place = makePlace(t);
  place.env['SLEEPER_REDACT'] = '/tenant-\\d+/';
  const target = await startProgram(t, place, '20', program);
  await act(target, 'webhook');
  await act(target, 'tenant');
  await waitFor('all have begun', () => requestsOf(target).length === 4);
  const [tenant, webhook, ...served] = wordsOf(requestsOf(target));
  assert.equal(tenant, 'client GET http://127.0.0.1/slow/[redacted]');
  assert.equal(webhook, 'client GET http://hooks.slack.com/services/[redacted]');
  assert.ok(served.includes('server GET /slow/[redacted]'));
});

for (const node of nodeNames.filter((name) => name !== '18')) {
  test(`requests under way on ${node}: begun, answered in part, aborted, ended; without their queries`, async (t) => {
    const target = await startProgram(t, makePlace(t), node, program);
    await act(target, 'fetch');
    await act(target, 'get');
    await act(target, 'post');
    const client = 'client GET http://127.0.0.1';
    const body = [`${client}/slow/body/7 200`, 'server GET /slow/body/7'];
    const post = ['client POST http://127.0.0.1/slow/[redacted]', 'server POST /slow/[redacted]'];
    await settles(target, [`${client}/slow/fetch`, 'server GET /slow/fetch', ...post, ...body]);
    await act(target, 'abort');
    await settles(target, [...post, ...body]);
    await act(target, 'answer');
    await act(target, 'quick');
    await settles(target, []);
  });
}

test('more requests than there is room for: the oldest stay; a report and the last words have them', async (t) => {
  const place = makePlace(t);
  const target = await startProgram(t, place, '26', program);
  await act(target, 'post');
  await settles(target, [
    'client POST http://127.0.0.1/slow/[redacted]',
    'server POST /slow/[redacted]',
  ]);
  await act(target, 'many');
  await waitFor('the table is full', () => requestsOf(target).length === 64);
  const { httpRequests = [] } = await dump(target, place);
  assert.deepEqual(
    [httpRequests.length, httpRequests[0]?.method, httpRequests[0]?.kind],
    [64, 'POST', 'client'],
  );
  const report = await killWatched(t, target, place);
  assert.equal(report.httpRequests?.length, 64);
});
