/**
 * What the agent adds to a program, beside Sentry's SDK: to its start, its requests, promises and throws, and to its end. Each
 * round runs the program without, with the agent and with Sentry's, one right after the other; figures are differences or
 * ratios within a round.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { connectAgent } from '#dist/probe/agent.js';
import { startSleeper } from '../harness/cli.ts';
import { agentRegister, root } from '../harness/paths.ts';
import { makeDirectory, type Owner, spawnCommand } from '../harness/spawn-target.ts';
import { makeRow } from './statistics.ts';
import type { Row } from './statistics.ts';

const program = path.join(root, 'test', 'bench', 'agent-work.cjs');
const ways = {
  without: [],
  agent: ['--require', agentRegister],
  "Sentry's SDK": ['--require', path.join(root, 'test', 'bench', 'sentry.cjs')],
} as const satisfies Readonly<Record<string, readonly string[]>>;
type Way = keyof typeof ways;
const added: readonly Way[] = ['agent', "Sentry's SDK"];

interface Run {
  /** Start to end. */
  readonly wallMs: number;
  /** Processor time of the work alone, and of everything. */
  readonly workMs: number;
  readonly cpuMs: number;
  readonly rssMiB: number;
}

interface Ended {
  readonly output: string;
  readonly wallMs: number;
  readonly endedAtMs: number;
}

function start(way: Way, work: string, archive: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const startedAtMs = performance.now();
    const child = spawn(process.execPath, [...ways[way], program], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, NODE_OPTIONS: '', WORK: work, SLEEPER_ARCHIVE: archive },
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', reject);
    child.once('close', () => {
      resolve({ output, wallMs: performance.now() - startedAtMs, endedAtMs: Date.now() });
    });
  });
}

async function runOnce(way: Way, work: string, archive: string): Promise<Run> {
  const { output, wallMs } = await start(way, work, archive);
  const [workMs = NaN, cpuMs = NaN, rssMiB = NaN] = JSON.parse(output) as number[];
  return { wallMs, workMs, cpuMs, rssMiB };
}

/** Every way once per round. */
async function inTurns<T>(
  rounds: number,
  run: (way: Way) => Promise<T>,
): Promise<Record<Way, T[]>> {
  const runs: Record<Way, T[]> = { without: [], agent: [], "Sentry's SDK": [] };
  for (let round = 0; round < rounds; round++)
    for (const way of Object.keys(ways) as Way[]) runs[way].push(await run(way));
  return runs;
}

function differences(what: string, unit: string, values: Record<Way, number[]>): Row[] {
  const { without } = values;
  const against = (way: Way) => values[way].map((value, i) => value - (without[i] ?? NaN));
  return [
    makeRow(what, 'without', unit, without),
    ...added.map((way) => makeRow(what, `${way} adds`, unit, against(way))),
  ];
}

function ratios(what: string, values: Record<Way, number[]>): Row[] {
  const { without } = values;
  const against = (way: Way) => values[way].map((value, i) => value / (without[i] ?? NaN));
  return [
    makeRow(what, 'without', 'ms', without),
    ...added.map((way) => makeRow(what, way, '×', against(way))),
  ];
}

function column(runs: Record<Way, Run[]>, of: (run: Run) => number): Record<Way, number[]> {
  return {
    without: runs.without.map(of),
    agent: runs.agent.map(of),
    "Sentry's SDK": runs["Sentry's SDK"].map(of),
  };
}

/** From the program's last word to its being gone, and the report sealed. */
async function measureDeath(rounds: number, archive: string): Promise<Row[]> {
  const died = await inTurns(rounds, async (way) => {
    const { output, endedAtMs } = await start(way, 'abort', path.join(archive, way));
    return endedAtMs - Number(output);
  });
  const reports = fs.readdirSync(path.join(archive, 'agent')).filter((one) => /abort/.test(one));
  if (reports.length === 0) throw new Error('no abort was reported');
  return differences('process.abort() to gone', 'ms', died);
}

/** The same, with a watcher whose capture process is asked, and has been before. */
async function measureWatchedDeath(owner: Owner, rounds: number): Promise<Row> {
  const timesMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const archive = makeDirectory(owner, 'bench-watched');
    const target = spawnCommand(owner, [process.execPath, ...ways.agent, program], {
      env: { WORK: 'abort later', SLEEPER_ARCHIVE: archive },
    });
    await target.expect(/^ready$/);
    const watch = startSleeper(owner, ['watch', String(target.pid), '--json'], { archive });
    await watch.expect(/"agent-found"/);
    const agent = connectAgent(target.pid);
    while (!watch.lines.some((line) => line.includes('"agent-report"')))
      await agent.capture('to be ready', 10_000);
    agent.close();
    target.say('now');
    const [, saidAtMs] = await target.expect(/^(\d{13})$/);
    await target.exited;
    timesMs.push(Date.now() - Number(saidAtMs));
    await watch.kill();
    if (fs.readdirSync(archive).filter((one) => /abort/.test(one)).length !== 1)
      throw new Error('no abort was reported');
  }
  return makeRow('process.abort() to gone', 'agent, watched', 'ms', timesMs);
}

export async function measureAgent(owner: Owner, rounds: number): Promise<Row[]> {
  const archive = makeDirectory(owner, 'bench-agent');
  const rows: Row[] = [];
  const nothing = await inTurns(rounds, (way) => runOnce(way, 'nothing', archive));
  rows.push(
    ...differences(
      'start to end',
      'ms',
      column(nothing, ({ wallMs }) => wallMs),
    ),
    ...differences(
      'processor time',
      'ms',
      column(nothing, ({ cpuMs }) => cpuMs),
    ),
    ...differences(
      'memory (RSS), nothing done',
      'MiB',
      column(nothing, ({ rssMiB }) => rssMiB),
    ),
  );
  const service = await inTurns(rounds, (way) => runOnce(way, 'service', archive));
  const cpuOf = column(service, ({ cpuMs }) => cpuMs);
  const memoryOf = column(service, ({ rssMiB }) => rssMiB);
  rows.push(
    ...differences('a program with pino and node:http, processor time', 'ms', cpuOf),
    ...differences('a program with pino and node:http, memory (RSS)', 'MiB', memoryOf),
  );
  for (const [what, work] of [
    ['4,000 requests, server and client', 'requests'],
    ['220,000 async calls', 'promises'],
    ['60,000 throws', 'throws'],
  ] as const) {
    const runs = await inTurns(rounds, (way) => runOnce(way, work, archive));
    rows.push(
      ...ratios(
        `${what}: processor time`,
        column(runs, ({ workMs }) => workMs),
      ),
    );
    // A program that does nothing has not even touched the pages of node that any other needs.
    const memory = column(runs, ({ rssMiB }) => rssMiB);
    if (work === 'promises') rows.push(...differences('memory (RSS), at work', 'MiB', memory));
  }
  rows.push(...(await measureDeath(rounds, archive)));
  return [...rows, await measureWatchedDeath(owner, rounds)];
}
