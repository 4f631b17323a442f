/**
 * `sleeper agent-capture`, hidden: the helper an agent starts. Reads one JSON request on standard input and answers in
 * one line, `REPORT <path>` or `ERROR <text>`; in mode `stacks`, with the stacks as text.
 */
import type { Command } from 'commander';
import type { AgentRequest } from '../agent-request.ts';
import { type ExitStatus, endWith, exitStatus } from '../exit-codes.ts';

/** A request may hold an error with long messages, and breadcrumbs. */
const maxRequestBytes = 16 << 20;
/**
 * The program waits for us, at a crash even with its end. Each is shorter than the agent's own patience (8 s for a report,
 * 5 s for stacks that a debugger asked for), so that a partial answer comes before it gives up.
 */
const deadlinesMs = { report: 7_000, stacks: 4_000 } as const;

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
    process.stdout.write(
      request.mode === 'stacks' ? await describeStacks(request) : await writeReport(request),
    );
    return exitStatus.done;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    process.stdout.write(`ERROR ${text.replaceAll('\n', ' ')}\n`);
    return error instanceof SleeperError ? exitStatus.done : exitStatus.failed;
  }
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
  return {
    pid,
    trigger,
    id: request.reportId ?? randomUUID(),
    deadlineMs: deadlinesMs[request.mode],
    tasks: request.mode === 'report',
    isolates: isolates ?? [],
    ...(error !== undefined && { error }),
    ...(errorTid !== undefined && { errorTid }),
    ...(annotations !== undefined && { annotations }),
    ...(breadcrumbs !== undefined && { breadcrumbs }),
  };
}

async function describeStacks(request: AgentRequest): Promise<string> {
  const { captureReport } = await import('../capture-to-archive.ts');
  const { renderStacks } = await import('../../view/render.ts');
  const { threads, process: target } = await captureReport(await captureRequestOf(request));
  return renderStacks(threads, target.cwd === undefined ? {} : { cwd: target.cwd });
}

async function writeReport(request: AgentRequest): Promise<string> {
  const { locateArchive } = await import('../../archive/location.ts');
  const { captureToArchive } = await import('../capture-to-archive.ts');
  const directory = locateArchive(request.archive);
  const { report, path } = await captureToArchive(await captureRequestOf(request), {
    directory,
    ...(request.fileName !== undefined && { fileName: request.fileName }),
  });
  const log = await openLog(directory);
  const { id, trigger, verdict, pausedMs } = report;
  log.info(
    {
      target: request.pid,
      id,
      trigger: trigger.kind,
      verdict: verdict.kind,
      pausedMs,
      report: path,
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
  return createLog({ destination });
}
