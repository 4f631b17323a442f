/** Where the reports go, and how the helper is started. Decided once, when the agent is armed. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The directory of the reports, by the same rule as the command line's: SLEEPER_ARCHIVE, else by user. */
export function archiveDirectory(env: NodeJS.ProcessEnv): string {
  const chosen = env['SLEEPER_ARCHIVE'];
  if (chosen !== undefined && chosen !== '') return resolve(chosen);
  if (process.geteuid?.() === 0) return '/var/lib/sleeper';
  const state = env['XDG_STATE_HOME'];
  return state !== undefined && state.startsWith('/')
    ? join(state, 'sleeper')
    : join(homedir(), '.local/state/sleeper');
}

/**
 * The environment of the helper: the program's, without what Node itself would act upon (NODE_OPTIONS would load the
 * program's preloads, NODE_CHANNEL_FD names a descriptor that the helper does not have), and with the agent off.
 */
export function helperEnvironment(env: NodeJS.ProcessEnv, archive: string): string[] {
  const kept = Object.entries(env).filter(
    ([name]) => !/^(NODE_|SLEEPER_(DISABLE|ARCHIVE|HELPER)$)/.test(name),
  );
  return [
    ...kept.map(([name, value]) => `${name}=${value ?? ''}`),
    'SLEEPER_DISABLE=1',
    `SLEEPER_ARCHIVE=${archive}`,
  ];
}

/** Program and arguments of the helper; `script` replaces our command line's (for tests). */
export function helperCommand(script: string | undefined): string[] {
  return [process.execPath, script ?? join(__dirname, '../../bin/sleeper.js'), 'agent-capture'];
}
