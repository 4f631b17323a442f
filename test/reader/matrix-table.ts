/** docs/reader-matrix.md, from what the matrix test has found. */
import { nodeNames } from '../harness/node-versions.ts';
import type { Found } from './matrix-checks.ts';

type Place = 'live' | 'core';

export interface Row extends Found {
  readonly node: string;
  readonly place: Place;
}

const tiers = [
  'interpreted',
  'baseline',
  'maglev',
  'turbofan',
  'wasm liftoff',
  'wasm turbofan',
  'suspended',
];
const workloads = {
  call: 'names and places in a call',
  values: 'values in a call',
  loop: 'names and places in a loop',
  'loop values': 'values in a loop',
};

/** Not every tier has every workload, nor every version every tier. */
export function writeTable(rows: readonly Row[]): string {
  const cellOf = (node: string, tier: string, workload: string): string => {
    const of = (place: Place): string | undefined =>
      rows.find(
        (row) =>
          row.node === node &&
          row.tier === tier &&
          row.workload === workload &&
          row.place === place,
      )?.cell;
    const [live, core] = [of('live'), of('core')];
    if (live === undefined && core === undefined) return '–';
    return live === core ? (live ?? '') : `${live ?? 'not seen'} / ${core ?? 'not seen'}`;
  };
  const table = nodeNames.flatMap((node) =>
    tiers.map((tier) => [
      `Node ${node}`,
      tier,
      ...Object.keys(workloads).map((workload) => cellOf(node, tier, workload)),
    ]),
  );
  const head = ['version', 'tier', ...Object.values(workloads)];
  const widths = head.map((title, i) =>
    Math.max(title.length, ...table.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return `${[introduction, line(head), line(widths.map((width) => '-'.repeat(width))), ...table.map(line)].join('\n')}\n`;
}

const introduction = `# What the reader was seen to read

Written by \`test/reader/matrix.test.ts\`, which compares each reading with what the program says of itself: names, lines and
columns with its \`error.stack\`, values with what it prints of every variable. Live and from a core of gcore; where the two
differ, both are told.

- \`all\`: everything was right. \`all 70\`: so many variables, one of every kind of value, each with the very preview that the
  program itself works out (\`test/reader/programs/kinds.cjs\`).
- \`arguments\`: all of them, and those locals that can be worked out at the loop's next interrupt check
  (\`test/reader/frames.test.ts\`); the others are marked \`optimized-out\`, none was wrong.
- \`–\`: there is no such thing. Official builds of Node 18, 20 and 22 have no Maglev.

In a call, five functions stand above one another, in the optimising tiers inlined into each other. \`suspended\` is an async function
at its \`await\`. Every tier is reached on purpose, by V8's own functions for tests, each in a Worker of its own.
`;
