/**
 * Starts a program as if nobody stood between: the same terminal, signals and end. What is added: the agent by
 * NODE_OPTIONS, the watchdog, and one line at the end when a report was written.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { readArchiveDirectory } from '../archive/list.ts';
import type { HangPolicy } from '../detect/hang.ts';
import { SleeperError } from '../errors.ts';
import { createLog } from '../log.ts';
import { type ProcessIdentity, requireNodeProcess } from '../probe/identity.ts';
import { logWatchEvent } from './tell-watch.ts';
import { watchProcess } from './watch-process.ts';

/** How to run. */
export interface RunOptions {
  readonly policy: HangPolicy;
  /** Directory of the archive. */
  readonly archive: string;
}

/** Passed on when they reach us. The rest either cannot be caught, or concerns only us. */
const passedSignals = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGPIPE',
  'SIGCONT',
  'SIGWINCH',
] as const satisfies NodeJS.Signals[];

/** A terminal sends these to the whole foreground group: the program has got them already. */
const terminalSignals: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT', 'SIGWINCH']);

/** Signals whose default action writes a core file: ours must not take the place of the program's. */
const coreSignals: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGQUIT',
  'SIGILL',
  'SIGABRT',
  'SIGFPE',
  'SIGSEGV',
  'SIGBUS',
  'SIGTRAP',
  'SIGSYS',
  'SIGXCPU',
  'SIGXFSZ',
]);

/** Total time of one capture. */
const captureDeadlineMs = 10_000;
/** File names keep whole seconds. */
const nameResolutionMs = 1_000;

/**
 * Runs the program to its end, then ends this process the same way: with its exit status, or by its signal.
 * @throws SleeperError ERR_SLEEPER_SPAWN
 */
export async function runProgram(
  command: readonly [string, ...string[]],
  options: RunOptions,
): Promise<void> {
  const startedAtMs = Date.now();
  const [file, ...args] = command;
  const env = environmentFor(options.archive, process.env);
  const child = spawn(file, args, { stdio: 'inherit', env });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  ended.catch(() => undefined);
  const stopPassing = passSignals(child);
  const pid = await waitForStart(child, command);
  const end = new AbortController();
  const watched = watch(pid, options, end.signal);
  const [status, signal] = await ended;
  end.abort();
  await watched;
  stopPassing();
  await sayReports(pid, startedAtMs, options.archive);
  endLike(status, signal);
}

/** The environment of the program: the agent loaded before it, and where reports go. */
export function environmentFor(
  archive: string,
  env: Readonly<NodeJS.ProcessEnv>,
): Record<string, string | undefined> {
  const register = fileURLToPath(new URL('../agent/register.cjs', import.meta.url));
  const before = env['NODE_OPTIONS'];
  const load = `--require ${quoteNodeOption(register)}`;
  return {
    ...env,
    NODE_OPTIONS: before === undefined || before.trim() === '' ? load : `${load} ${before}`,
    SLEEPER_ARCHIVE: archive,
  };
}

/**
 * One word of NODE_OPTIONS. Node splits at spaces; between double quotes it does not, and a backslash there takes the
 * next character as it is. Source: ParseNodeOptionsEnvVar in node's src/node_options.cc.
 */
export function quoteNodeOption(word: string): string {
  return /[\s"\\]/.test(word) ? `"${word.replace(/["\\]/g, '\\$&')}"` : word;
}

async function waitForStart(child: ChildProcess, command: readonly string[]): Promise<number> {
  try {
    if (child.pid === undefined) await once(child, 'spawn');
  } catch (cause) {
    throw new SleeperError(
      'ERR_SLEEPER_SPAWN',
      `Cannot start ${command.join(' ')}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { command },
      { cause },
    );
  }
  if (child.pid === undefined) throw new Error('a started process has a pid');
  return child.pid;
}

function passSignals(child: ChildProcess): () => void {
  const listeners = passedSignals.map((name) => {
    const pass = (): void => {
      if (!(process.stdin.isTTY && terminalSignals.has(name))) child.kill(name);
    };
    process.on(name, pass);
    return { name, pass };
  });
  return () => {
    for (const { name, pass } of listeners) process.off(name, pass);
  };
}

async function watch(pid: number, options: RunOptions, signal: AbortSignal): Promise<void> {
  const log = createLog();
  try {
    const identity = await waitForNode(pid, options.policy.intervalMs, signal, log);
    if (identity === null) return;
    await watchProcess(identity, {
      policy: options.policy,
      archive: options.archive,
      deadlineMs: captureDeadlineMs,
      signal,
      tell: (event) => {
        // The program's own output is what people want to see here: only trouble is told.
        if (event.kind !== 'watching' && event.kind !== 'ended') logWatchEvent(log, pid, event);
      },
    });
  } catch (error) {
    if (signal.aborted || !(error instanceof SleeperError)) return;
    if (!endings.has(error.code)) log.warn({ target: pid }, error.message);
  }
}

/** The program ended before it could be looked at: nothing to tell. */
const endings: ReadonlySet<string> = new Set([
  'ERR_SLEEPER_NO_SUCH_PROCESS',
  'ERR_SLEEPER_TARGET_GONE',
]);
/** A command that becomes node (`env`, `nice`, a shell's exec) has done so after this many looks. */
const looksForNode = 6;

/** Waits until the command has become node, if ever it does. @returns null when the signal came first */
async function waitForNode(
  pid: number,
  intervalMs: number,
  signal: AbortSignal,
  log: Logger,
): Promise<ProcessIdentity | null> {
  for (let look = 1; !signal.aborted; look++) {
    try {
      return requireNodeProcess(pid);
    } catch (error) {
      if (!(error instanceof SleeperError) || error.code !== 'ERR_SLEEPER_NOT_NODE') throw error;
    }
    if (look === looksForNode) {
      log.info(
        { target: pid },
        'the command is not node itself: its Node.js children report crashes, but are not watched for hangs',
      );
    }
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

async function sayReports(pid: number, startedAtMs: number, archive: string): Promise<void> {
  const { files } = await readArchiveDirectory(archive).catch(() => ({ files: [] }));
  const own = files.filter(
    (entry) => entry.pid === pid && entry.capturedAtMs >= startedAtMs - nameResolutionMs,
  );
  const [newest] = own;
  if (newest === undefined) return;
  const more = own.length > 1 ? ` and ${own.length - 1} before it (sleeper list)` : '';
  process.stderr.write(`sleeper: report ${newest.path}${more}\n`);
}

/** Ends this process as the program ended. */
function endLike(status: number | null, signal: NodeJS.Signals | null): void {
  if (signal === null) {
    process.exitCode = status ?? 1;
    return;
  }
  process.exitCode = 128 + constants.signals[signal];
  if (signal === 'SIGUSR1' || (coreSignals.has(signal) && !forbidOwnCore())) return;
  process.kill(process.pid, signal);
}

/** @returns false when it cannot be done: then an exit status says what happened */
function forbidOwnCore(): boolean {
  return spawnSync('prlimit', ['--core=0', `--pid=${process.pid}`]).status === 0;
}
