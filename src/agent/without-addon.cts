/**
 * What is left where the addon cannot be loaded (not built, another C library): errors that nobody catches and ends of the
 * program, as JavaScript sees them. The helper is then started by Node itself.
 */
import type { ThrowWatch } from './exceptions.cts';
import type { NativeAgent, ProcessDescription } from './native.cts';
import type { ReportMaker } from './reporter.cts';

/** Told once, in the log of the agent. */
export const lostWithoutAddon =
  'stacks with values, hangs, pokes, crashes of native code, full heaps, requests under way, last words of a killed process';

const maxBreadcrumbs = 64;
const maxAnnotationBytes = 16 << 10;

/** The part of the addon that reports of errors and ends use, in JavaScript. */
export type Substitute = ReportMaker &
  ThrowWatch &
  Pick<NativeAgent, 'setAnnotations' | 'addBreadcrumb'>;

/** True in a Worker: there is nobody who could keep account of all threads, and the main thread hears of their errors. */
export function isInWorker(): boolean {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- as everywhere in the agent; import() would wait
  const { isMainThread } = require('node:worker_threads') as typeof import('node:worker_threads');
  return !isMainThread;
}

/**
 * @param command program and arguments of the helper
 * @param environment `NAME=value` pairs of the helper
 */
export function makeSubstitute(
  [program = '', ...args]: readonly string[],
  environment: readonly string[],
): Substitute {
  let annotations: Record<string, string> = {};
  const breadcrumbs: Record<string, unknown>[] = [];
  const env = Object.fromEntries(
    environment.map((pair) => [
      pair.slice(0, pair.indexOf('=')),
      pair.slice(pair.indexOf('=') + 1),
    ]),
  );
  return {
    describeProcess: () =>
      JSON.stringify({ isolates: [], annotations, breadcrumbs } satisfies ProcessDescription),
    runHelper: (request, timeoutMs) => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- only now: the program may never need it
      const { spawnSync } = require('node:child_process') as typeof import('node:child_process');
      const { error, stdout } = spawnSync(program, args, {
        env,
        input: request,
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      if (error !== undefined) return (error as NodeJS.ErrnoException).errno ?? -1;
      return stdout.toString().split('\n', 1)[0] ?? '';
    },
    setAnnotations: (json) => {
      if (json.length > maxAnnotationBytes) return false;
      annotations = JSON.parse(json) as Record<string, string>;
      return true;
    },
    addBreadcrumb: (json) => {
      breadcrumbs.push(JSON.parse(json) as Record<string, unknown>);
      if (breadcrumbs.length > maxBreadcrumbs) breadcrumbs.shift();
      return true;
    },
    claimThrow: () => '',
    releaseThrow: () => undefined,
    setOpenError: () => undefined,
    isToldByWorker: () => false,
  };
}
