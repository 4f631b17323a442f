import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { namePartsOf, openArchive } from '#dist/archive/store.js';
import { encodeReport } from '#dist/encode/encode.js';
import { runSleeper } from '../harness/cli.ts';
import { reportsIn } from '../harness/reports-in.ts';
import { makeDirectory } from '../harness/spawn-target.ts';
import type { Owner } from '../harness/spawn-target.ts';
import { crashReport, hangReport } from '../view/reports.ts';

async function makeArchive(t: Owner): Promise<string> {
  const archive = makeDirectory(t, 'list');
  const older = { ...crashReport(), capturedAt: '2020-01-01T00:00:00.000Z' };
  for (const report of [older, hangReport()]) {
    const bytes = encodeReport(report);
    await openArchive(archive, {
      maxReports: 9,
      maxAgeMs: Infinity,
      maxBytes: 1e9,
      maxShare: 1,
      keepFreeShare: 0,
    }).seal(bytes, namePartsOf(report));
  }
  return archive;
}

suite('sleeper list', () => {
  test('a table, newest first', async (t) => {
    const archive = await makeArchive(t);
    const { stdout, status } = await runSleeper(['list'], { archive });
    const lines = stdout.trimEnd().split('\n');
    assert.equal(lines.length, 3);
    assert.match(lines[1] ?? '', /^2026-11-23 00:48 .*hang: js-busy .* 1f3a9c2e$/);
    assert.match(lines[2] ?? '', /^2020-01-01 00:00 .*uncaught-exception .* c0ffee00$/);
    assert.equal(status, 0);
  });

  test('--json: one object a line', async (t) => {
    const archive = await makeArchive(t);
    const { stdout } = await runSleeper(['list', '--json', '--last', '1'], { archive });
    const lines = stdout.trimEnd().split('\n');
    assert.equal(lines.length, 1);
    const entry = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    assert.equal(entry['id'], hangReport().id);
    assert.equal(entry['pid'], 4242);
    const { kind, summary, confidence } = hangReport().verdict;
    assert.deepEqual(entry['verdict'], { kind, summary, confidence });
    assert.ok((entry['functions'] as string[]).includes('priceOrder src/pricing.js:57'));
    assert.ok(fs.existsSync(String(entry['path'])));
  });

  test('an archive that is not there is empty, and is not created', async (t) => {
    const archive = path.join(makeDirectory(t, 'list'), 'none');
    const { stdout, status } = await runSleeper(['list'], { archive });
    assert.match(stdout, /^No reports in .*none\.\n$/);
    assert.equal(status, 0);
    assert.ok(!fs.existsSync(archive));
  });

  test('damaged and foreign files are told apart from reports', async (t) => {
    const archive = await makeArchive(t);
    fs.writeFileSync(path.join(archive, 'notes.txt'), 'x');
    fs.writeFileSync(path.join(archive, '20270101T000000Z-web1-7-hang-00000001.msgpack'), 'cut');
    const { stdout, stderr, status } = await runSleeper(['list'], { archive });
    assert.match(stdout.split('\n')[1] ?? '', /hang: unreadable .*00000001$/);
    assert.match(stderr, /skipped files: 1 not of sleeper/);
    assert.equal(status, 0);
  });
});

suite('sleeper prune', () => {
  test('--dry-run says what would go; without it, it goes', async (t) => {
    const archive = await makeArchive(t);
    const dry = await runSleeper(['prune', '--dry-run'], { archive });
    assert.match(dry.stdout, /^would delete 20200101T000000Z-.*-c0ffee00\.msgpack \(age\)\n$/);
    assert.equal(reportsIn(archive).length, 2);
    const wet = await runSleeper(['prune', '--json'], { archive });
    const gone = JSON.parse(wet.stdout) as Record<string, unknown>;
    assert.equal(gone['reason'], 'age');
    assert.equal(gone['deleted'], true);
    assert.equal(reportsIn(archive).length, 1);
    const again = await runSleeper(['prune'], { archive });
    assert.equal(again.stdout, 'Nothing to delete.\n');
  });

  test('a limit without its unit is a usage error', async (t) => {
    const archive = await makeArchive(t);
    for (const [option, value] of [
      ['--max-age', '30'],
      ['--max-size', '64'],
      ['--keep', '0'],
    ]) {
      const { status, stderr } = await runSleeper(['prune', option ?? '', value ?? ''], {
        archive,
      });
      assert.equal(status, 2);
      assert.match(stderr, /^sleeper: option '--/);
    }
    assert.equal(reportsIn(archive).length, 2);
  });

  test('an archive that others may write to is not touched', async (t) => {
    const archive = await makeArchive(t);
    fs.chmodSync(archive, 0o777);
    const { status, stderr } = await runSleeper(['prune'], { archive });
    assert.match(stderr, /others may write to it \(mode 0777\)/);
    assert.equal(status, 1);
    assert.equal(reportsIn(archive).length, 2);
  });
});
