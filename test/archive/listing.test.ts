/** Listings of many reports: pages, filters and order, with an index, without it, and with one that lies. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { factsOf } from '#dist/archive/facts.js';
import { findById } from '#dist/archive/find.js';
import { formatGoneLine, formatIndexLine } from '#dist/archive/index-file.js';
import { type Query, selectReports } from '#dist/archive/list.js';
import { encodeReport } from '#dist/encode/encode.js';
import { makeDirectory } from '../harness/spawn-target.ts';
import type { Owner } from '../harness/spawn-target.ts';
import { hangReport } from '../view/reports.ts';

/** Their index has two blocks and a half. */
const many = 4_200;
const startMs = Date.UTC(2026, 0, 1);

/** Three in a second; every seventh of another process; every tenth a crash of its own signature. */
function facts(index: number): {
  readonly stem: string;
  readonly line: string;
  readonly second: number;
} {
  const second = Math.floor(index / 3);
  const capturedAt = new Date(startMs + second * 1_000 + (index % 3)).toISOString();
  const time = capturedAt.replace(/[-:]|\.\d+/g, '');
  const id = `${index.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
  // Names of one second are in another order than the reports.
  const shortId = `${(2 - (index % 3)).toString(16)}${id.slice(1, 8)}`;
  const stem = `${time}-web1-${index % 7 === 0 ? 77 : 4242}-hang-${shortId}`;
  const { header, functions } = factsOf(hangReport());
  const signature = index % 10 === 0 ? `js-busy rare${index}@a.js #1` : 'js-busy spin@a.js #2';
  const line = formatIndexLine(stem, 1_000 + index, '', {
    header: { ...header, id, capturedAt, signature },
    functions: [...functions, `function${index} a.js:1`],
  });
  return { stem, line, second };
}

function makeMany(t: Owner): string {
  const directory = makeDirectory(t, 'many');
  const source = path.join(directory, 'source');
  fs.writeFileSync(source, encodeReport(hangReport()), { mode: 0o600 });
  const lines: string[] = [];
  for (let index = 0; index < many; index++) {
    const { stem, line } = facts(index);
    fs.linkSync(source, path.join(directory, `${stem}.msgpack`));
    lines.push(line);
  }
  // An older line of a report, lines of reports that are gone, and what a dying writer left.
  const useless = [
    facts(5).line.replace('applyDiscount', 'old words'),
    formatGoneLine('x', 1),
    'half a li',
  ];
  fs.writeFileSync(path.join(directory, '.index'), `${[...useless, '', ...lines].join('\n')}\n`, {
    mode: 0o600,
  });
  fs.rmSync(source);
  return directory;
}

async function idsOf(directory: string, query: Query): Promise<{ ids: number[]; count: number }> {
  const selection = await selectReports(directory, query);
  try {
    const ids: number[] = [];
    for await (const { header } of selection.entries()) {
      ids.push(Number.parseInt(header?.id.slice(0, 8) ?? '', 16));
    }
    return { ids, count: selection.count };
  } finally {
    await selection.close();
  }
}

const newestFirst = Array.from({ length: many }, (_, index) => many - 1 - index);

suite('a listing of many reports', () => {
  test('all of them are in order, also within a second', async (t) => {
    const directory = makeMany(t);
    assert.deepEqual((await idsOf(directory, {})).ids, newestFirst);
    assert.deepEqual((await idsOf(directory, { isReversed: true })).ids, newestFirst.toReversed());
    assert.deepEqual((await idsOf(directory, { sort: 'size' })).ids, newestFirst);
    for (const limit of [1, 2, 3, 4, 100]) {
      const page = await idsOf(directory, { limit });
      assert.deepEqual(page, { ids: newestFirst.slice(0, limit), count: many });
    }
  });

  test('filters find what is anywhere in the index', async (t) => {
    const directory = makeMany(t);
    const where = async (query: Query): Promise<number[]> => (await idsOf(directory, query)).ids;
    for (const index of [0, 1, 1_500, 2_345, many - 1]) {
      assert.deepEqual(await where({ search: `FUNCTION${index} ` }), [index]);
    }
    const rare = newestFirst.filter((index) => index % 10 === 0);
    assert.deepEqual(await where({ signature: 'rare' }), rare);
    assert.deepEqual(
      await where({ pid: 77, search: 'spin@' }),
      newestFirst.filter((index) => index % 7 === 0 && index % 10 !== 0),
    );
    assert.equal((await where({ kinds: ['js-busy'] })).length, many);
    assert.deepEqual(await where({ kinds: ['idle'] }), []);
    assert.deepEqual(await where({ search: 'old words' }), [], 'the newest line counts');
    const sinceMs = startMs + 1_399_000;
    assert.deepEqual(await where({ sinceMs }), newestFirst.slice(0, 3));
    assert.deepEqual(await where({ untilMs: startMs }), [2, 1, 0]);
  });

  test('without an index a page looks into a page of reports, a search into all; both tell the index', async (t) => {
    const directory = makeMany(t);
    const index = path.join(directory, '.index');
    fs.rmSync(index);
    const linesOf = (): number =>
      fs.existsSync(index) ? fs.readFileSync(index, 'utf8').split('\n').filter(Boolean).length : 0;
    assert.equal((await idsOf(directory, { limit: 30 })).ids.length, 30);
    assert.equal(linesOf(), 30);
    // The functions of the guilty thread are found again.
    const functions = factsOf(hangReport()).functions;
    const [first = ''] = functions.at(-1)?.split(' ') ?? [];
    assert.equal((await idsOf(directory, { search: first, limit: 5 })).count, many);
    assert.equal(linesOf(), many);
  });

  test('a report is found by names and by what it says of itself', async (t) => {
    const directory = makeMany(t);
    const { stem } = facts(1_234);
    const shortId = stem.slice(-8);
    assert.deepEqual(
      (await findById(directory, shortId)).map((found) => found.stem),
      [stem],
    );
    // All files are links to one report of another id.
    assert.deepEqual(await findById(directory, `${shortId}-0000`), []);
  });
});
