/** HTTP requests under way, noted by the agent, as reports show them. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { readFlight } from '#dist/probe/flight-file.js';
import type { FlightRequest } from '#dist/probe/flight-layout.js';
import { agentRegister, root } from '../harness/paths.ts';
import { runSleeper, startSleeper } from '../harness/cli.ts';
import { nodeBinary, nodeNames } from '../harness/node-versions.ts';
import { type Owner, type Target, spawnCommand } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import { type Place, makePlace, reports } from './flight-programs.ts';

const program = path.join(root, 'test/agent/programs/requests.mjs');

async function start(
  owner: Owner,
  place: Place,
  node: (typeof nodeNames)[number],
): Promise<Target> {
  const command = [nodeBinary(node), '--require', agentRegister, program] as const;
  const target = spawnCommand(owner, command, { env: place.env });
  await target.expect(/^ready$/);
  return target;
}

async function act(target: Target, word: string): Promise<void> {
  target.say(word);
  await target.expect(new RegExp(`^done ${word}$`));
}

function requestsOf(target: Target): readonly FlightRequest[] {
  return readFlight(target.pid)?.requests ?? [];
}

/** `server GET /path`, without the port; sorted. */
function wordsOf(requests: readonly FlightRequest[]): string[] {
  return requests
    .map(({ kind, method, url, status }) =>
      [kind, method, url.replace(/:\d+/, ''), ...(status === null ? [] : [status])].join(' '),
    )
    .sort();
}

async function settles(target: Target, expected: readonly string[]): Promise<void> {
  let seen: string[] = [];
  try {
    await waitFor('the table is right', () => {
      seen = wordsOf(requestsOf(target));
      return JSON.stringify(seen) === JSON.stringify(expected);
    });
  } catch {
    assert.deepEqual(seen, expected);
  }
}

test('a token in a path is known by the host before it, and by what SLEEPER_REDACT says', async (t) => {
  const place = makePlace(t);
  place.env['SLEEPER_REDACT'] = '/tenant-\\d+/';
  const target = await start(t, place, '20');
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
    const target = await start(t, makePlace(t), node);
    await act(target, 'fetch');
    await act(target, 'get');
    await act(target, 'post');
    const client = 'client GET http://127.0.0.1';
    const body = [`${client}/slow/body/7 200`, 'server GET /slow/body/7'];
    await settles(
      target,
      [
        `${client}/slow/fetch`,
        'client POST http://127.0.0.1/slow/[redacted]',
        'server GET /slow/fetch',
        'server POST /slow/[redacted]',
        ...body,
      ].sort(),
    );
    await act(target, 'abort');
    await settles(
      target,
      [
        'client POST http://127.0.0.1/slow/[redacted]',
        'server POST /slow/[redacted]',
        ...body,
      ].sort(),
    );
    await act(target, 'answer');
    await act(target, 'quick');
    await settles(target, []);
  });
}

test('more requests than there is room for: the oldest stay; a report and the last words have them', async (t) => {
  const place = makePlace(t);
  const target = await start(t, place, '26');
  await act(target, 'post');
  await settles(target, [
    'client POST http://127.0.0.1/slow/[redacted]',
    'server POST /slow/[redacted]',
  ]);
  await act(target, 'many');
  await waitFor('the table is full', () => requestsOf(target).length === 64);
  const { status, stdout, stderr } = await runSleeper(
    ['dump', String(target.pid), '--json'],
    place,
  );
  assert.ok(status === 0 || status === 10, stderr);
  const [line = ''] = stdout.trim().split('\n');
  const { httpRequests } = JSON.parse(line) as { httpRequests: FlightRequest[] };
  assert.deepEqual(
    [httpRequests.length, httpRequests[0]?.method, httpRequests[0]?.kind],
    [64, 'POST', 'client'],
  );
  const watch = startSleeper(t, ['watch', String(target.pid), '--interval', '50ms'], place);
  await watch.expect(/watching process/);
  target.signal('SIGKILL');
  await watch.exited;
  const report = reports(place).find(({ trigger }) => trigger.kind === 'vanished');
  assert.ok(report !== undefined, watch.lines.join('\n'));
  assert.equal(report.httpRequests?.length, 64);
});
