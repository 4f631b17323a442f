/** How long a process stands still while it is looked at, and how long the looker has to wait. */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { assertStrictReport } from '../harness/schema-strict.ts';
import { root, sleeperBin } from '../harness/paths.ts';
import { spawnCommand } from '../harness/spawn-target.ts';
import type { Owner, Target } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import { lookByInspector } from './inspector.ts';
import { measureStopped } from './kernel-account.ts';
import { makeRow } from './statistics.ts';
import type { Row } from './statistics.ts';

const run = promisify(execFile);
/** The control: what is measured when nobody looks, as others use the machine too. */
const nobody = 'nobody';
const maxOutputBytes = 64 << 20;

interface Look {
  /** Longest gap between two readings of the clock inside the target. */
  readonly gapMs: number;
  /** By the kernel's account (kernel-account.ts): all stops of one look together. */
  readonly stoppedMs: number;
  readonly wallMs: number;
  /** Whether its answer names the function that is running, and a value in it. */
  readonly namesFunction: boolean;
  readonly namesValue: boolean;
  /** What our own report says; absent for other tools. */
  readonly pausedMs?: number;
}

/** Asks the spinner; its answers are the lines of its output. */
async function ask(target: Target, question: 'reset' | 'read'): Promise<number> {
  const before = target.lines.length;
  target.say(question);
  // The debugger of Node.js writes lines, too.
  const line = await waitFor('the spinner answers', () =>
    target.lines.slice(before).find((one) => one.startsWith('gap ')),
  );
  return Number(line.slice('gap '.length));
}

async function look(target: Target, command: () => Promise<string>): Promise<Look> {
  await ask(target, 'reset');
  const { result: output, wallMs, stoppedMs } = await measureStopped(target.pid, command);
  const gapMs = await ask(target, 'read');
  const named = {
    namesFunction: /\bspin\b/.test(output),
    namesValue: /\bbefore\b/.test(output),
  };
  if (!output.startsWith('{')) return { gapMs, stoppedMs, wallMs, ...named };
  return {
    gapMs,
    stoppedMs,
    wallMs,
    ...named,
    pausedMs: assertStrictReport(JSON.parse(output)).pausedMs,
  };
}

function lookers(target: Target): Map<string, () => Promise<string>> {
  const pid = String(target.pid);
  const core = path.join(target.directory, 'core');
  return new Map([
    [
      'sleeper dump',
      async () => {
        const args = [sleeperBin, 'dump', pid, '--json', '--no-archive'];
        // A hang found is exit status 10: an answer, not a failure.
        return run(process.execPath, args, { maxBuffer: maxOutputBytes }).then(
          ({ stdout }) => stdout,
          (error: unknown) => (error as { stdout: string }).stdout,
        );
      },
    ],
    [
      'gdb bt',
      async () => {
        const args = ['-batch', '-nx', '-ex', 'bt', '-p', pid];
        return (await run('gdb', args, { maxBuffer: maxOutputBytes })).stdout;
      },
    ],
    [
      'gcore + gdb bt',
      async () => {
        await run('gcore', ['-o', core, pid], { maxBuffer: maxOutputBytes });
        const args = ['-batch', '-nx', '-ex', 'bt', process.execPath, `${core}.${pid}`];
        const { stdout } = await run('gdb', args, { maxBuffer: maxOutputBytes });
        fs.rmSync(`${core}.${pid}`, { force: true });
        return stdout;
      },
    ],
    ['inspector', async () => (await lookByInspector(target)).text],
    [
      'nobody',
      () =>
        new Promise((resolve) =>
          setTimeout(() => {
            resolve('');
          }, 500),
        ),
    ],
  ]);
}

/** Each tool once per round, in turns. */
export async function measureLooks(rounds: number): Promise<Row[]> {
  const cleanups: (() => void | Promise<void>)[] = [];
  const owner: Owner = { after: (clean) => cleanups.push(clean) };
  const looks = new Map<string, Look[]>();
  try {
    const spinner = path.join(root, 'test', 'bench', 'spinner.mjs');
    const target = spawnCommand(owner, [process.execPath, '--inspect-port=0', spinner]);
    await ask(target, 'reset');
    for (let round = 0; round < rounds; round++) {
      for (const [tool, command] of lookers(target)) {
        looks.set(tool, [...(looks.get(tool) ?? []), await look(target, command)]);
      }
    }
  } finally {
    for (const clean of cleanups.reverse()) await clean();
  }
  return makeRows(looks);
}

function makeRows(looks: ReadonlyMap<string, readonly Look[]>): Row[] {
  const column = (tool: string, of: (look: Look) => number | undefined): number[] =>
    (looks.get(tool) ?? []).map(of).filter((value) => value !== undefined);
  const ours = 'sleeper dump';
  const table = (what: string, tools: readonly string[], of: (look: Look) => number): Row[] =>
    tools.map((tool) =>
      tool === ours || tool === nobody
        ? makeRow(what, tool, 'ms', column(tool, of))
        : makeRow(what, tool, 'ms', column(tool, of), column(ours, of)),
    );
  const named = (what: string, of: (look: Look) => boolean): Row[] =>
    all.slice(1).map((tool) =>
      makeRow(
        what,
        tool,
        'of 1',
        column(tool, (look) => Number(of(look))),
      ),
    );
  const all = [nobody, ours, 'gdb bt', 'gcore + gdb bt', 'inspector'];
  return [
    makeRow(
      'stands still, by our report',
      ours,
      'ms',
      column(ours, ({ pausedMs }) => pausedMs),
    ),
    ...table("stands still, by the kernel's account", all, ({ stoppedMs }) => stoppedMs),
    ...table('longest gap, seen from inside', all, ({ gapMs }) => gapMs),
    ...table('answer after', all.slice(1), ({ wallMs }) => wallMs),
    ...named('names the running function', ({ namesFunction }) => namesFunction),
    ...named('names its variable', ({ namesValue }) => namesValue),
  ];
}
