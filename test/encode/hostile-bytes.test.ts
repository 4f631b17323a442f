import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encode as encodeIndependently } from '@msgpack/msgpack';
import { decodeReport } from '#dist/encode/decode.js';
import { encodeReport } from '#dist/encode/encode.js';
import { SleeperError } from '#dist/errors.js';
import type { ErrorCode } from '#dist/errors.js';
import { limits } from '#dist/limits.js';
import { type Report, formatVersion } from '#dist/report/schema.js';
import { report } from '../view/parts.ts';
import { hangReport } from '../view/reports.ts';

function assertRefused(bytes: Uint8Array, pattern: RegExp, code?: ErrorCode): void {
  assert.throws(
    () => decodeReport(bytes, 'evil.msgpack'),
    (error) => {
      assert.ok(error instanceof SleeperError, String(error));
      assert.equal(error.code, code ?? 'ERR_SLEEPER_NOT_A_REPORT');
      assert.match(error.message, /evil\.msgpack/);
      assert.match(error.message, pattern);
      return true;
    },
  );
}

/** As format 1 was written: one map. */
function encodeV1(of: Report): Buffer {
  return Buffer.from(encodeIndependently({ ...of, formatVersion: 1, minReaderVersion: 1 }));
}

suite('bytes that are no report', () => {
  test('bytes behind the end', () => {
    assertRefused(Buffer.concat([encodeV1(report()), Buffer.from([0xc0])]), /bytes follow/);
    const behind = Buffer.concat([encodeReport(report()), Buffer.from([0xc0, 1, 2])]);
    assert.deepEqual(decodeReport(behind, 'it'), report());
  });

  const cases: Record<string, [Uint8Array, RegExp]> = {
    nothing: [Buffer.alloc(0), /it was cut/],
    'a gzip file of nothing': [gzipSync(''), /it was cut/],
    'a gzip bomb': [gzipSync(Buffer.alloc(limits.maxReportBytes + 1)), /it unpacks to more than/],
    text: [Buffer.from('{"id":1}'), /does not begin with a MessagePack map/],
    'no gzip file': [Buffer.from([0x1f, 0x8b, 8, 0]), /it was cut|cannot be unpacked/],
    'an empty map': [Buffer.from([0x80]), /it was cut/],
    'an array of 4294967295 elements': [
      Buffer.from([0x81, 0xa1, 0x61, 0xdd, 255, 255, 255, 255]),
      /cut/,
    ],
    'a map of 4294967295 entries': [Buffer.from([0xdf, 255, 255, 255, 255, 0xa1, 0x61]), /cut/],
    'a string of 4294967295 bytes': [Buffer.from([0x81, 0xdb, 255, 255, 255, 255]), /cut/],
    'a key that is a map': [
      Buffer.from([0x81, 0x81, 0xa1, 0x61, 1, 1]),
      /key that is not a string/,
    ],
    'a key that is a number': [Buffer.from([0x81, 0x01, 0x01]), /key that is not a string/],
    'an extension': [Buffer.from([0x81, 0xa1, 0x61, 0xd4, 0x72, 0x40]), /0xd4 begins no value/],
    'the byte never used': [Buffer.from([0x81, 0xa1, 0x61, 0xc1]), /0xc1 begins no value/],
    'too deep': [
      Buffer.concat([
        Buffer.from([0x81, 0xa1, 0x61]),
        Buffer.alloc(100_000, 0x91),
        Buffer.from([0]),
      ]),
      /nested deeper than/,
    ],
    'too many values': [
      Buffer.concat([
        Buffer.from([0x81, 0xa1, 0x61, 0xdd, 0, 0x2d, 0xc6, 0xc0]),
        Buffer.alloc(3_000_000, 0x80),
      ]),
      /more than 2000000 values/,
    ],
    'too many bytes': [Buffer.alloc(limits.maxReportBytes + 1), /bytes, and a report has/],
  };
  for (const [name, [bytes, pattern]] of Object.entries(cases)) {
    test(name, () => {
      assertRefused(bytes, pattern);
    });
  }
});

suite('maps that are nearly a report', () => {
  test('the first wrong field is named by its path', () => {
    const wrong = hangReport() as unknown as { threads: { frames: { line: unknown }[] }[] };
    const [frame] = wrong.threads[0]?.frames ?? [];
    assert.ok(frame);
    frame.line = 'forty-two';
    assertRefused(encodeIndependently(wrong), /threads\.0\.frames\.0\.line: expected number/);
  });

  test('__proto__ pollutes nothing', () => {
    const entry = Buffer.from([
      ...Buffer.from([0xa9]),
      ...Buffer.from('__proto__'),
      0x81,
      0xa1,
      0x78,
      1,
    ]);
    const bytes = encodeV1(report());
    // The outermost map is a map 16: one more entry at its front.
    assert.equal(bytes[0], 0xde);
    const count = bytes.readUInt16BE(1) + 1;
    const evil = Buffer.concat([
      Buffer.from([0xde, count >> 8, count & 255]),
      entry,
      bytes.subarray(3),
    ]);
    const decoded = decodeReport(evil, 'evil.msgpack') as unknown as Record<string, unknown>;
    assert.equal(decoded['x'], undefined);
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
    assert.equal(Object.getPrototypeOf(decoded), Object.prototype);
  });
});

suite('formats that are newer', () => {
  test('one that we cannot read says so, whatever else it holds', () => {
    const future = { formatVersion: 9, minReaderVersion: formatVersion + 1, id: 5 };
    assertRefused(
      encodeIndependently(future),
      /needs a reader of format 3/,
      'ERR_SLEEPER_FORMAT_TOO_NEW',
    );
  });

  test('one that we can read is opened, with a kind that we do not know', () => {
    const future = { ...report(), formatVersion: formatVersion + 1 };
    const verdict = { ...future.verdict, kind: 'gremlins' };
    const decoded = decodeReport(encodeIndependently({ ...future, verdict }), 'it');
    assert.equal(decoded.verdict.kind, 'gremlins');
  });

  test('of our own format an unknown kind is refused', () => {
    const { verdict } = report();
    const wrong = { ...report(), verdict: { ...verdict, kind: 'gremlins' } };
    assertRefused(encodeIndependently(wrong), /verdict\.kind/);
  });
});
