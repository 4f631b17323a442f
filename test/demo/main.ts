/**
 * `npm run demo`: three acts with a real HTTP server and the real command. Ends with status 0 only when every act
 * has produced a report with the verdict it should have.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Report } from '#dist/report/schema.js';
import { root, sleeperBin } from '../harness/paths.ts';
import {
  call,
  callInVain,
  expectLine,
  explain,
  heading,
  killAll,
  listReports,
  say,
  serviceFile,
  start,
  viewLast,
  waitForReport,
} from './act.ts';

const stallLimit = '2s';
const shop = { customer: 'Ada', lines: [{ sku: 'lamp', quantity: 2 }] };

interface Outcome {
  readonly title: string;
  readonly file: string;
  readonly verdict: Report['verdict']['kind'];
  readonly expected: Report['verdict']['kind'];
}

/** Acts 1 and 2: a stock node without anything of ours in it, watched from outside. */
async function watchedAct(
  title: string,
  archive: string,
  expected: Outcome['expected'],
  evil: { route: string; body: unknown },
): Promise<Outcome> {
  explain(
    'the service is a plain `node order-service.mjs`: nothing is loaded into it, no port is opened',
  );
  const service = start('service', [serviceFile], archive);
  const address = await expectLine(service, /(http:\S+)/);
  await call(address, 'POST', '/orders', { ...shop, coupon: 'SPRING10' });
  await call(address, 'GET', '/orders');

  explain(`somebody watches it: sleeper watch ${String(service.pid)} --timeout ${stallLimit}`);
  const watch = start(
    'watch  ',
    [sleeperBin, 'watch', String(service.pid), '--timeout', stallLimit],
    archive,
  );
  await expectLine(watch, /(watching process)/);
  explain('and then this request comes in');
  const abort = callInVain(address, evil.route, evil.body);
  const file = await expectLine(watch, /"report":"([^"]+)"/);

  const report = await viewLast(archive);
  explain('the service is ended; the watch notices and ends too');
  service.child.kill('SIGKILL');
  abort.abort();
  await service.exited;
  await watch.exited;
  return { title, file, verdict: report.verdict.kind, expected };
}

/** Act 3: the agent inside, because only the inside has the error that was thrown. */
async function crashAct(title: string, archive: string): Promise<Outcome> {
  explain('this time it is started with the agent: sleeper run -- node order-service.mjs');
  const before = listReports(archive);
  const service = start(
    'service',
    [sleeperBin, 'run', '--', process.execPath, serviceFile],
    archive,
  );
  const address = await expectLine(service, /(http:\S+)/);
  await call(address, 'POST', '/orders', { ...shop, coupon: 'CLEARANCE' });
  explain('the customer pays with a card that has expired');
  await call(address, 'POST', '/payments', {
    orderId: 'A-1001',
    card: { last4: '4242', expires: '2024-11' },
  });
  const status = await service.exited;
  explain(`the service has died with status ${String(status)}, as it would have without us`);
  const file = await waitForReport(archive, before);
  const report = await viewLast(archive);
  return { title, file, verdict: report.verdict.kind, expected: 'uncaught-exception' };
}

/** How a user would type the command from here. */
function tell(outcomes: readonly Outcome[], archive: string): void {
  heading('Look again');
  for (const { title, file, verdict, expected } of outcomes) {
    const remark = verdict === expected ? '' : `   (expected ${expected})`;
    say(`  ${title}: ${verdict}${remark}\n    ${file}`);
  }
  const bin = path.relative(process.cwd(), sleeperBin) || sleeperBin;
  say(`
  node ${bin} list --archive ${archive}
  node ${bin} view last --archive ${archive}
  node ${bin} view ${outcomes[0]?.file ?? '<file>'} --json
`);
}

async function main(): Promise<boolean> {
  const archive =
    process.env['SLEEPER_ARCHIVE'] ?? fs.mkdtempSync(path.join(os.tmpdir(), 'sleeper-demo-'));
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'sleeper-demo-fifo-'));
  process.chdir(root);
  try {
    const fifo = path.join(scratch, 'north-supplier.fifo');
    execFileSync('mkfifo', [fifo]);
    const first = 'Act 1: a loop without end in a nested function';
    heading(first);
    const looping = await watchedAct(first, archive, 'js-busy', {
      route: '/orders',
      body: {
        customer: 'Eve',
        lines: [{ sku: 'desk', quantity: 1 }, ...shop.lines],
        coupon: 'WELCOME',
      },
    });
    const second = 'Act 2: blocked in a native call';
    heading(second);
    const blocked = await watchedAct(second, archive, 'sync-io', {
      route: '/imports',
      body: { supplier: 'north', path: fifo },
    });
    const third = 'Act 3: an exception that nobody catches';
    heading(third);
    const outcomes = [looping, blocked, await crashAct(third, archive)];
    tell(outcomes, archive);
    return outcomes.every(({ verdict, expected }) => verdict === expected);
  } finally {
    killAll();
    fs.rmSync(scratch, { recursive: true, force: true });
    fs.rmSync(`${archive}.runtime`, { recursive: true, force: true });
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killAll();
    process.exit(1);
  });
}
process.exitCode = (await main()) ? 0 : 1;
