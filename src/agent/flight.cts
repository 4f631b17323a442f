/** What the flight recorder says of the process itself, and where its file goes. Decided once, at arming. */
import { existsSync, readFileSync } from 'node:fs';
import { logAgentError } from './error-log.cts';
import { describeError } from './error-record.cts';
import type { NativeAgent } from './native.cts';
import { mayHoldSecretArgument, redaction } from './redaction.cts';

/** Room in the file, less some for the JSON around the arguments. */
const maxArgumentChars = 4_000;
const maxArguments = 50;
const killsLine = 'oom_kill ';

/** Directories to try, best first: the user's own runtime directory, root's, shared memory. SLEEPER_RUNTIME_DIR: only that. */
export function flightDirectories(env: NodeJS.ProcessEnv): string[] {
  const chosen = env['SLEEPER_RUNTIME_DIR'];
  if (chosen !== undefined && chosen.startsWith('/')) return [chosen];
  const uid = process.geteuid?.() ?? 0;
  const runtime = env['XDG_RUNTIME_DIR'];
  return [
    ...(runtime !== undefined && runtime.startsWith('/') ? [`${runtime}/sleeper`] : []),
    ...(uid === 0 ? ['/run/sleeper'] : []),
    `/dev/shm/sleeper-${uid}`,
  ];
}

/**
 * Opens the recorder. Without it everything else works; the log says why there is none. What can be foreseen is not thrown: see
 * agent.cts.
 */
export function openFlightRecorder(native: NativeAgent, archive: string): void {
  try {
    const directories = flightDirectories(process.env);
    const errno = native.openFlightRecorder(
      directories.map((directory) => `${directory}\0`).join(''),
      JSON.stringify(describeProcess(archive)),
    );
    if (errno === 0) return;
    const failure = `No file in ${directories.join(', ')}: errno ${-errno}`;
    logAgentError(archive, { what: 'flight recorder', failure });
  } catch (failure) {
    logAgentError(archive, { what: 'flight recorder', failure: describeError(failure) });
  }
}

function describeProcess(archive: string): Record<string, unknown> {
  return {
    argv: safeArguments(process.argv),
    execArgv: safeArguments(['', ...process.execArgv]).slice(1),
    execPath: process.execPath,
    cwd: process.cwd(),
    nodeVersion: process.versions.node,
    v8Version: process.versions.v8,
    archive,
    oom: oomCounter(),
  };
}

function safeArguments(argv: readonly string[]): string[] {
  const kept = argv.slice(0, maxArguments).map((text) => text.slice(0, maxArgumentChars));
  while (kept.length > 1 && kept.join('').length > maxArgumentChars) kept.pop();
  const [program = '', ...rest] = kept;
  return [program, ...(rest.some(mayHoldSecretArgument) ? redaction().arguments(rest) : rest)];
}

/**
 * How many processes of our memory cgroup the OOM killer had killed before now, and the file that says so: cgroup v2
 * `memory.events`, v1 `memory.oom_control` (Linux 4.13). In a container the cgroup's own directory is often the mount itself.
 */
function oomCounter(): { file: string; kills: number } | null {
  try {
    // `0::/path` is that of v2, `4:memory:/path` one of v1. Without patterns: their first use takes longer than all this.
    const groups = readFileSync('/proc/self/cgroup', 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
    const unified =
      groups
        .find(([id]) => id === '0')
        ?.slice(2)
        .join(':') ?? '/';
    const memory = groups
      .find(([, controllers = '']) => controllers.split(',').includes('memory'))
      ?.slice(2)
      .join(':');
    const files =
      memory === undefined
        ? [`/sys/fs/cgroup${unified}/memory.events`, '/sys/fs/cgroup/memory.events']
        : [
            `/sys/fs/cgroup/memory${memory}/memory.oom_control`,
            '/sys/fs/cgroup/memory/memory.oom_control',
          ];
    // Some are not visible from here.
    for (const file of files.filter((one) => existsSync(one))) {
      const lines = readFileSync(file, 'utf8').split('\n');
      const kills = lines.find((line) => line.startsWith(killsLine))?.slice(killsLine.length);
      if (kills !== undefined) return { file, kills: Number(kills) };
    }
  } catch {
    // No control groups.
  }
  return null;
}
