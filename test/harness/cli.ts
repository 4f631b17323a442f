/** Runs the sleeper command as a user would, with an archive of its own. */
import { spawn } from 'node:child_process';
import { sleeperBin } from './paths.ts';
import { removeDirectory, spawnCommand } from './spawn-target.ts';
import type { Owner, Target } from './spawn-target.ts';

export interface CliResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface CliOptions {
  /** SLEEPER_ARCHIVE of the run. */
  readonly archive: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs as this user; only root can. */
  readonly uid?: number;
  readonly deadlineMs?: number;
}

/** `node bin/sleeper.js …args`; resolves when it has ended, whatever its status. */
export function runSleeper(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [sleeperBin, ...args], {
      env: {
        ...process.env,
        NO_COLOR: '1',
        SLEEPER_ARCHIVE: options.archive,
        SLEEPER_RUNTIME_DIR: `${options.archive}.runtime`,
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: what it has started must not outlive the deadline with our pipes in its hands.
      detached: true,
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, options.deadlineMs ?? 60_000);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      removeDirectory(`${options.archive}.runtime`).then(() => {
        resolve({ stdout, stderr, status, signal });
      }, reject);
    });
  });
}

/** Starts a command that goes on, such as `sleeper watch`; speak to it by signals and its lines. */
export function startSleeper(
  owner: Owner,
  args: readonly string[],
  options: Pick<CliOptions, 'archive' | 'env'> & { readonly within?: readonly string[] },
): Target {
  const [first, ...rest] = [...(options.within ?? []), process.execPath];
  return spawnCommand(owner, [first, ...rest, sleeperBin, ...args], {
    env: { NO_COLOR: '1', SLEEPER_ARCHIVE: options.archive, ...options.env },
  });
}
