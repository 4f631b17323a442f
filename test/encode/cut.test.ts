/** Files whose writer, disk or process died, and files that a disk changed. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { decodeHeader, decodeReport } from '#dist/encode/decode.js';
import { encodeReport, encodeSections } from '#dist/encode/encode.js';
import { SleeperError } from '#dist/errors.js';
import { root } from '../harness/paths.ts';
import type { Report } from '#dist/report/schema.js';
import { renderReport } from '#dist/view/render.js';
import { hangReport, syncIoReport } from '../view/reports.ts';

/** Every byte of large reports takes minutes: SLEEPER_TEST_CUTS=all. Else every byte near the seams, and every 97th. */
const everywhere = process.env['SLEEPER_TEST_CUTS'] === 'all';
const nearSeam = 40;
const known = {
  id: '0badcafe',
  capturedAt: '2026-11-23T00:48:31.000Z',
  hostname: 'web1',
  pid: 4242,
  triggerKind: 'hang',
};

function realReport(name: string): Report {
  return decodeReport(fs.readFileSync(path.join(root, 'test/formats/v1', name)), name);
}

const reports: Readonly<Record<string, () => Report>> = {
  'a real hang': () => realReport('hang.msgpack'),
  'a real crash': () => realReport('uncaught-exception.msgpack'),
  'a made-up hang': hangReport,
  'synchronous input': syncIoReport,
};

/** Ends of the sections. */
function seamsOf(report: Report): number[] {
  let end = 0;
  return [...encodeSections(report)].map((section) => (end += section.length));
}

/** A list that was cut holds the beginning of the whole one. */
function assertPartOf(part: Report, whole: Report): void {
  const guilty = whole.threads.find(({ tid }) => tid === whole.verdict.thread);
  const found = part.threads.find(({ tid }) => tid === guilty?.tid);
  if (found !== undefined && guilty !== undefined) {
    assert.deepEqual(found.frames, guilty.frames.slice(0, found.frames.length));
  }
  for (const thread of part.threads) assert.ok(whole.threads.some(({ tid }) => tid === thread.tid));
  assert.deepEqual(part.tasks, whole.tasks.slice(0, part.tasks.length));
  assert.deepEqual(part.handles, whole.handles.slice(0, part.handles.length));
  if (part.error !== undefined) assert.deepEqual(part.error, whole.error);
}

suite('a report cut at every byte is readable, and says what is missing', () => {
  for (const [name, build] of Object.entries(reports)) {
    test(name, (t) => {
      const whole = build();
      const bytes = encodeReport(whole);
      const seams = seamsOf(whole);
      const [headerEnd = 0, verdictEnd = 0] = seams;
      let cuts = 0;
      let threads = 0;
      for (let length = 0; length < bytes.length; length++) {
        const isNear = seams.some((seam) => Math.abs(seam - length) < nearSeam);
        if (!everywhere && !isNear && length % 97 !== 0) continue;
        cuts += 1;
        const cut = bytes.subarray(0, length);
        const read = decodeReport(cut, 'cut', known);
        assert.match(read.missing[0]?.reason ?? '', /the file was cut after \d+ bytes/);
        assert.equal(read.id, length < headerEnd ? known.id : whole.id);
        assert.equal(read.verdict.kind, length < verdictEnd ? 'unknown' : whole.verdict.kind);
        assert.equal(read.process.pid, length < verdictEnd ? 4242 : read.process.pid);
        assertPartOf(read, whole);
        assert.ok(read.threads.length >= threads, 'more bytes tell less');
        threads = read.threads.length;
        assert.equal(decodeHeader(cut, 'cut', known).verdict.kind, read.verdict.kind);
      }
      assert.ok(cuts > 500);
      assert.deepEqual(decodeReport(bytes, 'whole', known), whole);
      t.diagnostic(`${cuts} cuts of ${bytes.length} bytes`);
    });
  }

  test('the beginning of a compressed file is as good', () => {
    const whole = realReport('hang.msgpack');
    const packed = gzipSync(encodeReport(whole));
    let frames = 0;
    for (let length = 200; length < packed.length; length += 61) {
      const read = decodeReport(packed.subarray(0, length), 'cut', known);
      assertPartOf(read, whole);
      frames = Math.max(frames, read.threads[0]?.frames.length ?? 0);
    }
    assert.equal(frames, whole.threads[0]?.frames.length);
  });

  test('without a name to go by, a file cut in its header is refused with the reason', () => {
    const bytes = encodeReport(hangReport());
    for (const length of [1, 30, 100]) {
      assert.throws(
        () => decodeReport(bytes.subarray(0, length), 'nameless'),
        (error) => error instanceof SleeperError && /cut: it ends before/.test(error.message),
      );
    }
  });

  test('it is shown like any other', () => {
    const bytes = encodeReport(hangReport());
    const text = renderReport(decodeReport(bytes.subarray(0, 5_000), 'cut'), {
      color: false,
      width: 100,
    });
    assert.match(text, /js-busy/);
    assert.match(text, /the file was cut after 5000 bytes/);
    const bare = decodeReport(bytes.subarray(0, 100), 'cut', known);
    assert.match(renderReport(bare, { color: false, width: 100 }), /\[unknown\] +a guess/);
  });
});

suite('a file that a disk changed', () => {
  test('one bad byte costs one section, and it is said which', () => {
    const whole = realReport('hang.msgpack');
    const bytes = encodeReport(whole);
    const seams = seamsOf(whole);
    const spoilt = new Set<string>();
    for (const [index, end] of seams.slice(0, -1).entries()) {
      const start = seams[index - 1] ?? 0;
      for (const at of [start + 1, start + 12, end - 3]) {
        const copy = Buffer.from(bytes);
        copy[at] = (copy[at] ?? 0) ^ 0x20;
        const read = decodeReport(copy, 'damaged', known);
        assert.match(read.missing[0]?.reason ?? '', /the file is damaged at byte \d+/);
        spoilt.add(read.missing[0]?.what ?? '');
        if (index > 1) assert.deepEqual(read.verdict, whole.verdict);
        if (index < 4 && index !== 1) assert.equal(read.threads.length, whole.threads.length);
      }
    }
    assert.ok(spoilt.size > 6, [...spoilt].join('; '));
  });

  test('a hole of zeros, as file systems leave them', () => {
    const whole = realReport('hang.msgpack');
    const copy = encodeReport(whole);
    const [, , , , from = 0] = seamsOf(whole);
    copy.fill(0, from + 100, from + 9_000);
    const read = decodeReport(copy, 'damaged', known);
    assert.deepEqual(read.verdict, whole.verdict);
    assert.deepEqual(read.tasks, whole.tasks);
    assert.match(read.missing[0]?.reason ?? '', /damaged at byte/);
  });
});
