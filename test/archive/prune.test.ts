import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { choosePrunable, defaultPolicy } from '#dist/archive/choose.js';
import type { Prunable, PrunePolicy, Space } from '#dist/archive/choose.js';
import { namePartsOf, openArchive } from '#dist/archive/store.js';
import { encodeReport } from '#dist/encode/encode.js';
import { reportsIn } from '../harness/reports-in.ts';
import { makeDirectory } from '../harness/spawn-target.ts';
import { report } from '../view/parts.ts';

const day = 86_400_000;
const nowMs = 1_000 * day;
const roomy: Space = { totalBytes: 1e12, freeBytes: 1e12 };

interface Sample extends Prunable {
  readonly name: string;
}

/** Files of 100 bytes, newest first, one a day; the letters are signatures. */
function files(signatures: string): Sample[] {
  return Array.from(signatures).map((signature, index) => ({
    name: `${signature}${index}`,
    capturedAtMs: nowMs - index * day,
    bytes: 100,
    ...(signature === '?' ? {} : { signature }),
  }));
}

function chosen(
  signatures: string,
  policy: Partial<PrunePolicy>,
  space: Space = roomy,
  neededBytes = 0,
): string[] {
  const choices = choosePrunable(
    files(signatures),
    { ...defaultPolicy, ...policy },
    space,
    nowMs,
    neededBytes,
  );
  return choices.map(({ file, reason }) => `${file.name} ${reason}`);
}

suite('what goes', () => {
  test('nothing while there is room', () => {
    assert.deepEqual(chosen('aabbc', {}), []);
    assert.deepEqual(chosen('', {}), []);
  });

  test('too many: the oldest of what is there more than once', () => {
    assert.deepEqual(chosen('aababc', { maxReports: 4 }), ['b4 count', 'a3 count']);
  });

  test('still too many: then the oldest of the last ones, never the newest of all', () => {
    const expected = ['a1 count', 'd4 count', 'c3 count', 'b2 count'];
    assert.deepEqual(chosen('aabcd', { maxReports: 1 }), expected);
    assert.deepEqual(chosen('a', { maxReports: 0 }), []);
  });

  test('an unknown signature protects nothing', () => {
    assert.deepEqual(chosen('a?b', { maxReports: 2 }), ['?1 count']);
  });

  test('too many bytes, absolute or as a share of the file system', () => {
    assert.deepEqual(chosen('aaa', { maxBytes: 250 }), ['a2 bytes']);
    const small = { totalBytes: 2_500, freeBytes: 2_000 };
    assert.deepEqual(chosen('aaa', {}, small), ['a2 bytes']);
  });

  test('age spares nothing', () => {
    const expected = ['a2 age', 'b3 age'];
    assert.deepEqual(chosen('aaab', { maxAgeMs: 1.5 * day }), expected);
    assert.deepEqual(chosen('ab', { maxAgeMs: -1 }), ['a0 age', 'b1 age']);
  });

  test('a disk that others filled costs repetitions, not the last of a kind', () => {
    const full = { totalBytes: 1e9, freeBytes: 0 };
    assert.deepEqual(chosen('aaabb', {}, full), [
      'b4 free-space',
      'a2 free-space',
      'a1 free-space',
    ]);
  });

  test('a new report that finds no space costs as much as it needs', () => {
    const full = { totalBytes: 1e9, freeBytes: 0 };
    const policy = { keepFreeShare: 0 };
    assert.deepEqual(chosen('abc', policy, full, 150), ['c2 free-space', 'b1 free-space']);
  });
});

suite('what is pinned stays', () => {
  test('whatever its age, and whatever else must go for it', () => {
    const some = files('aaab').map((file, index) =>
      index === 3 ? { ...file, isPinned: true } : file,
    );
    const policy = { ...defaultPolicy, maxReports: 1, maxAgeMs: 1.5 * day };
    const choices = choosePrunable(some, policy, roomy, nowMs);
    assert.deepEqual(
      choices.map(({ file, reason }) => `${file.name} ${reason}`),
      ['a2 age', 'a1 count'],
    );
  });
});

suite('pruning a directory', () => {
  async function fill(archive: ReturnType<typeof openArchive>, count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const id = `0000000${index}-0000-4000-8000-000000000000`;
      const capturedAt = new Date(Date.now() - (count - index) * 60_000).toISOString();
      const signature = index === 0 ? 'rare' : 'usual';
      const sample = { ...report(), id, capturedAt, signature };
      await archive.seal(encodeReport(sample), namePartsOf(sample));
    }
  }

  test('each seal keeps the limits, and the rare report outlives the usual ones', async (t) => {
    const archive = openArchive(makeDirectory(t, 'prune'), { ...defaultPolicy, maxReports: 3 });
    await fill(archive, 6);
    const { entries } = await archive.list();
    assert.deepEqual(
      entries.map((entry) => entry.shortId),
      ['00000005', '00000004', '00000000'],
    );
  });

  test('a dry run says the same and deletes nothing', async (t) => {
    const directory = makeDirectory(t, 'prune');
    await fill(openArchive(directory), 4);
    const strict = openArchive(directory, { ...defaultPolicy, maxReports: 2 });
    const planned = await strict.prune({ dryRun: true });
    assert.equal(reportsIn(directory).length, 4);
    const done = await strict.prune();
    assert.deepEqual(done.choices, planned.choices);
    assert.equal(reportsIn(directory).length, 2);
  });

  test('what is not ours stays', async (t) => {
    const directory = makeDirectory(t, 'prune');
    const archive = openArchive(directory, { ...defaultPolicy, maxAgeMs: -1 });
    const name = '20200101T000000Z-web1-7-hang-0000000';
    fs.writeFileSync(path.join(directory, 'notes.txt'), 'x');
    fs.writeFileSync(path.join(directory, 'sleeper.log'), 'a log of ours is nothing to mention');
    fs.writeFileSync(path.join(directory, `${name}1.msgpack.bak`), 'x');
    fs.symlinkSync('notes.txt', path.join(directory, `${name}2.msgpack`));
    fs.mkdirSync(path.join(directory, `${name}3.msgpack`));
    fs.writeFileSync(path.join(directory, `${name}4.msgpack`), 'cut');
    const kept = [
      'notes.txt',
      'sleeper.log',
      `${name}1.msgpack.bak`,
      `${name}2.msgpack`,
      `${name}3.msgpack`,
    ];
    if (process.geteuid?.() === 0) {
      fs.writeFileSync(path.join(directory, `${name}5.msgpack`), 'x');
      fs.chownSync(path.join(directory, `${name}5.msgpack`), 65_534, 65_534);
      kept.push(`${name}5.msgpack`);
    }
    const result = await archive.prune();
    assert.deepEqual(
      result.choices.map(({ file }) => file.fileName),
      [`${name}4.msgpack`],
    );
    const left = fs.readdirSync(directory).filter((one) => !['.index', '.rotation'].includes(one));
    assert.deepEqual(left.sort(), kept.sort());
  });

  test('a listing says what it skipped and what it cannot read', async (t) => {
    const directory = makeDirectory(t, 'prune');
    const name = '20200101T000000Z-web1-7-hang-0000000';
    fs.writeFileSync(path.join(directory, 'notes.txt'), 'x');
    fs.writeFileSync(path.join(directory, 'sleeper.log'), 'a log of ours is nothing to mention');
    fs.symlinkSync('notes.txt', path.join(directory, `${name}2.msgpack`));
    fs.writeFileSync(path.join(directory, `${name}4.msgpack`), 'cut');
    const { entries, skipped } = await openArchive(directory).list();
    assert.equal(entries.length, 1);
    assert.match(entries[0]?.problem ?? '', /does not begin with a MessagePack map/);
    assert.deepEqual(skipped.map(({ fileName, reason }) => `${fileName}: ${reason}`).sort(), [
      `${name}2.msgpack: not a regular file`,
      'notes.txt: foreign name',
    ]);
  });
});
