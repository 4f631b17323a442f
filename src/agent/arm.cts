/**
 * Arms the agent in the calling thread. It then sleeps: a native thread in epoll_wait(), an unreferenced handle, and one
 * listener for errors that nobody catches. It never throws into the program and never writes to its streams.
 */
import { hostname } from 'node:os';
import { requestCapture } from './capture-request.cts';
import { archiveDirectory, helperCommand, helperEnvironment } from './environment.cts';
import { logAgentError } from './error-log.cts';
import { describeError } from './error-record.cts';
import { watchExceptions } from './exceptions.cts';
import { loadNative, type NativeAgent, type ProcessDescription } from './native.cts';
import { cut } from './safe-value.cts';

/** Choices at arming; the first thread that arms decides for the process. */
export interface ArmOptions {
  /** Directory of the reports. Default: SLEEPER_ARCHIVE, else by user as the command line does. */
  archive?: string;
  /** Script run instead of our command line to write reports. Default: SLEEPER_HELPER; for tests. */
  helper?: string;
}

/** What a program can do with the agent it carries. */
export interface Agent {
  /** False: switched off (SLEEPER_DISABLE=1), or the addon cannot be loaded; all methods then do nothing. */
  readonly armed: boolean;
  /** Writes a report of this process. @returns its path, or null when there is none; `agent-errors.log` says why */
  capture(reason: string): Promise<string | null>;
  /** Attaches a fact to all later reports, such as the build or the tenant. */
  annotate(key: string, value: string): void;
  /** Remembers a step; the last 64 stand in every report. `data` must be plain. */
  breadcrumb(text: string, data?: Record<string, string | number | boolean | null>): void;
  /** Lets go of this thread: no probes, no reports of its errors. The sleeping thread stays, asleep. */
  disarm(): void;
}

const maxTextChars = 200;

let current: Agent | undefined;

/** Arms the agent in this thread; the same agent when it is armed already. */
export function arm(options: ArmOptions = {}): Agent {
  if (current?.armed === true) return current;
  if (process.env['SLEEPER_DISABLE'] === '1') return inertAgent;
  const archive = options.archive ?? archiveDirectory(process.env);
  try {
    current = armNative(loadNative(), archive, options.helper ?? process.env['SLEEPER_HELPER']);
    return current;
  } catch (failure) {
    // Under `--permission` addons are forbidden by whoever started the program: then we are not wanted here.
    if (!('permission' in process))
      logAgentError(archive, { what: 'arm', failure: describeError(failure) });
    return inertAgent;
  }
}

const inertAgent: Agent = {
  armed: false,
  capture: () => Promise.resolve(null),
  annotate: () => undefined,
  breadcrumb: () => undefined,
  disarm: () => undefined,
};

/** Asked without loading node:worker_threads on the main thread, where that takes longer than all the rest. */
function workerIdOf(native: NativeAgent): number {
  if (native.isMainThread()) return 0;
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded in every Worker already; import() would wait
  return (require('node:worker_threads') as typeof import('node:worker_threads')).threadId;
}

function armNative(native: NativeAgent, archive: string, helper: string | undefined): Agent {
  const workerId = workerIdOf(native);
  const errno = native.armAgent(
    join(helperCommand(helper)),
    join(helperEnvironment(process.env, archive)),
    archive,
    hostname(),
    workerId,
  );
  if (errno !== 0) throw new Error(`Cannot start the sleeping thread: errno ${-errno}`);
  const stopWatching = watchExceptions(native, archive, workerId);
  return makeAgent(native, archive, stopWatching);
}

function makeAgent(native: NativeAgent, archive: string, stopWatching: () => void): Agent {
  let armed = true;
  return {
    get armed() {
      return armed;
    },
    capture: (reason) => (armed ? requestCapture(native, archive, reason) : Promise.resolve(null)),
    annotate: (key, value) => {
      if (!armed) return;
      // The native side keeps them for all threads together. Too many: the newest is left out.
      const { annotations } = JSON.parse(native.describeProcess()) as ProcessDescription;
      annotations[cut(key, maxTextChars)] = cut(value, maxTextChars);
      native.setAnnotations(JSON.stringify(annotations));
    },
    breadcrumb: (text, data) => {
      if (!armed) return;
      const crumb = { at: new Date().toISOString(), text: cut(text, maxTextChars) };
      // Data that does not fit goes, the step itself stays.
      if (data === undefined || !native.addBreadcrumb(JSON.stringify({ ...crumb, data }))) {
        native.addBreadcrumb(JSON.stringify(crumb));
      }
    },
    disarm: () => {
      if (!armed) return;
      armed = false;
      stopWatching();
      native.disarmAgent();
    },
  };
}

function join(strings: readonly string[]): string {
  return strings.map((text) => `${text}\0`).join('');
}
