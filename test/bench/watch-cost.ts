/**
 * What watching costs: processor time and memory of the watcher for many processes, the time from the decision to the sealed
 * report, and what a watched server loses. Processor time, not time: a busy machine makes it longer, not larger by much.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { sleeperBin } from '../harness/paths.ts';
import { readThread, waitFor } from '../harness/wait.ts';
import { makeRow } from './statistics.ts';
import type { Row } from './statistics.ts';

/** Idle Node.js processes to watch; a thousand take some 15 GB. */
const targetCount = Number(process.env['SLEEPER_BENCH_TARGETS'] ?? 100);
/** So that together they are looked at a thousand times a second, as a thousand processes are every second. */
const intervalMs = targetCount;
/** After a thousand processes have started, and the capture process has tried itself. */
const settleMs = 15_000;
const measureForMs = 15_000;
/** Looks taken by the time memory is read again. */
const manyLooks = Number(process.env['SLEEPER_BENCH_LOOKS'] ?? 20_000);
const hangRounds = 5;
const servedRequests = 4_000;
const servedRounds = 5;

interface Watch {
  readonly child: ChildProcess;
  readonly told: { readonly event: string; readonly tookMs?: number; readonly at: string }[];
  stop(): void;
}

function startWatch(args: readonly string[]): Watch {
  const archive = fs.mkdtempSync(path.join(os.tmpdir(), 'sleeper-bench-'));
  const child = spawn(
    process.execPath,
    [sleeperBin, 'watch', ...args, '--json', '--archive', archive],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const told: Watch['told'] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    told.push(JSON.parse(line) as Watch['told'][number]);
  });
  return {
    child,
    told,
    stop: () => {
      child.kill('SIGTERM');
      fs.rmSync(archive, { recursive: true, force: true });
    },
  };
}

function spawnIdle(token: string): ChildProcess {
  return spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)', token], { stdio: 'ignore' });
}

/** Processor time and resident memory of the watcher and its capture process; node's own pages, which both map, count once. */
function useOf(pid: number): { cpuMs: number; mib: number } {
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  const pids = [pid, ...children.filter(Boolean).map(Number)];
  let cpuMs = 0;
  let mib = 0;
  for (const one of pids) {
    const rollup = fs.readFileSync(`/proc/${one}/smaps_rollup`, 'utf8');
    const counted = one === pid ? /^Rss:\s+(\d+)/gm : /^Private_(?:Clean|Dirty):\s+(\d+)/gm;
    for (const [, kib] of rollup.matchAll(counted)) mib += Number(kib) / 1024;
    const fields = fs.readFileSync(`/proc/${one}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    cpuMs += (Number(fields[11]) + Number(fields[12])) * 10;
  }
  return { cpuMs, mib };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function measureMany(): Promise<Row[]> {
  const token = `bench-${randomUUID()}`;
  const targets = Array.from({ length: targetCount }, () => spawnIdle(token));
  const watch = startWatch(['--name', token, '--interval', `${intervalMs}ms`]);
  try {
    const { pid } = watch.child;
    if (pid === undefined) throw new Error('the watcher did not start');
    await waitFor(
      'all are watched',
      () => watch.told.filter(({ event }) => event === 'watching').length === targetCount,
      300_000,
    );
    await sleep(settleMs);
    const samples: number[] = [];
    const first = useOf(pid);
    let before = first;
    let atMs = performance.now();
    for (let round = 0; round < 5; round++) {
      await sleep(measureForMs / 5);
      const now = useOf(pid);
      samples.push((100 * (now.cpuMs - before.cpuMs)) / (performance.now() - atMs));
      before = now;
      atMs = performance.now();
    }
    await sleep(Math.max(0, manyLooks - measureForMs));
    const last = useOf(pid);
    const what = `${targetCount} processes, 1,000 looks/s`;
    return [
      makeRow(what, 'processor', '%', samples),
      makeRow(what, 'memory', 'MiB', [before.mib]),
      makeRow(`${manyLooks} looks later`, 'memory', 'MiB', [last.mib]),
    ];
  } finally {
    watch.stop();
    for (const target of targets) target.kill('SIGKILL');
  }
}

async function measureReports(): Promise<Row[]> {
  const tookMs: number[] = [];
  const lateMs: number[] = [];
  for (let round = 0; round < hangRounds; round++) {
    const target = spawn(process.execPath, ['-e', 'setTimeout(() => { for (;;); }, 6000)'], {
      stdio: 'ignore',
    });
    const watch = startWatch([
      String(target.pid),
      '--timeout',
      '2s',
      '--interval',
      '250ms',
      '--once',
    ]);
    try {
      const captured = await waitFor(
        'it is captured',
        () => watch.told.find(({ event }) => event === 'captured'),
        60_000,
      );
      tookMs.push(captured.tookMs ?? NaN);
      const hang = watch.told.find(({ event }) => event === 'hang-began') as unknown as {
        trigger: { stalledForMs: number };
      };
      lateMs.push(hang.trigger.stalledForMs - 2_000);
    } finally {
      target.kill('SIGKILL');
      watch.stop();
    }
  }
  return [
    makeRow('decision → sealed report', 'watch', 'ms', tookMs),
    makeRow('noticed after the threshold (interval 250 ms)', 'watch', 'ms', lateMs),
  ];
}

const server = `
require('node:http').createServer((request, response) => {
  if (request.url !== '/use') return response.end('ok');
  const { user, system } = process.cpuUsage();
  response.end(String(user + system));
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
`;

function get(agent: http.Agent, port: number, file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ agent, port, host: '127.0.0.1', path: file }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => (text += more));
      response.on('end', () => {
        resolve(text);
      });
    });
    request.on('error', reject);
  });
}

/** Processor time of a server for each request, watched five times a second and not, in turns. */
async function measureServer(): Promise<Row[]> {
  const child = spawn(process.execPath, ['-e', server], { stdio: ['ignore', 'pipe', 'inherit'] });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  try {
    const port = await new Promise<number>((resolve) => {
      createInterface({ input: child.stdout }).once('line', (line) => {
        resolve(Number(line));
      });
    });
    const costUs = async (): Promise<number> => {
      const before = Number(await get(agent, port, '/use'));
      for (let done = 0; done < servedRequests; done += 16)
        await Promise.all(Array.from({ length: 16 }, () => get(agent, port, '/')));
      return (Number(await get(agent, port, '/use')) - before) / servedRequests;
    };
    await costUs();
    const alone: number[] = [];
    const ratio: number[] = [];
    for (let round = 0; round < servedRounds; round++) {
      const plain = await costUs();
      const watch = startWatch([String(child.pid), '--interval', '200ms']);
      await waitFor('it is watched', () => watch.told.length > 0);
      const watched = await costUs();
      watch.stop();
      await waitFor(
        'the watcher has ended',
        () => readThread(watch.child.pid ?? 0, watch.child.pid ?? 0) === null,
      );
      alone.push(plain);
      ratio.push((100 * (watched - plain)) / plain);
    }
    return [
      makeRow('processor time of a request', 'server', 'µs', alone),
      makeRow('processor time of a request', 'watched: adds', '%', ratio),
    ];
  } finally {
    agent.destroy();
    child.kill('SIGKILL');
  }
}

/** All of it. */
export async function measureWatch(): Promise<Row[]> {
  return [...(await measureReports()), ...(await measureServer()), ...(await measureMany())];
}
