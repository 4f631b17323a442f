/** What an archive holds. */
import fs from 'node:fs';
import path from 'node:path';
import { readReport } from '#dist/archive/read.js';
import type { Report } from '#dist/report/schema.js';
import { assertStrictReport } from './schema-strict.ts';

/** Names of the sealed reports in an archive, sorted. */
export function reportsIn(directory: string): string[] {
  return fs
    .readdirSync(directory)
    .filter((name) => /\.msgpack(\.gz)?$/.test(name))
    .sort();
}

/** The reports themselves, in the same order; each is as the schema says and no more. */
export async function readReports(directory: string): Promise<Report[]> {
  const reading = reportsIn(directory).map((name) => readReport(path.join(directory, name)));
  return (await Promise.all(reading)).map(assertStrictReport);
}
