/** The search for words against the plainest one, over random words of which many are nearly those looked for. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { requireNative } from '#dist/native.js';

const native = requireNative();

function plain(bytes: Uint8Array, wanted: readonly bigint[]): number[] {
  const words = Buffer.from(bytes);
  const places: number[] = [];
  for (let i = 0; i + 8 <= words.length; i += 8)
    if (wanted.includes(words.readBigUInt64LE(i))) places.push(i / 8);
  return places;
}

function search(bytes: Uint8Array, wanted: readonly bigint[], room: number): number[] {
  const places = new Uint32Array(room);
  const sorted = BigUint64Array.from(wanted).sort();
  return [...places.subarray(0, native.findWords(bytes, sorted, places))];
}

/** Few values, so that they meet; with bits above those that tell pointers apart. */
const word = fc.oneof(
  fc.constantFrom(0n, 1n, 8n, 2n ** 64n - 1n),
  fc
    .tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom(0n, 1n << 47n, 1n << 20n))
    .map(([low, high]) => BigInt(low) | high),
);

suite('finding words', () => {
  test('what the plainest search finds, at every alignment and length', () => {
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 70 }),
        fc.array(word, { maxLength: 30 }),
        fc.nat(7),
        fc.nat(7),
        (words, wanted, shift, rest) => {
          const all = new Uint8Array(shift + words.length * 8 + rest);
          const view = new DataView(all.buffer);
          words.forEach((value, i) => {
            view.setBigUint64(shift + i * 8, value, true);
          });
          const bytes = all.subarray(shift);
          assert.deepEqual(search(bytes, wanted, 100), plain(bytes, wanted));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a full list of places ends the search, and can be gone on from', () => {
    const bytes = new Uint8Array(new BigUint64Array(100).fill(7n).buffer);
    const first = search(bytes, [7n], 30);
    assert.deepEqual(
      first,
      Array.from({ length: 30 }, (_, i) => i),
    );
    const last = first.at(-1) ?? 0;
    assert.equal(search(bytes.subarray((last + 1) * 8), [7n], 100).length, 70);
    assert.deepEqual(search(bytes, [7n], 0), []);
  });

  test('wrong arguments are refused with their name', () => {
    const bytes = new Uint8Array(8);
    const wanted = new BigUint64Array(1);
    const loose = native as unknown as { findWords(...args: unknown[]): unknown };
    assert.throws(() => {
      loose.findWords(1, wanted, new Uint32Array(1));
    }, /^TypeError: bytes: /);
    assert.throws(() => {
      loose.findWords(bytes, new Float64Array(1), new Uint32Array(1));
    }, /^TypeError: wanted: /);
    assert.throws(() => {
      loose.findWords(bytes, wanted, new Int32Array(1));
    }, /^TypeError: places: /);
  });
});
