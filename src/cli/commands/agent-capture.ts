/**
 * `sleeper agent-capture`, hidden: the helper an agent starts. Reads one JSON request on standard input and answers in
 * one line, `REPORT <path>`, `NONE` (there was nothing to report) or `ERROR <text>`; in mode `stacks`, with the stacks as text.
 */
import type { Command } from 'commander';
import type { Death } from '../../capture/last-stack.ts';
import type { Report } from '../../report/schema.ts';
import type { AgentRequest } from '../agent-request.ts';
import { type ExitStatus, endWith, exitStatus } from '../exit-codes.ts';

/** A request may hold an error with long messages, and breadcrumbs. */
const maxRequestBytes = 16 << 20;
/**
 * Where the program has not said until when it waits. Each is shorter than the agent's own patience (8 s for a report, 5 s
 * for stacks that a debugger asked for), so that a partial answer comes before it gives up.
 */
const deadlinesMs = { report: 7_000, stacks: 4_000, vanished: 7_000 } as const;
/** For judging, sealing and ending. */
const sealingMs = 1_500;
/** Less is not worth a look. */
const leastMs = 300;

/** Adds the command. */
export function addAgentCaptureCommand(program: Command): void {
  program
    .command('agent-capture', { hidden: true })
    .description('used by the agent: capture the process that asks')
    .action(async () => {
      endWith(await answer());
    });
}

async function answer(): Promise<ExitStatus> {
  const { SleeperError } = await import('../../errors.ts');
  try {
    const { parseAgentRequest } = await import('../agent-request.ts');
    const request = parseAgentRequest(await readInput());
    process.stdout.write(await answerTo(request));
    return exitStatus.done;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    process.stdout.write(`ERROR ${text.replaceAll('\n', ' ')}\n`);
    return error instanceof SleeperError ? exitStatus.done : exitStatus.failed;
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
  const { locateArchive } = await import('../../archive/location.ts');
  const { reportAbandoned } = await import('../vanished.ts');
  const directory = locateArchive(request.archive);
  const { flight } = request;
  if (flight === undefined) throw new Error('the request names no flight recorder');
  const paths = await reportAbandoned(flight.directory, flight.files, directory);
  const log = await openLog(directory);
  for (const report of paths) log.info({ report }, 'a process that carried the agent has vanished');
  return `REPORT ${paths.join(' ')}\n`;
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxRequestBytes) throw new Error('the request of the agent is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function captureRequestOf(
  request: AgentRequest,
): Promise<import('../../capture/capture.ts').CaptureRequest> {
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
  const { captureReport } = await import('../capture-to-archive.ts');
  const { renderStacks } = await import('../../view/render.ts');
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
  const { locateArchive } = await import('../../archive/location.ts');
  const { captureReport, sealReport } = await import('../capture-to-archive.ts');
  const directory = locateArchive(request.archive);
  const log = await openLog(directory);
  const report = await captureReport(await captureRequestOf(request));
  if (!isWorthwhile(report)) return nothing;
  const urgency = report.trigger.kind === 'request' ? 'asked' : 'noticed';
  const name = request.fileName !== undefined && { fileName: request.fileName };
  const sealed = await sealReport(report, { directory, ...name }, urgency).catch(
    (error: unknown) => {
      log.error({ target: request.pid, id: report.id, err: error }, 'a report is lost');
      throw error;
    },
  );
  const { path, refusals, isCounted } = sealed;
  const { id, trigger, verdict, pausedMs } = report;
  for (const { message } of refusals) log.warn({ target: request.pid, id, report: path }, message);
  log.info(
    {
      target: request.pid,
      id,
      trigger: trigger.kind,
      verdict: verdict.kind,
      pausedMs,
      report: path,
      ...(isCounted && { counted: true }),
    },
    verdict.summary,
  );
  return `REPORT ${path}\n`;
}

/** The log says where reports are: `<archive>/sleeper.log`, or where SLEEPER_LOG says, a path or `stderr`. */
async function openLog(directory: string): Promise<import('pino').Logger> {
  const { createLog } = await import('../../log.ts');
  const chosen = process.env['SLEEPER_LOG'];
  if (chosen === 'stderr') return createLog();
  const path = await import('node:path');
  const destination =
    chosen === undefined || chosen === '' ? path.join(directory, 'sleeper.log') : chosen;
  try {
    return createLog({ destination });
  } catch {
    return createLog(); // the archive cannot be written: what is lost is told here
  }
}
