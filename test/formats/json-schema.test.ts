import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { formatPage, withFieldTables } from './field-tables.ts';
import { makeJsonSchema, schemaFile } from './json-schema.ts';

test('docs/report.schema.json says what src/report/schema.ts says', () => {
  assert.equal(
    fs.readFileSync(schemaFile, 'utf8'),
    makeJsonSchema(),
    'run `npm run docs`, and commit',
  );
});

test('docs/report-format.md tells every field, as src/report/schema.ts does', () => {
  const page = fs.readFileSync(formatPage, 'utf8');
  assert.equal(page, withFieldTables(page), 'run `npm run docs`, and commit');
});
