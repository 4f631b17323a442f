/** What is noted of pieces of memory: that none is passed over in which a word stands, and that others are. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { requireNative } from '#dist/native.js';
import { wantWords } from '#dist/reader/memory/find-words.js';
import { ReferenceIndex } from '#dist/reader/memory/reference-index.js';

const blockBytes = 1024;

/** Tagged pointers into a few blocks, so that they meet, and words that are none. */
const pointer = fc
  .tuple(fc.nat(6), fc.constantFrom(0, 2 ** 25, 2 ** 40, 2 ** 46), fc.nat(blockBytes / 8 - 1))
  .map(([block, base, word]) => base + block * blockBytes + word * 8 + 1);
const otherWord = fc.oneof(
  fc.constantFrom(0n, 7n, 2n ** 64n - 1n),
  fc.nat(100).map((smi) => BigInt(smi) << 32n),
);

function bytesOf(words: readonly (number | bigint)[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(words, BigInt).buffer);
}

suite('the index of what memory refers to', () => {
  test('never passes over a piece with a word that is looked for', () => {
    const pieces = fc.array(fc.array(fc.oneof(pointer, otherWord), { maxLength: 40 }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(pieces, fc.array(pointer, { minLength: 1, maxLength: 5 }), (memory, wanted) => {
        const index = new ReferenceIndex(100);
        memory.forEach((words, i) => {
          index.note(i * 4096, bytesOf(words));
        });
        const without = index.without(wantWords(wanted));
        memory.forEach((words, i) => {
          if (words.some((word) => wanted.includes(Number(word))))
            assert.ok(!without.has(i * 4096), `piece ${i}`);
        });
      }),
      { numRuns: 500 },
    );
  });

  test('passes over pieces that refer to other blocks, whatever else is in them', () => {
    const index = new ReferenceIndex(2_000);
    const place = (i: number) => 2 ** 46 + i * blockBytes + 1;
    const count = 1_000;
    for (let i = 0; i < count; i++)
      index.note(i, bytesOf([place(i), place(i) + 8, 0n, BigInt(place(i + 1)) + 2n, 12]));
    for (const i of [0, 255, 256, count - 1]) {
      const without = index.without(wantWords([place(i) + 16]));
      assert.equal(without.size, count - 1);
      assert.ok(!without.has(i));
    }
    assert.equal(index.without(wantWords([place(3), place(700)])).size, count - 2);
  });

  test('what it has no room for is never passed over; what was noted stays as it was', () => {
    const index = new ReferenceIndex(2);
    for (const piece of [1, 2, 3]) index.note(piece, bytesOf([9]));
    index.note(1, bytesOf([blockBytes * 5 + 1]));
    assert.deepEqual(index.without(wantWords([blockBytes * 5 + 1])), new Set([1, 2]));
    assert.deepEqual(index.without(wantWords([17])), new Set());
  });

  test('wrong arguments are refused with their name', () => {
    const loose = requireNative() as unknown as Record<
      'noteReferences' | 'findReferrers',
      (...args: unknown[]) => unknown
    >;
    const note = new Uint8Array(4096);
    assert.throws(() => loose.noteReferences('', note), /^TypeError: bytes: /);
    assert.throws(() => loose.noteReferences(note, note.subarray(1)), /^TypeError: note: /);
    const wanted = new BigUint64Array(1);
    assert.throws(
      () => loose.findReferrers(note, wanted, new Uint8Array(2)),
      /^TypeError: notes: /,
    );
    assert.throws(() => loose.findReferrers(note, [1], new Uint8Array(1)), /^TypeError: wanted: /);
    assert.throws(() => loose.findReferrers(note, wanted, 1), /^TypeError: mayRefer: /);
  });
});
