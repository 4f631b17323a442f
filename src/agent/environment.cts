/** Where the reports go, and how the helper is started. Decided once, when the agent is armed. */
import { join, resolve } from 'node:path';
import { watchable } from './native.cts';

/** The directory of the reports, by the same rule as the command line's: SLEEPER_ARCHIVE, else by user. */
export function archiveDirectory(env: NodeJS.ProcessEnv): string {
  const chosen = env['SLEEPER_ARCHIVE'];
  if (chosen !== undefined && chosen !== '') return resolve(chosen);
  if (process.geteuid?.() === 0) return '/var/lib/sleeper';
  const state = env['XDG_STATE_HOME'];
  if (state !== undefined && state.startsWith('/')) return join(state, 'sleeper');
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- only here: most programs have one of the others
  const { homedir } = require('node:os') as typeof import('node:os');
  return join(homedir(), '.local/state/sleeper');
}

/**
 * The environment of the helper: the program's, without what Node itself would act upon (NODE_OPTIONS would load the
 * program's preloads, NODE_CHANNEL_FD names a descriptor that the helper does not have), and with the agent off.
 */
export function helperEnvironment(env: NodeJS.ProcessEnv, archive: string, redact = ''): string[] {
  const kept = Object.entries(env).filter(
    ([name]) =>
      !/^(NODE_|SLEEPER_(DISABLE|ARCHIVE|HELPER)$)/.test(name) &&
      (redact === '' || name !== 'SLEEPER_REDACT'),
  );
  return [
    ...kept.map(([name, value]) => `${name}=${value ?? ''}`),
    'SLEEPER_DISABLE=1',
    `SLEEPER_ARCHIVE=${archive}`,
    ...(redact === '' ? [] : [`SLEEPER_REDACT=${redact}`]),
  ];
}

/** Program and arguments of the helper; `script` replaces our command line's (for tests). */
export function helperCommand(script: string | undefined): string[] {
  return [process.execPath, script ?? join(__dirname, '../../bin/sleeper.js'), 'agent-capture'];
}

/** Which ends of a program are reported that are no crashes. */
export type ExitReports = 'none' | 'failures' | 'all';

/** SLEEPER_EXITS, as ArmOptions.exits. */
export function exitReports(env: NodeJS.ProcessEnv): ExitReports {
  const chosen = env['SLEEPER_EXITS'];
  return chosen === 'none' || chosen === 'all' ? chosen : 'failures';
}

const defaultDeathLimitMs = 8_000;
const leastDeathLimitMs = 500;
const mostDeathLimitMs = 60_000;

/** SLEEPER_DEATH_LIMIT_MS: the longest time a dying program waits for its report. */
export function deathLimitMs(env: NodeJS.ProcessEnv): number {
  const chosen = Number(env['SLEEPER_DEATH_LIMIT_MS'] ?? NaN);
  if (!Number.isInteger(chosen) || chosen <= 0) return defaultDeathLimitMs;
  return Math.min(mostDeathLimitMs, Math.max(leastDeathLimitMs, chosen));
}

/**
 * The ways to die that the addon is to watch, see `watchable`. Who wants a process to abort at an uncaught error gets that;
 * the report then is one of SIGABRT, with the stack of the throw.
 */
export function waysToDie(execArgv: readonly string[], env: NodeJS.ProcessEnv): number {
  const flags = `${execArgv.join(' ')} ${env['NODE_OPTIONS'] ?? ''}`.replaceAll('_', '-');
  const { throws, signals, heapLimit, othersWatchHeap } = watchable;
  return (
    signals +
    heapLimit +
    (flags.includes('--abort-on-uncaught-exception') ? 0 : throws) +
    (flags.includes('-near-heap-limit') ? othersWatchHeap : 0)
  );
}
