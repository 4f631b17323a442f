import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { decodeMulti } from '@msgpack/msgpack';
import { decodeHeader, decodeReport } from '#dist/encode/decode.js';
import { encodeReport, encodeSections } from '#dist/encode/encode.js';
import type { Report } from '#dist/report/schema.js';
import { root } from '../harness/paths.ts';
import { assertStrictReport } from '../harness/schema-strict.ts';
import { report } from '../view/parts.ts';
import { crashReport, hangReport, sampleReports } from '../view/reports.ts';
import { readPlainly } from './plain-reader.ts';

/** What a report becomes on its way through a file: torn surrogates, which are no valid UTF-8, are replaced. */
function wellFormed(input: Report): unknown {
  return JSON.parse(JSON.stringify(input).replace(/\\ud800/g, '\ufffd'));
}

/** Reports of real processes, in the shape of today. */
function realReport(name: string): Report {
  return decodeReport(fs.readFileSync(path.join(root, 'test/formats/v1', name)), name);
}

/** The hostile one has more than 8 MiB. */
function encodeWhole(of: Report): Buffer {
  return encodeReport(of, { maxBytes: 32 << 20 });
}

const builders: Readonly<Record<string, () => Report>> = {
  ...sampleReports,
  'a real hang': () => realReport('hang.msgpack'),
  'a real crash': () => realReport('uncaught-exception.msgpack'),
  'many frames in two threads': () => {
    const many = hangReport();
    const [frame] = many.threads[0]?.frames ?? [];
    assert.ok(frame);
    for (const thread of many.threads.slice(0, 2)) {
      thread.frames = Array.from({ length: 300 }, (_, index) => ({ ...frame, line: index + 1 }));
    }
    return { ...many, verdict: { ...many.verdict, thread: many.threads[1]?.tid ?? 0 } };
  },
  'lists that are empty': () => ({ ...report(), threads: [], tasks: [], missing: [], samples: [] }),
};

suite('a report through bytes and back', () => {
  for (const [name, build] of Object.entries(builders)) {
    test(`${name}: our decoder gives the same object`, () => {
      const bytes = encodeWhole(build());
      assert.deepEqual(decodeReport(bytes, name), wellFormed(build()));
      assertStrictReport(decodeReport(bytes, name));
    });

    test(`${name}: a reader of another make gives the same object`, () => {
      assert.deepEqual(readPlainly(encodeWhole(build())), wellFormed(build()));
    });

    test(`${name}: compressed, the same`, () => {
      assert.deepEqual(decodeReport(gzipSync(encodeWhole(build())), name), wellFormed(build()));
    });
  }

  test('most valuable first: the guilty thread stands before the others, whatever its place', () => {
    const hang = hangReport();
    hang.verdict.thread = hang.threads[1]?.tid ?? 0;
    const heads = [...decodeMulti(encodeReport(hang))].filter((_, index) => index % 2 === 0);
    const names = (heads as { section: string }[]).map(({ section }) => section);
    assert.deepEqual(
      [...new Set(names)],
      [
        'report',
        'verdict',
        'process',
        'missing',
        'guilty thread',
        'threads',
        'event loop',
        'environment',
        'rest',
        'end',
      ].filter((name) => name !== 'missing' || hang.missing.length > 0),
    );
    assert.deepEqual(decodeReport(encodeReport(hang), 'it'), hang);
  });

  test('each section is there before the next is made', () => {
    let bytes = Buffer.alloc(0);
    let sections = 0;
    for (const section of encodeSections(crashReport())) {
      bytes = Buffer.concat([bytes, section]);
      sections += 1;
      if (sections < 4) continue;
      const { missing, ...read } = decodeReport(bytes, 'so far');
      assert.deepEqual(read.verdict, crashReport().verdict);
      assert.deepEqual(read.error, crashReport().error);
      assert.ok(missing.length > 0 || bytes.equals(encodeReport(crashReport())));
    }
    assert.ok(sections > 5);
  });

  test('fields are printed in one order, that of the schema', () => {
    const keys = Object.keys(decodeReport(encodeReport(hangReport()), 'it'));
    assert.deepEqual(keys.slice(0, 5), [
      'id',
      'formatVersion',
      'minReaderVersion',
      'capturedAt',
      'durationMs',
    ]);
  });

  test('a header is read from the first bytes alone', () => {
    const bytes = encodeReport(hangReport()).subarray(0, 1_400);
    for (const prefix of [bytes, gzipSync(bytes).subarray(0, -8)]) {
      const header = decodeHeader(prefix, 'a prefix');
      assert.equal(header.id, hangReport().id);
      assert.equal(header.verdict.kind, 'js-busy');
      assert.equal(header.signature, hangReport().signature);
    }
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

  test('a chain of a thousand causes is cut', () => {
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
});
