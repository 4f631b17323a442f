import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Verdict, lostVerdicts } from '#dist/report/schema.js';
import { makeZooPage, zooPage } from './harness/zoo-page.ts';
import { habitats, loadKinds } from './harness/zoo.ts';

test('docs/zoo.md is what `npm run docs` makes of the zoo', async () => {
  assert.equal(fs.readFileSync(zooPage, 'utf8'), await makeZooPage());
});

test('a program for every verdict', () => {
  const shown = new Set(
    habitats.flatMap((habitat) => loadKinds(habitat).flatMap(({ expected }) => expected.verdict)),
  );
  const kinds = Verdict.entries.kind.options.filter(
    (kind) => !lostVerdicts.some((lost) => lost === kind),
  );
  assert.deepEqual(
    kinds.filter((kind) => !shown.has(kind)),
    [],
  );
});
