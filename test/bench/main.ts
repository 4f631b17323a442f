/**
 * `npm run bench`: what a look costs the process that is looked at, side by side with gdb, gcore and the inspector;
 * stacks of thirty frames; a heap and a core of a gigabyte; what the agent adds; what watching, keeping and viewing cost.
 * Absolute times drift with the machine; ratios taken in turns in one run do not. Prints a table and
 * writes test/artifacts/bench.json.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { artifacts } from '../harness/paths.ts';
import { measureAgent } from './agent-cost.ts';
import { measureArchive } from './archive-cost.ts';
import { measureLargeHeap } from './large-heap.ts';
import { measureLooks } from './look-cost.ts';
import { measureThirtyFrames } from './thirty-frames.ts';
import { measureView } from './view-cost.ts';
import type { Row } from './statistics.ts';
import { measureWatch } from './watch-cost.ts';

/** Rounds of each tool, in turns; more of what is quick. */
const lookRounds = 9;
const frameRounds = 100;
const heapRounds = 5;
const startRounds = 15;
const sealRounds = 40;
const viewRounds = 15;
const pageRounds = 5;

function print(rows: readonly Row[]): void {
  const cells = rows.map(({ what, tool, median, p95, low, high, unit, ratio }) => [
    what,
    tool,
    `${median.toPrecision(4)} ${unit}`,
    p95.toPrecision(4),
    `${low.toPrecision(3)} … ${high.toPrecision(3)}`,
    ratio === undefined ? '' : `${ratio.toPrecision(3)} ×`,
  ]);
  const table = [['what', 'tool', 'median', 'p95', 'range', 'against ours'], ...cells];
  const widths = [0, 1, 2, 3, 4, 5].map((column) =>
    Math.max(...table.map((row) => (row[column] ?? '').length)),
  );
  for (const row of table) {
    const line = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
    process.stdout.write(`${line.trimEnd()}\n`);
  }
}

const cleanUps: (() => unknown)[] = [];
const owner = { after: (cleanUp: () => unknown) => void cleanUps.push(cleanUp) };
/** `npm run bench` is all of it; words choose parts. */
const parts: Readonly<Record<string, () => Promise<Row[]>>> = {
  looks: () => measureLooks(lookRounds),
  frames: () => measureThirtyFrames(frameRounds),
  heap: () => measureLargeHeap(heapRounds),
  agent: () => measureAgent(owner, startRounds),
  watch: measureWatch,
  archive: () => measureArchive(owner, sealRounds),
  view: () => measureView(owner, viewRounds, pageRounds),
};

// Node.js 20 reads the certificates that it names before it starts: 60 ms that are nobody's here.
delete process.env['NODE_EXTRA_CA_CERTS'];
const words = process.argv.slice(2);
const rows: Row[] = [];
for (const [name, measure] of Object.entries(parts))
  if (words.length === 0 || words.includes(name)) rows.push(...(await measure()));
for (const cleanUp of cleanUps) await cleanUp();
print(rows);
fs.mkdirSync(artifacts, { recursive: true });
const file = path.join(artifacts, 'bench.json');
const machine = { cpus: os.cpus().map(({ model }) => model), kernel: os.release() };
fs.writeFileSync(file, `${JSON.stringify({ node: process.version, machine, rows }, null, 2)}\n`);
process.stdout.write(`\nwritten to ${path.relative(process.cwd(), file)}\n`);
