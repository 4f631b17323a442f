/**
 * The program of a capture process (src/watch/capture-process.ts): captures what the watcher orders, one after the other, and
 * ends when the watcher lets go or dies.
 */
import { randomUUID } from 'node:crypto';
import { SleeperError } from '../errors.ts';
import { isAlive } from '../probe/identity.ts';
import { findOomCounter, readMemoryLimit } from '../probe/process-end.ts';
import { encodeReport } from '../encode/encode.ts';
import { limits } from '../limits.ts';
import { openEventLoop } from '../reader/read.ts';
import { readItself } from '../reader/warm-up.ts';
import type { Report } from '../report/schema.ts';
import type {
  CaptureAnswer,
  CaptureMessage,
  CaptureOrder,
  CaptureReply,
} from '../watch/capture-protocol.ts';
import { WaitingTasks, findOldRequest } from '../watch/lasting.ts';
import { answerAgent } from './answer-agent.ts';
import { captureReport, countReport, sealReport } from './capture-to-archive.ts';

/** Longer than anything: the interval is there for its being there. */
const stayMs = 60_000;
/** What earlier looks have seen. */
const waitingTasks = new WaitingTasks();

process.on('message', (message: CaptureMessage) => {
  if (message.kind === 'warm') void warm(message.pid);
  else void answer(message);
});

/** Signals are for the watcher: what it ordered is finished. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

let isWarm = false;

async function warm(pid: number): Promise<void> {
  await openEventLoop(pid).catch(() => undefined);
  if (isWarm || sharesMemoryLimit(pid)) return;
  isWarm = true;
  try {
    readItself();
    await describeWatcher();
    await import('../log.ts'); // what agents ask for is logged
  } catch {
    // Then the first capture takes longer.
  }
}

/** What we take of the target's own memory it has not: there, the first capture may take longer. */
function sharesMemoryLimit(pid: number): boolean {
  const own = findOomCounter(process.pid);
  return (
    own !== null && own.file === findOomCounter(pid)?.file && readMemoryLimit(own.file) !== null
  );
}

/** The rest of a capture, with the one process that is ours to try it on. */
async function describeWatcher(): Promise<void> {
  const trigger = { kind: 'request', reason: 'to be ready' } as const;
  const wishes = { pid: process.ppid, id: randomUUID(), trigger, askAgent: false };
  const report = await captureReport({ ...wishes, deadlineMs: limits.warmUpMs });
  encodeReport(report);
}

type Question = Exclude<CaptureMessage, { kind: 'warm' }>;

async function answer(message: Question): Promise<void> {
  // When the watcher dies the channel closes, and what a capture waits for may not keep us alive by itself.
  const stay = setInterval(() => undefined, stayMs);
  const reply = await replyTo(message);
  clearInterval(stay);
  // A watcher that died meanwhile hears nothing; the report is in the archive.
  if (process.connected) process.send?.(reply, () => undefined);
}

async function replyTo(message: Question): Promise<CaptureReply> {
  if (message.kind === 'capture') return capture(message.order).catch(describeFailure);
  const { pid, request } = message.question;
  const { text } = await answerAgent(() => Promise.resolve(request), pid);
  return { kind: 'answered', text };
}

async function capture(order: CaptureOrder): Promise<CaptureAnswer> {
  const { pid, startTicks, trigger, deadlineMs, tasks, archive, refuse } = order;
  if (!isAlive({ pid, startTicks })) {
    throw new SleeperError('ERR_SLEEPER_TARGET_GONE', `Process ${pid} has ended.`, { pid });
  }
  const report = await captureReport({ pid, id: randomUUID(), trigger, deadlineMs, tasks });
  if (order.look !== undefined) {
    const { kind, forMs } = order.look;
    const reason =
      kind === 'requests-older'
        ? findOldRequest(report, forMs)
        : waitingTasks.find(`${pid}-${startTicks}`, report, forMs, performance.now());
    return { kind: 'looked', reason };
  }
  if (trigger.kind === 'hang' && report.verdict.kind === 'debugger-paused') {
    // Only a whole look shows it; nobody is to be woken up for a breakpoint, and nothing is to be killed.
    return { kind: 'not-kept', reason: report.verdict.summary };
  }
  if (refuse.includes(report.signature)) {
    await countReport(report, { directory: archive });
    return { kind: 'not-kept', reason: `there are enough reports of ${report.signature}` };
  }
  const { path } = await sealReport(report, { directory: archive });
  return { kind: 'sealed', captured: summaryOf(report, path) };
}

function summaryOf(
  report: Report,
  path: string,
): Extract<CaptureAnswer, { kind: 'sealed' }>['captured'] {
  const { id, trigger, verdict, signature, pausedMs, durationMs } = report;
  return { id, path, trigger, verdict, signature, pausedMs, durationMs };
}

function describeFailure(error: unknown): CaptureAnswer {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof SleeperError)) return { kind: 'failed', message };
  return { kind: 'failed', message, code: error.code, help: error.help };
}
