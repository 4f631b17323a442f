/**
 * The program of a capture process (src/watch/capture-process.ts): captures what the watcher orders, one after the other, and
 * ends when the watcher lets go or dies.
 */
import { randomUUID } from 'node:crypto';
import { SleeperError } from '../errors.ts';
import { isAlive } from '../probe/identity.ts';
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
import { getReady, tryCapture } from './get-ready.ts';

/** Longer than anything: the interval is there for its being there. */
const stayMs = 60_000;
/** What earlier looks have seen. */
const waitingTasks = new WaitingTasks();

process.on('message', (message: CaptureMessage) => {
  if (message.kind === 'warm') void getReady(message.pid, rehearse);
  else void answer(message);
});

/** Signals are for the watcher: what it ordered is finished. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

/** On ourselves without stopping anything, then all of a capture on the watcher. */
async function rehearse(): Promise<void> {
  readItself();
  await tryCapture(process.ppid);
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
