/** A gigabyte: its suspended async functions, from the live process and from its core. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { root } from '../harness/paths.ts';
import { assertStrictReport } from '../harness/schema-strict.ts';
import { spawnCommand } from '../harness/spawn-target.ts';
import type { Owner } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import { runMeasured } from './measured-run.ts';
import { makeRow } from './statistics.ts';
import type { Row } from './statistics.ts';

const program = path.join(root, 'test', 'bench', 'big-heap.mjs');
const heapMegabytes = 1_000;
const expectedTasks = 2_002;
const fillDeadlineMs = 300_000;

interface Seen {
  readonly wallMs: number;
  readonly rssMiB: number;
  readonly pausedMs: number;
}

interface Answer {
  readonly pausedMs: number;
  readonly tasks: readonly { readonly count?: number; readonly awaits?: unknown }[];
}

/** An answer counts only when it is whole. */
function check(answer: Answer): number {
  const count = answer.tasks.reduce((sum, task) => sum + (task.count ?? 1), 0);
  if (count < expectedTasks) throw new Error(`${String(count)} tasks were seen`);
  if (answer.tasks.some(({ awaits }) => /pending|not looked for/.test(String(awaits))))
    throw new Error('what some tasks wait for was not found');
  return answer.pausedMs;
}

export async function measureLargeHeap(rounds: number): Promise<Row[]> {
  const cleanups: (() => void | Promise<void>)[] = [];
  const owner: Owner = { after: (clean) => cleanups.push(clean) };
  const seen = new Map<string, Seen[]>();
  const note = (way: string, one: Seen): void => {
    seen.set(way, [...(seen.get(way) ?? []), one]);
  };
  try {
    const flags = ['--max-old-space-size=4000', program, String(heapMegabytes)];
    const target = spawnCommand(owner, [process.execPath, ...flags]);
    await waitFor(
      'the heap is full',
      () => target.lines.find((line) => line.startsWith('ready')),
      fillDeadlineMs,
    );
    const pid = String(target.pid);
    const core = path.join(target.directory, 'core');
    execFileSync('gcore', ['-o', core, pid], { stdio: 'ignore' });
    owner.after(() => {
      fs.rmSync(`${core}.${pid}`, { force: true });
    });
    for (let round = 0; round < rounds; round++) {
      for (const args of [['tasks'], ['tasks', '--no-stop']]) {
        const run = await runMeasured([...args, '--json', pid]);
        const pausedMs = check(JSON.parse(run.stdout) as Answer);
        note(args.join(' '), { ...run, pausedMs });
      }
      const run = await runMeasured(['core', '--json', '--no-archive', `${core}.${pid}`]);
      const pausedMs = check(assertStrictReport(JSON.parse(run.stdout)));
      note('core', { ...run, pausedMs });
    }
  } finally {
    for (const clean of cleanups.reverse()) await clean();
  }
  return [...seen].flatMap(([way, list]) => {
    const tool = `sleeper ${way}`;
    return [
      makeRow(
        '1 GB of heap: answer after',
        tool,
        'ms',
        list.map((one) => one.wallMs),
      ),
      makeRow(
        '1 GB of heap: stands still',
        tool,
        'ms',
        list.map((one) => one.pausedMs),
      ),
      makeRow(
        '1 GB of heap: our own memory',
        tool,
        'MiB',
        list.map((one) => one.rssMiB),
      ),
    ];
  });
}
