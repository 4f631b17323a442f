/**
 * `npm run bench`: what a look costs the process that is looked at, side by side with gdb and gcore, and what the
 * agent adds. Absolute times drift with the machine; ratios taken in turns in one run do not. Prints a table and
 * writes test/artifacts/bench.json.
 */
import fs from 'node:fs';
import path from 'node:path';
import { artifacts } from '../harness/paths.ts';
import { measureAgent } from './agent-cost.ts';
import { measureLooks } from './look-cost.ts';
import type { Row } from './statistics.ts';

/** Rounds of each tool, in turns; more of what is quick. */
const lookRounds = 9;
const startRounds = 15;

function print(rows: readonly Row[]): void {
  const cells = rows.map(({ what, tool, median, low, high, unit, ratio }) => [
    what,
    tool,
    `${median.toPrecision(4)} ${unit}`,
    `${low.toPrecision(3)} … ${high.toPrecision(3)}`,
    ratio === undefined ? '' : `${ratio.toPrecision(3)} ×`,
  ]);
  const table = [['what', 'tool', 'median', 'range', 'against ours'], ...cells];
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...table.map((row) => (row[column] ?? '').length)),
  );
  for (const row of table) {
    const line = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
    process.stdout.write(`${line.trimEnd()}\n`);
  }
}

const rows = [...(await measureLooks(lookRounds)), ...(await measureAgent(startRounds))];
print(rows);
fs.mkdirSync(artifacts, { recursive: true });
const file = path.join(artifacts, 'bench.json');
fs.writeFileSync(file, `${JSON.stringify({ node: process.version, rows }, null, 2)}\n`);
process.stdout.write(`\nwritten to ${path.relative(process.cwd(), file)}\n`);
