/** The signature of real trouble stays the same when the program is edited above it, moved, and built anew; and only then. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { openArchive } from '#dist/archive/store.js';
import type { Report } from '#dist/report/schema.js';
import { runSleeper } from '../harness/cli.ts';
import { makeDirectory, spawnProgram } from '../harness/spawn-target.ts';
import type { Owner } from '../harness/spawn-target.ts';

const hang = `import fs from 'node:fs';
function applyDiscount(order) {
  let sum = 0;
  for (;;) sum = (sum + order.price) % 1000;
}
function priceOrder(order) {
  return applyDiscount(order) + 1;
}
fs.writeSync(3, '.');
priceOrder({ price: 7 });
`;
const crash = `import fs from 'node:fs';
class OrderError extends Error { name = 'OrderError'; }
function checkOrder(order) {
  if (order.price < 0) throw new OrderError('a price of ' + order.price);
}
function placeOrder(order) {
  checkOrder(order);
}
fs.writeSync(3, '.');
setImmediate(() => placeOrder({ price: -Number(process.argv[2] ?? 1) }));
`;

/** Forty lines above, another function between, other blanks: what an ordinary commit does to the lines below. */
function edited(program: string): string {
  const [first = '', ...rest] = program.split('\n');
  const notes = Array.from({ length: 40 }, (_, index) => `// note ${index}`);
  const [head = '', ...tail] = rest.join('\n').split(/(?=^function (?:priceOrder|placeOrder))/m);
  return [first, ...notes, head, 'function unrelated() {\n  return 1;\n}\n', '\n\n', ...tail].join(
    '\n',
  );
}

/** The program as the file of a release in a directory of its own. */
function release(t: Owner, name: string, text: string): string {
  const directory = path.join(makeDirectory(t, 'release'), name, 'src');
  fs.mkdirSync(directory, { recursive: true });
  const file = path.join(directory, 'orders.mjs');
  fs.writeFileSync(file, text);
  return file;
}

async function signatureOfHang(
  t: Owner,
  file: string,
): Promise<{ signature: string; line: number }> {
  const { pid } = await spawnProgram(t, file);
  const { stdout } = await runSleeper(['dump', '--json', '--no-archive', String(pid)], {
    archive: makeDirectory(t, 'archive'),
  });
  const { signature, threads, verdict } = JSON.parse(stdout) as Report;
  assert.equal(verdict.kind, 'js-busy');
  const frame = threads[0]?.frames.find((one) => one.function === 'priceOrder');
  return { signature, line: frame?.line ?? 0 };
}

async function signatureOfCrash(t: Owner, file: string, price: string): Promise<string> {
  const archive = makeDirectory(t, 'archive');
  const target = await spawnProgram(t, file, {
    agent: true,
    args: [price],
    env: { SLEEPER_ARCHIVE: archive },
  });
  await target.exited;
  const { signature, verdict } = await openArchive(archive).read('last');
  assert.equal(verdict.kind, 'uncaught-exception');
  return signature;
}

suite('signatures of real programs', () => {
  test('a hang: the same when lines have shifted and the release lies elsewhere', async (t) => {
    const before = await signatureOfHang(t, release(t, 'v1.0', hang));
    const after = await signatureOfHang(t, release(t, 'v1.1', edited(hang)));
    assert.ok(after.line > before.line + 40, `${before.line} → ${after.line}`);
    assert.match(before.signature, /^js-busy applyDiscount@orders\.mjs #[0-9a-f]{10}$/);
    assert.equal(after.signature, before.signature);
    const renamed = hang.replaceAll('priceOrder', 'priceCart');
    assert.notEqual(
      (await signatureOfHang(t, release(t, 'v2', renamed))).signature,
      before.signature,
    );
  });

  test('a crash: the same also with another message', async (t) => {
    const before = await signatureOfCrash(t, release(t, 'v1.0', crash), '1');
    const after = await signatureOfCrash(t, release(t, 'v1.1', edited(crash)), '2');
    assert.match(before, /^uncaught-exception checkOrder@orders\.mjs #/);
    assert.equal(after, before);
    const other = crash.replaceAll('OrderError', 'StockError');
    assert.notEqual(await signatureOfCrash(t, release(t, 'v2', other), '1'), before);
  });
});
