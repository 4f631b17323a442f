/** Real files of every past format, made by the program as it then was. The folder is append-only. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { readHeader, readReport } from '#dist/archive/read.js';
import type { Report } from '#dist/report/schema.js';
import { formatVersion } from '#dist/report/schema.js';
import { renderReport } from '#dist/view/render.js';
import { root } from '../harness/paths.ts';
import { assertStrictReport } from '../harness/schema-strict.ts';

const formats = path.join(root, 'test/formats');

/** What is known of the program behind a file, whatever the format; files of the same name hold the same trouble. */
const known: Readonly<Record<string, (report: Report, text: string) => void>> = {
  'hang.msgpack': (report, text) => {
    assert.equal(report.verdict.kind, 'js-busy');
    const frame = report.threads[0]?.frames.find((one) => one.function === 'applyDiscount');
    assert.ok(frame);
    assert.equal(frame.line, 5);
    assert.deepEqual(
      frame.arguments.map(({ name }) => name),
      ['fullPrice', 'coupon'],
    );
    assert.equal(report.samples?.length, 2);
    for (const { threads } of report.samples) {
      assert.equal((threads as { tid: number; call: string }[])[0]?.tid, report.process.pid);
      assert.equal((threads as { tid: number; call: string }[])[0]?.call, 'running');
    }
    assert.match(text, /applyDiscount\(fullPrice=499/);
    assert.match(text, /\[redacted\]/);
  },
  'uncaught-exception.msgpack': (report, text) => {
    assert.equal(report.verdict.kind, 'uncaught-exception');
    assert.equal(report.error?.name, 'OrderError');
    assert.match(report.error.cause?.message ?? '', /ECONNREFUSED 10\.0\.0\.7/);
    assert.match(text, /OrderError: Cannot place order A-17/);
  },
};

suite('reports of past formats', () => {
  for (let version = 1; version < formatVersion; version++) {
    const directory = path.join(formats, `v${version}`);
    test(`format ${version} has files`, () => {
      assert.deepEqual(fs.readdirSync(directory).sort(), Object.keys(known).sort());
    });
    for (const [name, check] of Object.entries(known)) {
      test(`format ${version}, ${name}: opens in the shape of today, and is shown`, async () => {
        const file = path.join(directory, name);
        const report = assertStrictReport(await readReport(file));
        assert.equal(report.formatVersion, formatVersion);
        check(report, renderReport(report, { color: false, width: 100, full: true }));
        const header = await readHeader(file);
        assert.equal(header.id, report.id);
        assert.equal(header.formatVersion, version, 'a header tells what the file was written in');
      });
    }
  }
});
