/** Real programs to stop and read, for the addon's own tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A running target whose standard output is read line by line. End it with `kill()`. */
export interface Target {
  pid: number;
  child: ChildProcess;
  /** The next line it prints. Rejects when it ends first. */
  line: () => Promise<string>;
  kill: () => Promise<void>;
}

/** Starts `source` with `node --eval`; the program must print a line when it is ready. */
export async function startTarget(
  source: string,
  options: { node?: string; args?: string[]; env?: NodeJS.ProcessEnv; uid?: number } = {},
): Promise<Target> {
  const child = spawn(
    options.node ?? process.execPath,
    [...(options.args ?? []), '--eval', source],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: options.env ?? process.env,
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const target: Target = {
    pid: child.pid ?? 0,
    child,
    line: async () => {
      const next = (await lines.next()) as IteratorResult<string, undefined>;
      if (next.done === true) throw new Error(`target ${target.pid} ended before it answered`);
      return next.value;
    },
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
  await target.line();
  return target;
}

/** The ids of a process's threads. */
export function threadIds(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map(Number);
}

/** State letter of proc(5), such as R, S, T (stopped by a signal) or t (stopped by a tracer). */
export function threadState(pid: number, tid = pid): string {
  const status = readFileSync(`/proc/${pid}/task/${tid}/status`, 'utf8');
  return /^State:\s+(\w)/m.exec(status)?.[1] ?? '?';
}

/** Counts without end in several threads; answers each line on its standard input with its counters. */
export const busyThreads = `
  const { Worker } = require('node:worker_threads');
  const counters = new Int32Array(new SharedArrayBuffer(16));
  const loop = 'const { workerData } = require("node:worker_threads"); for (;;) Atomics.add(workerData, 0, 1)';
  const workers = [0, 1].map(() => new Worker(loop, { eval: true, workerData: counters }));
  Promise.all(workers.map((w) => new Promise((ok) => w.once('online', ok)))).then(() => console.log('ready'));
  process.stdin.on('data', () => console.log(Atomics.load(counters, 0)));
`;
