/** Pauses of many dumps of a stack of thirty frames, and the time until they are answered. */
import path from 'node:path';
import { root } from '../harness/paths.ts';
import { assertStrictReport } from '../harness/schema-strict.ts';
import { spawnCommand } from '../harness/spawn-target.ts';
import type { Owner } from '../harness/spawn-target.ts';
import { measureStopped } from './kernel-account.ts';
import { runMeasured } from './measured-run.ts';
import { makeRow } from './statistics.ts';
import type { Row } from './statistics.ts';

const program = path.join(root, 'test', 'bench', 'deep-stack.mjs');
const ways: Readonly<Record<string, readonly string[]>> = {
  'with values': [],
  '--no-values': ['--no-values'],
};

interface Dump {
  /** The longest stop, by our own report. */
  readonly pausedMs: number;
  /** All stops together. */
  readonly stoppedMs: number;
  readonly wallMs: number;
  readonly rssMiB: number;
}

/** Each way once per round, in turns. */
export async function measureThirtyFrames(rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const state of ['busy', 'blocked']) {
    const cleanups: (() => void | Promise<void>)[] = [];
    const owner: Owner = { after: (clean) => cleanups.push(clean) };
    try {
      const target = spawnCommand(owner, [process.execPath, program, state]);
      await target.expect(/^ready$/);
      const dumps = new Map<string, Dump[]>();
      for (let round = 0; round < rounds; round++) {
        for (const [way, args] of Object.entries(ways)) {
          const pid = String(target.pid);
          const { result: run, stoppedMs } = await measureStopped(target.pid, () =>
            runMeasured(['dump', '--json', '--no-archive', ...args, pid]),
          );
          const report = assertStrictReport(JSON.parse(run.stdout));
          const main = report.threads.find(({ kind }) => kind === 'main');
          const levels = main?.frames.filter((frame) => /^level\d+$/.test(frame.function)) ?? [];
          if (levels.length !== 30) throw new Error(`${String(levels.length)} frames were seen`);
          dumps.set(way, [
            ...(dumps.get(way) ?? []),
            { ...run, stoppedMs, pausedMs: report.pausedMs },
          ]);
        }
      }
      for (const [way, list] of dumps) {
        const what = (name: string): string => `30 frames, ${state}: ${name}`;
        rows.push(
          makeRow(
            what('stands still, by our report'),
            way,
            'ms',
            list.map((one) => one.pausedMs),
          ),
          // A thread that waits does not run either, whoever looks.
          ...(state === 'busy'
            ? [
                makeRow(
                  what("stands still, by the kernel's account"),
                  way,
                  'ms',
                  list.map((one) => one.stoppedMs),
                ),
              ]
            : []),
          makeRow(
            what('answer after'),
            way,
            'ms',
            list.map((one) => one.wallMs),
          ),
          makeRow(
            what('our own memory'),
            way,
            'MiB',
            list.map((one) => one.rssMiB),
          ),
        );
      }
    } finally {
      for (const clean of cleanups.reverse()) await clean();
    }
  }
  return rows;
}
