/**
 * docs/report.schema.json, from src/report/schema.ts. `npm run docs` writes it, and the tables of field-tables.ts; json-schema.test.ts compares.
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { toJsonSchema } from '@valibot/to-json-schema';
import * as schema from '#dist/report/schema.js';
import { root } from '../harness/paths.ts';
import { formatPage, withFieldTables } from './field-tables.ts';

export const schemaFile = path.join(root, 'docs/report.schema.json');

/** The JSON Schema of what `sleeper view --json` prints, as text. */
export function makeJsonSchema(): string {
  const { Report, ErrorRecord, Frame, Handle, Host, Process, Request, Task, Thread } = schema;
  const { Timer, Trigger, Value, Variable, Verdict } = schema;
  const parts = { ErrorRecord, Frame, Handle, Host, Process, Request, Task, Thread };
  const { $schema, ...rest } = toJsonSchema(Report, {
    errorMode: 'throw',
    definitions: { ...parts, Timer, Trigger, Value, Variable, Verdict },
  });
  const title = 'Report of sleeper-agent';
  const description = `Format ${schema.formatVersion}. Fields may be added; readers keep what they do not know.`;
  return `${JSON.stringify({ $schema, title, description, ...rest }, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  fs.writeFileSync(schemaFile, makeJsonSchema());
  fs.writeFileSync(formatPage, withFieldTables(fs.readFileSync(formatPage, 'utf8')));
}
