/**
 * Starts a program as if nobody stood between: the same terminal, signals and end. What is added: the agent by
 * NODE_OPTIONS, the watchdog over it and all its descendants, a new start where that is wanted, and one line at the end
 * when a report was written.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { findByProcess } from '../archive/names.ts';
import { formatDuration } from '../diagnose/words.ts';
import { SleeperError } from '../errors.ts';
import { createLog } from '../log.ts';
import type { ProcessEnd } from '../probe/process-end.ts';
import type { ProcessEvent } from '../watch/events.ts';
import type { WatchSettings } from '../watch/settings.ts';
import { Watcher } from '../watch/watcher.ts';
import { watcherPrograms } from './keep-watch.ts';
import { type ProgramEnd, type RestartCause, isToRestart, nextDelayMs } from './restart.ts';
import { logProcessEvent, logWatcherEvent } from './tell-watch.ts';
import { VanishWatches } from './vanish-watch.ts';

/** How to run. */
export interface RunOptions {
  /** Whom to watch in it is the program and all its descendants. */
  readonly settings: WatchSettings;
  /** Directory of the archive. */
  readonly archive: string;
  readonly restart: readonly RestartCause[];
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

/** File names keep whole seconds. */
const nameResolutionMs = 1_000;

/** Signals by which the user ends a program: afterwards it is not started again. */
const askingSignals: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
]);

/** Looked for in the archive at the end: those that were watched. */
interface Run {
  readonly pids: Set<number>;
  readonly log: Logger;
}

/**
 * Runs the program to its end, again and again where that is wanted, then ends this process the same way: with its exit
 * status, or by its signal.
 * @throws SleeperError ERR_SLEEPER_SPAWN
 */
export async function runProgram(
  command: readonly [string, ...string[]],
  options: RunOptions,
): Promise<void> {
  const startedAtMs = Date.now();
  const run: Run = { pids: new Set(), log: createLog() };
  let delayMs = 0;
  for (;;) {
    const end = await runOnce(command, options, run);
    if (isToRestart(end, options.restart)) {
      delayMs = nextDelayMs(delayMs, end);
      const how = end.wasHanging ? 'hung' : `ended (${String(end.signal ?? end.status)})`;
      run.log.warn(
        { event: 'restart', delayMs },
        `the program ${how}: it is started again in ${formatDuration(delayMs)}`,
      );
      const signal = await waitForSignal(delayMs);
      if (signal === null) continue;
      await sayReports(run.pids, startedAtMs, options.archive);
      endLike(null, signal);
      return;
    }
    await sayReports(run.pids, startedAtMs, options.archive);
    endLike(end.status, end.signal);
    return;
  }
}

async function runOnce(
  command: readonly [string, ...string[]],
  options: RunOptions,
  run: Run,
): Promise<ProgramEnd> {
  const startedAtMs = performance.now();
  const [file, ...args] = command;
  const env = environmentFor(options.archive, process.env);
  const child = spawn(file, args, { stdio: 'inherit', env });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  ended.catch(() => undefined);
  let wasAsked = false;
  const stopPassing = passSignals(child, (signal) => {
    wasAsked ||= askingSignals.has(signal);
  });
  try {
    const pid = await waitForStart(child, command);
    run.pids.add(pid);
    const end = new AbortController();
    const endOf = async (): Promise<ProcessEnd | null> => {
      const [exitCode, name] = await ended;
      if (name === null) return { exitCode: exitCode ?? 0 };
      // Who stops it through us knows who did.
      return wasAsked ? null : { signal: name };
    };
    const watched = watch(pid, { ...options, endOf }, end.signal, run);
    const [status, signal] = await ended;
    const ranForMs = performance.now() - startedAtMs;
    end.abort();
    return { status, signal, wasAsked, ranForMs, wasHanging: await watched };
  } finally {
    stopPassing();
  }
}

/** @returns the signal that came instead of the time going by */
async function waitForSignal(timeMs: number): Promise<NodeJS.Signals | null> {
  const end = new AbortController();
  let came: NodeJS.Signals | null = null;
  const stop = (signal: NodeJS.Signals): void => {
    came = signal;
    end.abort();
  };
  for (const name of askingSignals) process.once(name, stop);
  await sleep(timeMs, undefined, { signal: end.signal }).catch(() => undefined);
  for (const name of askingSignals) process.off(name, stop);
  return came;
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

function passSignals(child: ChildProcess, note: (signal: NodeJS.Signals) => void): () => void {
  const listeners = passedSignals.map((name) => {
    const pass = (): void => {
      note(name);
      if (!(process.stdin.isTTY && terminalSignals.has(name))) child.kill(name);
    };
    process.on(name, pass);
    return { name, pass };
  });
  return () => {
    for (const { name, pass } of listeners) process.off(name, pass);
  };
}

/** Watches to the end of the program. @returns whether we ended one of the processes, because it hung */
async function watch(
  pid: number,
  { settings, archive, endOf }: RunOptions & { readonly endOf: () => Promise<ProcessEnd | null> },
  signal: AbortSignal,
  { pids, log }: Run,
): Promise<boolean> {
  let hasEnded = false;
  const tell = (target: number, event: ProcessEvent): void => {
    pids.add(target);
    if (event.kind === 'ended' && event.end.byUs) hasEnded = true;
    // The program's own output is what people want to see here: only trouble is told.
    if (event.kind !== 'watching' && event.kind !== 'ended') logProcessEvent(log, target, event);
  };
  // The end of the program itself is told by us, its parent.
  const vanishing = new VanishWatches(archive, pid, {
    process: tell,
    watcher: (event: Parameters<typeof logWatcherEvent>[1]) => {
      logWatcherEvent(log, event);
    },
  });
  try {
    const whom = { ...settings.whom, pids: [pid], tree: true };
    await new Watcher({
      settings: { ...settings, whom },
      archive,
      programs: watcherPrograms,
      command: 'sleeper run',
      teller: vanishing.teller,
      signal,
    }).run();
  } catch (error) {
    if (signal.aborted || !(error instanceof SleeperError)) return hasEnded;
    if (!endings.has(error.code)) log.warn({ target: pid }, error.message);
  } finally {
    // Watching may end first: it has seen the end before its parent was told, or another watcher has the program.
    const known = await endOf();
    vanishing.end(pid, known, known === null || hasEnded);
    await vanishing.close();
  }
  return hasEnded;
}

/** The program ended before it could be looked at: nothing to tell. */
const endings: ReadonlySet<string> = new Set([
  'ERR_SLEEPER_NO_SUCH_PROCESS',
  'ERR_SLEEPER_TARGET_GONE',
]);

async function sayReports(
  pids: ReadonlySet<number>,
  startedAtMs: number,
  archive: string,
): Promise<void> {
  const sinceMs = startedAtMs - nameResolutionMs;
  const own = await findByProcess(archive, pids, sinceMs).catch(() => []);
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
