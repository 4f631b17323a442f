/** Starts writers of an archive with fault.c in them. */
import { execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { makeDirectory } from '../harness/spawn-target.ts';
import type { Owner } from '../harness/spawn-target.ts';
import { root } from '../harness/paths.ts';

/** What goes wrong. */
export interface Fault {
  /** Only what is done below this directory counts. */
  readonly directory: string;
  /** The how manieth time. */
  readonly at: number;
  /** Absent: the process is killed instead. */
  readonly errno?: number;
  /** Each time after that as well. */
  readonly always?: boolean;
  /** Names of calls; absent: write, fsync, link, rename, unlink, mkdir, open to write. */
  readonly operations?: string;
}

/** How a writer ended. */
export interface Ending {
  readonly lines: readonly string[];
  readonly signal: NodeJS.Signals | null;
  readonly status: number | null;
}

/** Compiles the library. @returns its path */
export function buildFaults(owner: Owner): string {
  const library = path.join(makeDirectory(owner, 'fault'), 'fault.so');
  const source = path.join(root, 'test/archive/programs/fault.c');
  execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-w', '-o', library, source, '-ldl'], {
    stdio: 'pipe',
  });
  return library;
}

/** Runs a compiled program of this directory. */
export function runFaulty(
  library: string,
  program: string,
  args: readonly string[],
  fault: Fault,
  env: Readonly<Record<string, string>> = {},
): Promise<Ending> {
  const { directory, at, errno, always, operations } = fault;
  const child = spawn(process.execPath, [path.join(root, 'test/out/archive', program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      ...env,
      LD_PRELOAD: library,
      FAULT_DIR: directory,
      FAULT_AT: String(at),
      ...(errno !== undefined && { FAULT_ERRNO: String(errno) }),
      ...(always === true && { FAULT_ON: 'all' }),
      ...(operations !== undefined && { FAULT_OPS: operations }),
    },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      resolve({ lines: output.split('\n').filter((line) => line !== ''), signal, status });
    });
  });
}
