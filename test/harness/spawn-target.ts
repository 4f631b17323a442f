/**
 * Starts the programs that tests look at, waits until they say they are ready, and never leaves one behind:
 * the test ends them, and should the test process itself die, the kernel does (PR_SET_PDEATHSIG by setpriv).
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { nodeBinary } from './node-versions.ts';
import type { NodeName } from './node-versions.ts';
import { agentRegister } from './paths.ts';
import { waitFor } from './wait.ts';

/** What cleans up: a TestContext of node:test, or anything else that calls back at its end. */
export interface Owner {
  after(clean: () => void | Promise<void>): void;
}

export interface SpawnOptions {
  readonly node?: NodeName;
  /** Runs instead of a Node.js of the matrix; flags and program follow. */
  readonly command?: readonly [string, ...string[]];
  /** True: loaded with `--require` of our agent. */
  readonly agent?: boolean;
  /** Flags for node, before the program. */
  readonly nodeFlags?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Command that starts node, such as `unshare`; it must become it. */
  readonly within?: readonly string[];
  /** False: do not wait for the byte on descriptor 3. */
  readonly waitUntilReady?: boolean;
}

export interface Exit {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running program under test. */
export interface Target {
  readonly pid: number;
  /** Its own empty working directory, deleted at the end. */
  readonly directory: string;
  readonly exited: Promise<Exit>;
  /** All it has written to stdout and stderr so far, in lines. */
  readonly lines: readonly string[];
  /** Writes a line to its stdin. */
  say(line: string): void;
  /** Waits for a line of its output, past or to come. */
  expect(pattern: RegExp): Promise<RegExpMatchArray>;
  signal(name: NodeJS.Signals): void;
  /** SIGKILL, and waits for the end. Harmless when it has ended. */
  kill(): Promise<Exit>;
}

/** However busy the machine is, a program that dies has time for its report. */
export const patientDeath = { SLEEPER_DEATH_LIMIT_MS: '40000' } as const;

/** A directory of its own for a test, deleted at the end. */
export function makeDirectory(owner: Owner, name: string): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), `sleeper-${name}-`));
  owner.after(() => removeDirectory(directory));
  return directory;
}

/** What was killed a moment ago may have a child that still writes its last file: rm's own retries do not list again. */
export async function removeDirectory(directory: string): Promise<void> {
  await waitFor(`${directory} is removed`, () => {
    try {
      fs.rmSync(directory, { recursive: true, force: true });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOTEMPTY') return false;
      throw error;
    }
  });
}

function waitForByte(child: ChildProcess, exited: Promise<Exit>, lines: string[]): Promise<void> {
  const channel = child.stdio[3] as Readable;
  return new Promise((resolve, reject) => {
    channel.once('data', () => {
      channel.destroy();
      resolve();
    });
    exited.then((exit) => {
      reject(
        new Error(
          `The program ended (${String(exit.signal ?? exit.status)}) before it was ready:\n${lines.join('\n')}`,
        ),
      );
    }, reject);
  });
}

function collectLines(stream: Readable, lines: string[]): void {
  createInterface({ input: stream }).on('line', (line) => lines.push(line));
}

/** Starts any command so that it cannot outlive the test. */
export function spawnCommand(
  owner: Owner,
  command: readonly [string, ...string[]],
  options: { env?: Readonly<Record<string, string>>; directory?: string } = {},
): Target & { child: ChildProcess } {
  const directory = options.directory ?? makeDirectory(owner, 'target');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
    cwd: directory,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      // The recorders of targets that tests kill must not be found by others.
      SLEEPER_RUNTIME_DIR: path.join(directory, '.runtime'),
      ...options.env,
    },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`Cannot start ${command.join(' ')}`);
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (status, signal) => {
      resolve({ status, signal });
    });
  });
  const lines: string[] = [];
  collectLines(child.stdout, lines);
  collectLines(child.stderr, lines);
  child.stdin.on('error', () => undefined); // a program that ends before it reads is no fault of ours
  const kill = (): Promise<Exit> => {
    child.kill('SIGKILL');
    return exited;
  };
  owner.after(async () => {
    await kill();
  });
  return {
    child,
    pid,
    directory,
    exited,
    lines,
    say: (line) => {
      child.stdin.write(`${line}\n`);
    },
    expect: (pattern) =>
      waitFor(`a line matches ${String(pattern)}`, () => {
        for (const line of lines) {
          const match = pattern.exec(line);
          if (match !== null) return match;
        }
        return null;
      }),
    signal: (name) => {
      child.kill(name);
    },
    kill,
  };
}

/** Starts a JavaScript program with the chosen Node.js; resolves when it has said that it is ready. */
export async function spawnProgram(
  owner: Owner,
  program: string,
  options: SpawnOptions = {},
): Promise<Target> {
  const node = nodeBinary(options.node ?? '20');
  const [first = node, ...wrapper] = [...(options.within ?? []), ...(options.command ?? [node])];
  const { child, ...target } = spawnCommand(
    owner,
    [
      first,
      ...wrapper,
      ...(options.agent === true ? ['--require', agentRegister] : []),
      ...(options.nodeFlags ?? []),
      program,
      ...(options.args ?? []),
    ],
    options.env === undefined ? {} : { env: options.env },
  );
  if (options.waitUntilReady !== false)
    await waitForByte(child, target.exited, target.lines as string[]);
  return target;
}
