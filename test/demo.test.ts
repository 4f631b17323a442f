/** The demo, as a user runs it: every act must have named function, line and values. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { runSleeper } from './harness/cli.ts';
import { ownFrames } from './harness/expect-report.ts';
import { findVariableMismatches } from './harness/expect-value.ts';
import { root } from './harness/paths.ts';
import { assertStrictReport } from './harness/schema-strict.ts';
import { makeDirectory } from './harness/spawn-target.ts';
import type { Owner } from './harness/spawn-target.ts';
import type { Report } from '#dist/report/schema.js';

const service = path.join(root, 'test/demo/order-service.mjs');
const deadlineMs = 120_000;

function runDemo(archive: string): Promise<{ output: string; status: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(root, 'test/out/demo/main.js')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', SLEEPER_ARCHIVE: archive },
      timeout: deadlineMs,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    child.once('error', reject);
    child.once('close', (status) => {
      resolve({ output, status });
    });
  });
}

async function readReports(owner: Owner, archive: string): Promise<Map<string, Report>> {
  const elsewhere = makeDirectory(owner, 'other-archive');
  const reports = new Map<string, Report>();
  for (const name of fs.readdirSync(archive).filter((file) => file.endsWith('.msgpack'))) {
    const view = await runSleeper(['view', path.join(archive, name), '--json'], {
      archive: elsewhere,
    });
    const report = assertStrictReport(JSON.parse(view.stdout));
    reports.set(report.verdict.kind, report);
  }
  return reports;
}

/** Line numbers (from 1) of the service on which a text stands. */
function linesWith(text: string): number[] {
  const lines = fs.readFileSync(service, 'utf8').split('\n');
  return lines.flatMap((line, index) => (line.includes(text) ? [index + 1] : []));
}

test('the demo shows three troubles with function, line and values', async (t) => {
  const archive = makeDirectory(t, 'archive');
  const { output, status } = await runDemo(archive);
  assert.equal(status, 0, output);
  const reports = await readReports(t, archive);
  assert.deepEqual([...reports.keys()].sort(), ['js-busy', 'sync-io', 'uncaught-exception']);

  const main = reports.get('js-busy')?.threads.find((thread) => thread.kind === 'main');
  assert.ok(main);
  const [top, caller] = ownFrames(main, service);
  assert.ok(top && caller);
  assert.equal(top.function, 'applyDiscount');
  const [first = 0] = linesWith('while (price > coupon.target)');
  assert.ok(top.line !== undefined && top.line >= first && top.line < first + 5, String(top.line));
  const coupon = { $class: 'Coupon', code: 'WELCOME', percent: 0, target: 100 };
  const mayBeAbsent = ['factor', 'history', 'price', 'round'];
  assert.deepEqual(
    [
      ...findVariableMismatches(top.arguments, { fullPrice: 499, coupon }, [], 'applyDiscount'),
      ...findVariableMismatches(
        top.locals,
        { factor: 1, price: 499 },
        mayBeAbsent,
        'applyDiscount',
      ),
      ...findVariableMismatches(caller.arguments, { couponCode: 'WELCOME' }, [], 'priceOrder'),
      ...findVariableMismatches(
        caller.locals,
        { coupon, subtotal: 499, shipping: 0, fullPrice: 499 },
        [],
        'priceOrder',
      ),
    ],
    [],
  );

  const blocked = reports.get('sync-io')?.threads.find((thread) => thread.kind === 'main');
  assert.ok(blocked);
  const [reading] = ownFrames(blocked, service);
  assert.equal(reading?.function, 'readSupplierList');
  assert.deepEqual([reading.line], linesWith('fs.readSync('));
  assert.deepEqual(
    findVariableMismatches(reading.arguments, { supplier: { name: 'north' } }, [], 'reading'),
    [],
  );

  const error = reports.get('uncaught-exception')?.error;
  assert.equal(error?.name, 'PaymentError');
  assert.equal(error.message, 'order A-1001 cannot be paid');
  assert.equal(error.cause?.message, 'card ending in 4242 has expired');

  for (const words of [
    'applyDiscount',
    'readSupplierList',
    'PaymentError',
    'view last --archive',
  ]) {
    assert.ok(output.includes(words), `the demo does not show ${words}`);
  }
});
