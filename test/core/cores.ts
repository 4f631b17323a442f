/** Real cores for tests. They are big: one at a time, in a directory of its own, deleted at once. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type CoreReading, readCore } from '#dist/reader/read-core.js';
import type { ThreadReading } from '#dist/reader/reading.js';
import { type NodeName, nodeBinary } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { type Owner, spawnCommand } from '../harness/spawn-target.ts';

/** Lets gdb write the core of a running process, which runs on, and deletes it afterwards. */
export async function withCore<T>(pid: number, use: (file: string) => T | Promise<T>): Promise<T> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sleeper-core-'));
  try {
    execFileSync('gcore', ['-o', path.join(directory, 'core'), String(pid)], { stdio: 'pipe' });
    return await use(path.join(directory, `core.${String(pid)}`));
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

/** True when a dying process leaves its core in its working directory: no pipe, no other place. */
function isKernelWriting(): boolean {
  const pattern = fs.readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim();
  return pattern !== '' && !/[|/]/.test(pattern);
}

export interface CrashOptions {
  readonly node: NodeName;
  readonly nodeFlags?: readonly string[];
  /** Which memory is dumped, core(5); the kernel's default includes the first page of each ELF file. */
  readonly coredumpFilter?: string;
  /** Called when the program has said `ready <pid>`; without it the program dies by itself. */
  readonly kill?: (pid: number) => Promise<void>;
}

/** The core of a program that died, and who wrote it. */
export interface CrashCore {
  readonly file: string;
  readonly writtenBy: 'debugger' | 'kernel';
}

/**
 * Runs a program of programs/ until it dies and leaves a core. Where the kernel hands cores to another program, gdb
 * catches the signal instead and writes it.
 */
export async function withCrash<T>(
  owner: Owner,
  program: string,
  options: CrashOptions,
  use: (core: CrashCore) => T | Promise<T>,
): Promise<T> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sleeper-crash-'));
  const file = path.join(root, 'test/core/programs', program);
  const node = [nodeBinary(options.node), ...(options.nodeFlags ?? []), file] as const;
  try {
    const isKernel = isKernelWriting();
    const gdb = 'gdb -nx -q -batch -ex run -ex "gcore core" -ex kill --args "$@"';
    const filter = `echo ${options.coredumpFilter ?? '0x33'} > /proc/self/coredump_filter`;
    const run = isKernel ? 'exec "$@"' : `exec ${gdb}`;
    const script = `ulimit -c unlimited; ${filter}; ${run}`;
    const target = spawnCommand(owner, ['bash', '-c', script, 'bash', ...node], { directory });
    if (options.kill !== undefined) {
      const [, pid] = await target.expect(/^ready (\d+)/);
      await options.kill(Number(pid));
    }
    await target.exited;
    const name = fs.readdirSync(directory).find((entry) => entry.startsWith('core'));
    assert.ok(name, `a core was written:\n${target.lines.join('\n')}`);
    return await use({
      file: path.join(directory, name),
      writtenBy: isKernel ? 'kernel' : 'debugger',
    });
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

export function read(file: string): CoreReading {
  return readCore(file, { deadlineMs: 30_000 });
}

/** What the reader says of one thread. */
export function threadOf(core: CoreReading, tid: number): ThreadReading {
  const reading = core.threads.find((thread) => thread.tid === tid)?.reading;
  assert.ok(reading, `thread ${String(tid)} was read`);
  return reading;
}
