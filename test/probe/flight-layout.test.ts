/** The recorder's bytes, whole, torn and hostile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseFlight } from '#dist/probe/flight-layout.js';
import { makeFlight } from './flight-bytes.ts';

const request = {
  kind: 'server',
  method: 'GET',
  url: '/slow?',
  startedAtMs: 1_700_000_000_500,
  status: null,
};

test('whole records in order, torn ones counted', () => {
  const record = parseFlight(makeFlight());
  assert.ok(record !== null);
  assert.equal(record.pid, 4711);
  assert.deepEqual(record.identity.argv, ['node', 'app.js']);
  assert.deepEqual(record.annotations, { build: '42' });
  assert.deepEqual(record.breadcrumbs, [{ text: 'whole' }]);
  assert.equal(record.torn, 1);
  assert.equal(record.timeline.length, 120);
  assert.equal(record.timeline[0]?.atMs, 1_700_000_002_000);
  assert.equal(record.timeline.at(-1)?.atMs, 1_700_000_121_000);
  assert.equal(record.timeline[0].busyMs, 250);
  assert.deepEqual(record.requests, [{ ...request, workerId: 3 }]);
});

test('version 1, in which requests had no thread, is read', () => {
  const record = parseFlight(makeFlight({}, 1));
  assert.deepEqual(record?.requests, [{ ...request, workerId: 0 }]);
  assert.deepEqual(record.breadcrumbs, [{ text: 'whole' }]);
});

test('a record that changed between two readings does not count', () => {
  const first = makeFlight();
  const second = makeFlight();
  second.writeUInt32LE(4, 50_960);
  const record = parseFlight(first, second);
  assert.deepEqual(record?.breadcrumbs, []);
  assert.equal(record.torn, 2);
});

test('another version, a short file, and no recorder at all are refused', () => {
  const other = makeFlight();
  other.writeUInt32LE(3, 8);
  assert.equal(parseFlight(other), null);
  assert.equal(parseFlight(makeFlight().subarray(0, 1_000)), null);
  assert.equal(parseFlight(Buffer.alloc(117_008, 0x20)), null);
});

test('any damage gives a record or null, never an exception', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 8, max: 117_007 }), fc.integer({ min: 0, max: 255 })), {
        maxLength: 200,
      }),
      fc.integer({ min: 0, max: 117_008 }),
      (damage, cut) => {
        const bytes = makeFlight();
        for (const [offset, value] of damage) bytes[offset] = value;
        parseFlight(bytes);
        parseFlight(bytes.subarray(0, cut), bytes);
      },
    ),
    { numRuns: 300 },
  );
});
