/** The same trouble again, many reports, many writers: counts, plans, old files. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { type PrunePolicy, defaultPolicy } from '#dist/archive/choose.js';
import { factsOf } from '#dist/archive/facts.js';
import { formatReportName } from '#dist/archive/file-name.js';
import { openSafeDirectory } from '#dist/archive/location.js';
import { addOccurrence, readOccurrences, signaturesName } from '#dist/archive/occurrences.js';
import { openArchive } from '#dist/archive/store.js';
import { encodeReport, encodeSections } from '#dist/encode/encode.js';
import type { Report } from '#dist/report/schema.js';
import { makeDirectory } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import { report } from '../view/parts.ts';
import { startCounter } from './run-counter.ts';
import { reportsIn } from '../harness/reports-in.ts';

const policy: PrunePolicy = { ...defaultPolicy, keepFreeShare: 0, maxShare: 1 };
const repeats = { maxExamples: 3, cooldownMs: 600_000 };
const startMs = Date.now() - 3_600_000;

function sample(index: number, signature: string): Report {
  const id = `${index.toString(16).padStart(8, '0')}-77aa-4c1b-9d55-0a8c5b1e2f30`;
  return report({ id, signature, capturedAt: new Date(startMs + index * 1_000).toISOString() });
}

suite('the same trouble again', () => {
  test('is counted within the cool-down, told with its examples, and written again after it', async (t) => {
    const directory = makeDirectory(t, 'repeats');
    const archive = openArchive(directory, policy);
    const keep = (one: Report): Promise<{ isCounted: boolean; path: string }> =>
      archive.keep(() => encodeSections(one), factsOf(one), { repeats });
    for (let index = 0; index < 200; index++) {
      const { isCounted, path: kept } = await keep(sample(index, 'js-busy spin@a.js #1'));
      assert.equal(isCounted, index >= 3);
      assert.ok(fs.existsSync(kept));
    }
    assert.equal((await keep(sample(201, 'another'))).isCounted, false);
    assert.equal(reportsIn(directory).length, 4);
    const history = await archive.history('js-busy spin@a.js #1');
    assert.equal(history?.count, 200);
    assert.equal(history.first, sample(0, '').capturedAt);
    assert.equal(history.last, sample(199, '').capturedAt);
    assert.equal(history.occurrences.filter((one) => one.report !== undefined).length, 3);
    assert.equal((await keep(sample(700, 'js-busy spin@a.js #1'))).isCounted, false);
  });

  test('a name that was promised is always written', async (t) => {
    const archive = openArchive(makeDirectory(t, 'repeats'), policy);
    for (let index = 0; index < 5; index++) {
      const one = sample(index, 'same');
      const fileName = `20261123T00483${index}Z-web1-4242-abort-0000000${index}.msgpack`;
      const kept = await archive.keep(() => encodeSections(one), factsOf(one), {
        repeats,
        fileName,
      });
      assert.equal(path.basename(kept.path), fileName);
    }
  });

  test('many writers at once count right, also while the file is summed up', async (t) => {
    const directory = await openSafeDirectory(makeDirectory(t, 'repeats'));
    t.after(() => directory.handle.close());
    const each = 600;
    await Promise.all(
      Array.from({ length: 4 }, async (_, writer) => {
        for (let index = 0; index < each; index++) {
          const at = new Date(startMs + index).toISOString();
          await addOccurrence(directory, 'same', { at, pid: writer, host: 'web1' });
        }
      }),
    );
    const file = path.join(directory.path, signaturesName);
    const history = await readOccurrences(file, 'same');
    assert.equal(history?.count, 4 * each);
    assert.equal(history.first, new Date(startMs).toISOString());
    const [own = ''] = fs.readdirSync(file);
    const names = fs.readdirSync(path.join(file, own));
    assert.ok(names.length <= 2, names.join(', '));
    for (const name of names) {
      assert.ok(fs.statSync(path.join(file, own, name)).size < 80 << 10);
    }
  });

  test('processes that count at once lose nothing, killed or not', async (t) => {
    const directory = makeDirectory(t, 'repeats');
    const each = 500;
    const counters = Array.from({ length: 5 }, () => startCounter(directory, 'same', each));
    // One after the other dies while it counts.
    for (const counter of counters.slice(0, 3)) await counter.killAfter(150);
    const told = await Promise.all(counters.map((counter) => counter.counted));
    assert.deepEqual(told.slice(3), [each, each]);
    const history = await readOccurrences(path.join(directory, signaturesName), 'same');
    const sum = told.reduce((a, b) => a + b);
    t.diagnostic(`told: ${told.join(', ')}; counted: ${history?.count ?? 0}`);
    // Who was killed may have counted once more than it could tell.
    assert.ok(history !== null && history.count >= sum && history.count <= sum + 3);
    const [own = ''] = fs.readdirSync(path.join(directory, signaturesName));
    const numbers = fs.readdirSync(path.join(directory, signaturesName, own));
    assert.ok(!numbers.includes('1.jsonl'), 'nothing was summed up');
  });
});

suite('rotation by plan', () => {
  test('each seal beyond the limit costs the oldest that is there more than once, without a look at everything', async (t) => {
    const directory = makeDirectory(t, 'rotation');
    const archive = openArchive(directory, { ...policy, maxReports: 30 });
    const seal = async (index: number, signature: string): Promise<void> => {
      const one = sample(index, signature);
      await archive.seal(encodeReport(one), factsOf(one));
    };
    await seal(0, 'rare');
    for (let index = 1; index < 30; index++) await seal(index, index % 2 === 0 ? 'even' : 'odd');
    const plan = path.join(directory, '.rotation');
    await archive.prune(); // makes a plan of what is there now
    const { ino } = fs.statSync(plan);
    for (let index = 30; index < 55; index++) {
      await seal(index, index % 2 === 0 ? 'even' : 'odd');
      const { entries } = await archive.list();
      assert.equal(entries.length, 30);
      assert.ok(entries.some(({ signature }) => signature === 'rare'));
      const oldest = entries.filter(({ signature }) => signature !== 'rare').at(-1);
      assert.equal(oldest?.shortId, (index - 28).toString(16).padStart(8, '0'));
    }
    assert.equal(fs.statSync(plan).ino, ino, 'everything was looked at again');
    fs.writeFileSync(plan, '{"madeAtMs":1e99');
    await seal(55, 'odd');
    assert.equal(reportsIn(directory).length, 30);
  });

  test('a report that nobody else is like goes last, even when its successors came after the plan', async (t) => {
    const directory = makeDirectory(t, 'rotation');
    const archive = openArchive(directory, { ...policy, maxReports: 4 });
    for (const [index, signature] of ['a', 'b', 'c', 'd', 'd', 'd'].entries()) {
      const one = sample(index, signature);
      await archive.seal(encodeReport(one), factsOf(one));
    }
    const { entries } = await archive.list();
    assert.deepEqual(entries.map(({ signature }) => signature).sort(), ['a', 'b', 'c', 'd']);
  });

  test('what lay there for a day is compressed, and is found, read and deleted as before', async (t) => {
    const directory = makeDirectory(t, 'rotation');
    const archive = openArchive(directory, policy);
    const sealed = await archive.seal(encodeReport(sample(1, 'a')), factsOf(sample(1, 'a')));
    await archive.prune({ nowMs: Date.now() + 2 * 86_400_000 });
    assert.deepEqual(reportsIn(directory), [`${path.basename(sealed)}.gz`]);
    assert.equal(fs.statSync(`${sealed}.gz`).mode & 0o777, 0o600);
    assert.equal(await archive.find(path.basename(sealed)), `${sealed}.gz`);
    assert.deepEqual(await archive.read('last'), sample(1, 'a'));
    const { entries } = await archive.list();
    assert.equal(entries[0]?.bytes, fs.statSync(`${sealed}.gz`).size);
    await archive.prune({ nowMs: Date.now() + 40 * 86_400_000 });
    assert.deepEqual(reportsIn(directory), []);
  });
});

suite('rotation of a large archive', () => {
  test('a seal never waits for a look at everything; it is made afterwards, and the limits hold again', async (t) => {
    const directory = makeDirectory(t, 'rotation');
    const archive = openArchive(directory, { ...policy, maxReports: 1_200 });
    const source = path.join(directory, 'source');
    fs.writeFileSync(source, encodeReport(sample(0, 'usual')), { mode: 0o600 });
    for (let index = 0; index < 1_500; index++) {
      const { capturedAt } = sample(index, 'usual');
      const name = formatReportName({ ...factsOf(sample(index, 'usual')), capturedAt });
      fs.linkSync(source, path.join(directory, name));
    }
    fs.rmSync(source);
    const newest = sample(2_000, 'usual');
    const sealed = await archive.seal(encodeReport(newest), factsOf(newest));
    // Nothing is known of the others: no plan, no index.
    assert.equal(reportsIn(directory).length, 1_501);
    const plan = path.join(directory, '.rotation');
    await waitFor('the look at everything', () => fs.existsSync(plan));
    assert.equal(reportsIn(directory).length, 1_200);
    assert.ok(fs.existsSync(sealed));
    const { ino } = fs.statSync(plan);
    for (let index = 2_001; index < 2_010; index++) {
      const one = sample(index, 'usual');
      await archive.seal(encodeReport(one), factsOf(one));
      assert.equal(reportsIn(directory).length, 1_200);
    }
    assert.equal(fs.statSync(plan).ino, ino);
  });
});
