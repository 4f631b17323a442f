/**
 * Arms the agent in the calling thread. It then sleeps: a native thread in epoll_wait(), an unreferenced handle, and one
 * listener for errors that nobody catches. It never throws into the program and never writes to its streams.
 */
import { watchAddons } from './addons.cts';
import { requestCapture } from './capture-request.cts';
import {
  archiveDirectory,
  deathLimitMs,
  exitReports,
  type ExitReports,
  helperCommand,
  helperEnvironment,
  waysToDie,
} from './environment.cts';
import { logAgentError } from './error-log.cts';
import { describeError } from './error-record.cts';
import { makePinoHooks, type PinoHooks } from './log-lines.cts';
import { chooseRedaction, redaction, redactWords } from './redaction.cts';
import type { RedactOptions } from '../report/secrets.cts';
import { openFlightRecorder } from './flight.cts';
import { watchExceptions } from './exceptions.cts';
import { watchExit } from './exits.cts';
import { watchHttpRequests } from './http-requests.cts';
import { loadNative, type NativeAgent, type ProcessDescription } from './native.cts';
import { makeReporter } from './reporter.cts';
import { cut } from './safe-value.cts';
import { isInWorker, lostWithoutAddon, makeSubstitute } from './without-addon.cts';

/** Choices at arming; the first thread that arms decides for the process. */
export interface ArmOptions {
  /** Directory of the reports. Default: SLEEPER_ARCHIVE, else by user as the command line does. */
  archive?: string;
  /** Script run instead of our command line to write reports. Default: SLEEPER_HELPER; for tests. */
  helper?: string;
  /**
   * Ends that are reported besides crashes. `failures`: process.exit() with a status other than 0, and an event loop that
   * ran empty while a top-level await still waited (status 13). `all`: also an event loop that ran empty, whatever the
   * status. `none`. Default: SLEEPER_EXITS, else `failures`.
   */
  exits?: ExitReports;
  /** Names and patterns that are secrets here besides the usual ones, and names that are none. Adds to SLEEPER_REDACT. */
  redact?: RedactOptions;
}

/** What a program can do with the agent it carries. */
export interface Agent {
  /**
   * False: switched off (SLEEPER_DISABLE=1), or Node forbids addons (`--permission`); all methods then do nothing. True also
   * where the addon cannot be loaded: then errors that nobody catches and ends are reported, and `agent-errors.log` says
   * once what is lost.
   */
  readonly armed: boolean;
  /** Writes a report of this process. @returns its path, or null when there is none; `agent-errors.log` says why */
  capture(reason: string): Promise<string | null>;
  /** Attaches a fact to all later reports, such as the build or the tenant. */
  annotate(key: string, value: string): void;
  /** Remembers a step; the last 64 stand in every report. `data` must be plain. */
  breadcrumb(text: string, data?: Record<string, string | number | boolean | null>): void;
  /** For `pino({ hooks: agent.pinoHooks })`, pino 9 and later: the last lines stand among the breadcrumbs of every report. */
  readonly pinoHooks: PinoHooks;
  /** Lets go of this thread: no probes, no reports of its errors. The sleeping thread stays, asleep. */
  disarm(): void;
}

const maxTextChars = 200;

/**
 * Where the agent of this thread is found by every copy of this module: `sleeper run` loads its own, and the program may carry
 * another.
 */
const place = Symbol.for('sleeper-agent');
const { defineProperty, get } = Reflect;

function keep(agent: Agent): Agent {
  defineProperty(globalThis, place, { value: agent, configurable: true });
  return agent;
}

/** Arms the agent in this thread; the same agent when it is armed already, by whatever copy of this package. */
export function arm(options: ArmOptions = {}): Agent {
  const current = get(globalThis, place) as Agent | undefined;
  if (current?.armed === true) return current;
  if (process.env['SLEEPER_DISABLE'] === '1') return inertAgent;
  const archive = options.archive ?? archiveDirectory(process.env);
  const choices = {
    helper: options.helper ?? process.env['SLEEPER_HELPER'],
    exits: options.exits ?? exitReports(process.env),
  };
  try {
    chooseRedaction(options.redact);
  } catch (failure) {
    // Without the user's own rules nothing may be told.
    logAgentError(archive, { what: 'arm', failure: describeError(failure) });
    return inertAgent;
  }
  try {
    return keep(armNative(loadNative(), archive, choices));
  } catch (failure) {
    // Under `--permission` addons are forbidden by whoever started the program: then we are not wanted here.
    if ('permission' in process || isInWorker()) return inertAgent;
    logAgentError(archive, {
      what: 'arm',
      failure: describeError(failure),
      lost: lostWithoutAddon,
    });
    return keep(armWithoutAddon(archive, choices));
  }
}

interface Choices {
  readonly helper: string | undefined;
  readonly exits: ExitReports;
}

function armWithoutAddon(archive: string, { helper, exits }: Choices): Agent {
  const environment = helperEnvironment(process.env, archive, redactWords());
  const substitute = makeSubstitute(helperCommand(helper), environment);
  const reporter = makeReporter(substitute, archive, 0);
  const stops = [watchExceptions(substitute, reporter, 0), watchExit(reporter, exits)];
  return makeAgent(
    substitute,
    (reason) => {
      logAgentError(archive, { what: 'capture', reason, failure: 'the addon is not loaded' });
      return Promise.resolve(null);
    },
    () => {
      for (const stop of stops) stop();
    },
  );
}

const inertAgent: Agent = {
  armed: false,
  capture: () => Promise.resolve(null),
  annotate: () => undefined,
  breadcrumb: () => undefined,
  pinoHooks: { streamWrite: (line) => line },
  disarm: () => undefined,
};

/** Asked without loading node:worker_threads on the main thread, where that takes longer than all the rest. */
function workerIdOf(native: NativeAgent): number {
  if (native.isMainThread()) return 0;
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded in every Worker already; import() would wait
  return (require('node:worker_threads') as typeof import('node:worker_threads')).threadId;
}

function armNative(native: NativeAgent, archive: string, { helper, exits }: Choices): Agent {
  const workerId = workerIdOf(native);
  if (workerId === 0) openFlightRecorder(native, archive);
  const errno = native.armAgent(
    join(helperCommand(helper)),
    join(helperEnvironment(process.env, archive, redactWords())),
    archive,
    workerId,
    deathLimitMs(process.env),
    waysToDie(process.execArgv, process.env),
  );
  if (errno !== 0) throw new Error(`Cannot start the sleeping thread: errno ${-errno}`);
  const reporter = makeReporter(native, archive, workerId);
  const stops = [
    watchAddons(native),
    watchExceptions(native, reporter, workerId),
    watchExit(reporter, exits),
    watchHttpRequests(native, workerId),
  ];
  return makeAgent(
    native,
    (reason) => requestCapture(native, archive, reason),
    () => {
      for (const stop of stops) stop();
      if (workerId === 0) native.closeFlightRecorder();
      native.disarmAgent();
    },
  );
}

function makeAgent(
  native: Pick<NativeAgent, 'describeProcess' | 'setAnnotations' | 'addBreadcrumb'>,
  capture: Agent['capture'],
  disarm: () => void,
): Agent {
  let armed = true;
  return {
    get armed() {
      return armed;
    },
    capture: (reason) => (armed ? capture(reason) : Promise.resolve(null)),
    annotate: (key, value) => {
      if (!armed) return;
      // The native side keeps them for all threads together. Too many: the newest is left out.
      const { annotations } = JSON.parse(native.describeProcess()) as ProcessDescription;
      const safe = redaction().named({ [key]: value });
      for (const [name, text] of Object.entries(safe))
        annotations[cut(name, maxTextChars)] = cut(text, maxTextChars);
      native.setAnnotations(JSON.stringify(annotations));
    },
    breadcrumb: (text, data) => {
      if (!armed) return;
      // Redacted before it is cut: the rest of a secret is none the less one.
      const safe = redaction();
      const crumb = { at: new Date().toISOString(), text: cut(safe.text(text), maxTextChars) };
      const told = data === undefined ? undefined : { ...crumb, data: safe.json(data) };
      // Data that does not fit goes, the step itself stays.
      if (told === undefined || !native.addBreadcrumb(JSON.stringify(told))) {
        native.addBreadcrumb(JSON.stringify(crumb));
      }
    },
    pinoHooks: makePinoHooks(native, () => armed),
    disarm: () => {
      if (!armed) return;
      armed = false;
      disarm();
    },
  };
}

function join(strings: readonly string[]): string {
  return strings.map((text) => `${text}\0`).join('');
}
