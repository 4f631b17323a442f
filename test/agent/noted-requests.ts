/** Programs whose requests the agent notes, and what stands in the table of their recorder. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { readFlight } from '#dist/probe/flight-file.js';
import type { FlightRequest } from '#dist/probe/flight-layout.js';
import { type NodeName, nodeBinary } from '../harness/node-versions.ts';
import { agentRegister, root } from '../harness/paths.ts';
import { runSleeper, startSleeper } from '../harness/cli.ts';
import { type Owner, type Target, spawnCommand } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import type { HttpRequest, Report } from '#dist/report/schema.js';
import { type Place, reports } from './flight-programs.ts';

/** Starts a program of test/agent/programs/. */
export async function startProgram(
  owner: Owner,
  place: Place,
  node: NodeName,
  program: string,
): Promise<Target> {
  const file = path.join(root, 'test/agent/programs', program);
  const command = [nodeBinary(node), '--require', agentRegister, file] as const;
  const target = spawnCommand(owner, command, { env: place.env });
  await target.expect(/^ready$/);
  return target;
}

/** Has it do something; waits until it says that it has. */
export async function act(target: Target, line: string): Promise<void> {
  const timesDone = (): number => target.lines.filter((one) => one === `done ${line}`).length;
  const before = timesDone();
  target.say(line);
  await waitFor(`"${line}" is done`, () => timesDone() > before);
}

export function requestsOf(target: Target): readonly FlightRequest[] {
  return readFlight(target.pid)?.requests ?? [];
}

/** `server GET /path 200`, without the port, with `worker 3` at the end when it is a Worker's; sorted. */
export function wordsOf(requests: readonly (FlightRequest | HttpRequest)[]): string[] {
  return requests
    .map(({ kind, method, url, status = null, workerId = 0 }) =>
      [
        ...[kind, method, url.replace(/:\d+/, '')],
        ...(status === null ? [] : [status]),
        ...(workerId === 0 ? [] : ['worker', workerId]),
      ].join(' '),
    )
    .sort();
}

/** Waits until the table holds these, and nothing else. */
export async function settles(target: Target, expected: readonly string[]): Promise<void> {
  const wanted = [...expected].sort();
  let seen: string[] = [];
  try {
    await waitFor('the table is right', () => {
      seen = wordsOf(requestsOf(target));
      return JSON.stringify(seen) === JSON.stringify(wanted);
    });
  } catch {
    assert.deepEqual(seen, wanted);
  }
}

/** What a live capture says. */
export async function dump(target: Target, place: Place): Promise<Report> {
  const { status, stdout, stderr } = await runSleeper(
    ['dump', String(target.pid), '--json'],
    place,
  );
  assert.ok(status === 0 || status === 10, stderr);
  const [line = ''] = stdout.trim().split('\n');
  return JSON.parse(line) as Report;
}

/** Kills it under the eyes of a watcher, who makes the report of its end. */
export async function killWatched(owner: Owner, target: Target, place: Place): Promise<Report> {
  const watch = startSleeper(owner, ['watch', String(target.pid), '--interval', '50ms'], place);
  await watch.expect(/watching process/);
  target.signal('SIGKILL');
  await watch.exited;
  const report = reports(place).find(({ trigger }) => trigger.kind === 'vanished');
  assert.ok(report !== undefined, watch.lines.join('\n'));
  return report;
}
