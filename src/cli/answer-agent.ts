/**
 * Answers what an agent asks, for the helper that it starts (`sleeper agent-capture`) and for a watcher that it asks: `REPORT <path>`,
 * `NONE` (there was nothing to report) or `ERROR <text>` in one line; in mode `stacks`, the stacks as text.
 */
import type { Death } from '../capture/last-stack.ts';
import { SleeperError } from '../errors.ts';
import type { Report } from '../report/schema.ts';
import { type AgentRequest, parseAgentRequest } from './agent-request.ts';

/**
 * Where the program has not said until when it waits. Each is shorter than the agent's own patience (8 s for a report, 5 s
 * for stacks that a debugger asked for), so that a partial answer comes before it gives up.
 */
const deadlinesMs = { report: 7_000, stacks: 4_000, vanished: 7_000 } as const;
/** Variables that decide on what is in a report, and where it is logged. */
const programSettings = [
  'SLEEPER_REDACT',
  'SLEEPER_LOG',
  'SLEEPER_LOG_FORMAT',
  'SLEEPER_LOG_LEVEL',
  'SLEEPER_SOURCE_MAP_DIR',
  'SLEEPER_FALLBACK',
] as const;
/** For judging, sealing and ending. */
const sealingMs = 1_500;
/** Less is not worth a look. */
const leastMs = 300;

/** What is told to the agent. */
export interface Answer {
  /** With its newline. */
  readonly text: string;
  /** Something of ours is broken. */
  readonly isFault: boolean;
}

/**
 * Never throws.
 * @param readRequest gives the request, one JSON object
 * @param askedBy     whoever asks may ask about itself only
 */
export async function answerAgent(
  readRequest: () => Promise<string>,
  askedBy?: number,
): Promise<Answer> {
  try {
    const request = parseAgentRequest(await readRequest());
    if (askedBy !== undefined && request.pid !== askedBy)
      throw new Error(`process ${askedBy} asks about process ${request.pid}`);
    const text = await withEnvironment(request.environment, () => answerTo(request));
    return { text, isFault: false };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const isFault = !(error instanceof SleeperError);
    return { text: `ERROR ${text.replaceAll('\n', ' ')}\n`, isFault };
  }
}

/** What a user has set for his program counts for its reports, whoever writes them. */
async function withEnvironment<T>(
  environment: Readonly<Record<string, string>> | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (environment === undefined) return work();
  const before = programSettings.map((name) => [name, process.env[name]] as const);
  const set = (name: string, value: string | undefined): void => {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  };
  for (const name of programSettings) set(name, environment[name]);
  try {
    return await work();
  } finally {
    for (const [name, value] of before) set(name, value);
  }
}

function answerTo(request: AgentRequest): Promise<string> {
  switch (request.mode) {
    case 'report':
      return writeReport(request);
    case 'stacks':
      return describeStacks(request);
    case 'vanished':
      return reportVanished(request);
  }
}

async function reportVanished(request: AgentRequest): Promise<string> {
  const { locateArchive } = await import('../archive/location.ts');
  const { reportAbandoned } = await import('./vanished.ts');
  const directory = locateArchive(request.archive);
  const { flight } = request;
  if (flight === undefined) throw new Error('the request names no flight recorder');
  const paths = await reportAbandoned(flight.directory, flight.files, directory);
  await writeLog(directory, (log) => {
    for (const report of paths)
      log.info({ report }, 'a process that carried the agent has vanished');
  });
  return `REPORT ${paths.join(' ')}\n`;
}

async function captureRequestOf(
  request: AgentRequest,
): Promise<import('../capture/capture.ts').CaptureRequest> {
  const { randomUUID } = await import('node:crypto');
  const { pid, trigger, isolates, error, errorTid, annotations, breadcrumbs } = request;
  const asyncStores = request.asyncStores?.map((store) => ({ ...store, tid: errorTid ?? pid }));
  const death = deathOf(request);
  return {
    pid,
    trigger: request.secondFault === true ? { ...trigger, secondFault: true } : trigger,
    id: request.reportId ?? randomUUID(),
    deadlineMs: deadlineOf(request),
    tasks: request.mode === 'report',
    isolates: isolates ?? [],
    ...(error !== undefined && { error }),
    ...(death !== null && { death }),
    ...(asyncStores !== undefined && { asyncStores }),
    ...(annotations !== undefined && { annotations }),
    ...(breadcrumbs !== undefined && { breadcrumbs }),
  };
}

/** A program that dies has said until when it waits; our own start has taken some of that. */
function deadlineOf({ mode, endsAtMs }: AgentRequest): number {
  if (endsAtMs === undefined) return deadlinesMs[mode];
  return Math.max(leastMs, endsAtMs - Date.now() - sealingMs);
}

/** Null for a process that will go on. */
function deathOf(request: AgentRequest): Death | null {
  const { errorTid, thrown, fault } = request;
  if (errorTid === undefined) return null;
  return {
    tid: errorTid,
    ...(thrown !== undefined && { thrown }),
    ...(fault !== undefined && { fault }),
  };
}

async function describeStacks(request: AgentRequest): Promise<string> {
  const { captureReport } = await import('./capture-to-archive.ts');
  const { renderStacks } = await import('../view/render.ts');
  const { threads, process: target } = await captureReport(await captureRequestOf(request));
  return renderStacks(threads, target.cwd === undefined ? {} : { cwd: target.cwd });
}

const nothing = 'NONE\n';

/** What the agent asked about turned out to be nothing: a throw that somebody caught after all, an end with all work done. */
function isWorthwhile({ trigger, verdict, threads, tasks }: Report): boolean {
  if (trigger.secondFault === true) return verdict.kind === 'double-fault';
  if (trigger.kind !== 'exit') return true;
  const thread = threads.find(({ tid }) => tid === trigger.tid);
  const isFailure = (trigger.exitStatus ?? 0) !== 0;
  return isFailure || tasks.length > 0 || (thread?.frames.length ?? 0) > 0;
}

async function writeReport(request: AgentRequest): Promise<string> {
  const { locateArchive } = await import('../archive/location.ts');
  const { captureReport, sealReport } = await import('./capture-to-archive.ts');
  const directory = locateArchive(request.archive);
  const report = await captureReport(await captureRequestOf(request));
  if (!isWorthwhile(report)) return nothing;
  const { id, trigger, verdict, pausedMs } = report;
  const urgency = trigger.kind === 'request' ? 'asked' : 'noticed';
  const name = request.fileName !== undefined && { fileName: request.fileName };
  const about = { target: request.pid, id };
  const sealed = await sealReport(report, { directory, ...name }, urgency).catch(
    async (error: unknown) => {
      await writeLog(directory, (log) => {
        log.error({ ...about, err: error }, 'a report is lost');
      });
      throw error;
    },
  );
  const { path, refusals, isCounted } = sealed;
  await writeLog(directory, (log) => {
    for (const { message } of refusals) log.warn({ ...about, report: path }, message);
    const facts = { trigger: trigger.kind, verdict: verdict.kind, pausedMs, report: path };
    log.info({ ...about, ...facts, ...(isCounted && { counted: true }) }, verdict.summary);
  });
  return `REPORT ${path}\n`;
}

/** The log says where reports are: `<archive>/sleeper.log`, or where SLEEPER_LOG says, a path or `stderr`. */
async function writeLog(
  directory: string,
  write: (log: import('pino').Logger) => void,
): Promise<void> {
  const { openLog } = await import('../log.ts');
  const path = await import('node:path');
  const chosen = process.env['SLEEPER_LOG'] ?? '';
  const file = chosen === '' ? path.join(directory, 'sleeper.log') : chosen;
  const open = (): ReturnType<typeof openLog> => {
    try {
      return openLog(chosen === 'stderr' ? {} : { destination: file });
    } catch {
      return openLog(); // the archive cannot be written: what is lost is told here
    }
  };
  const opened = open();
  write(opened.log);
  opened.close();
}
