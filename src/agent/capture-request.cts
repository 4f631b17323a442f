/** Asks the sleeping thread of this very process for a report, over its socket, while this thread works on. */
import type { Socket } from 'node:net';
import { logAgentError } from './error-log.cts';
import { describeError } from './error-record.cts';
import type { NativeAgent } from './native.cts';

/** The native side's own deadline is 10 s; requests queue. */
const timeoutMs = 30_000;
const maxReasonBytes = 1_000;

/** @returns path of the report, or null; never rejects */
export async function requestCapture(
  native: NativeAgent,
  archive: string,
  reason: string,
): Promise<string | null> {
  try {
    const { Socket } = await import('node:net');
    const fd = native.connectAgent(process.pid);
    if (fd < 0) throw new Error(`Cannot reach the sleeping thread: errno ${-fd}`);
    const text =
      Buffer.from(reason).subarray(0, maxReasonBytes).toString() || 'asked by the program';
    const line = await ask(
      new Socket({ fd }),
      `${JSON.stringify({ op: 'capture', reason: text })}\n`,
    );
    const answer = JSON.parse(line) as { ok: boolean; report?: string; error?: string };
    if (answer.ok && answer.report !== undefined) return answer.report;
    throw new Error(answer.error ?? 'no report');
  } catch (failure) {
    logAgentError(archive, { what: 'capture', reason, failure: describeError(failure) });
    return null;
  }
}

function ask(socket: Socket, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const end = (act: () => void) => {
      socket.destroy();
      act();
    };
    socket.setEncoding('utf8');
    socket.setTimeout(timeoutMs, () => {
      end(() => {
        reject(new Error('the sleeping thread did not answer in time'));
      });
    });
    socket.on('error', reject);
    socket.on('close', () => {
      reject(new Error('the sleeping thread closed the connection'));
    });
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.includes('\n')) {
        end(() => {
          resolve(answer);
        });
      }
    });
    socket.write(question);
  });
}
