import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decode as decodeIndependently } from '@msgpack/msgpack';
import { decodeHeader, decodeReport, headerKeys } from '#dist/encode/decode.js';
import { encodeReport } from '#dist/encode/encode.js';
import { limits } from '#dist/limits.js';
import type { Report, Value } from '#dist/report/schema.js';
import { assertStrictReport } from '../harness/schema-strict.ts';
import { report } from '../view/parts.ts';
import { crashReport, hangReport, sampleReports } from '../view/reports.ts';

/** What a report becomes on its way through a file: torn surrogates, which are no valid UTF-8, are replaced. */
function wellFormed(input: Report): unknown {
  return JSON.parse(JSON.stringify(input).replace(/\\ud800/g, '\ufffd'));
}

suite('a report through bytes and back', () => {
  for (const [name, build] of Object.entries(sampleReports)) {
    test(`${name}: our decoder gives the same object`, () => {
      const bytes = encodeReport(build());
      assert.deepEqual(decodeReport(bytes, name), wellFormed(build()));
      assertStrictReport(decodeReport(bytes, name));
    });

    test(`${name}: an independent MessagePack library gives the same object`, () => {
      assert.deepEqual(decodeIndependently(encodeReport(build())), wellFormed(build()));
    });
  }

  test('header fields come first, in their order, then the process', () => {
    const written = Object.keys(decodeIndependently(encodeReport(hangReport())) as object);
    assert.deepEqual(written.slice(0, headerKeys.length + 1), [...headerKeys, 'process']);
  });

  test('a header is read from the first bytes alone', () => {
    const header = decodeHeader(encodeReport(hangReport()).subarray(0, 1_200), 'a prefix');
    assert.equal(header.id, hangReport().id);
    assert.equal(header.verdict.kind, 'js-busy');
    assert.equal(header.signature, hangReport().signature);
  });

  test('fields of a newer version survive', () => {
    const newer = { ...report(), weather: { rain: [1, 2.5, -3, 2 ** 40, true, null, 'x'] } };
    assert.deepEqual(decodeReport(encodeReport(newer), 'it'), newer);
  });

  test('what MessagePack has no word for is left out', () => {
    const odd = { ...report(), absent: undefined, call: () => 1, not: Number.NaN, big: 5n };
    const decoded = decodeReport(encodeReport(odd), 'it');
    assert.deepEqual(decoded, { ...report(), big: '5' });
  });
});

suite('a report that is too large or too deep is cut, and says so', () => {
  test('a chain of a thousand causes', () => {
    const deep = crashReport();
    for (let depth = 0; depth < 1_000; depth++) {
      const { error } = deep;
      assert.ok(error);
      deep.error = { name: 'Error', message: `level ${depth}`, properties: [], cause: error };
    }
    const decoded = decodeReport(encodeReport(deep), 'deep');
    assert.equal(decoded.error?.message, 'level 999');
    assert.ok(decoded.error.cause);
  });

  test('values with millions of properties', () => {
    const huge = hangReport();
    const leaf: Value = { type: 'number', preview: '1' };
    const properties = Array.from({ length: 700 }, (_, i) => ({ name: `p${i}`, value: leaf }));
    const wide = Array.from({ length: 700 }, (_, i) => ({
      name: `v${i}`,
      value: { ...leaf, properties },
    }));
    huge.threads[0]?.frames[0]?.locals.push(...wide);
    const decoded = decodeReport(encodeReport(huge), 'huge');
    assert.match(decoded.missing[0]?.reason ?? '', /over-limit/);
    assert.equal(decoded.threads[0]?.frames[0]?.locals.length, 703);
    assert.ok(encodeReport(huge).length <= limits.maxReportBytes);
  });
});
