/**
 * Questions that a user puts to a service: does it answer as it should? The answer is a fact, never an exception; every
 * question has a deadline, and what comes back is read up to a bound.
 */
import { askHttp } from './http.ts';
import { askProgram } from './program.ts';
import type { Judged, ServiceAnswer, ServiceQuestion } from './question.ts';
import { askSocket } from './socket.ts';

/** Asks once. Never throws. */
export async function askService(
  question: ServiceQuestion,
  timeoutMs: number,
): Promise<ServiceAnswer> {
  const startedAtMs = performance.now();
  const signal = AbortSignal.timeout(Math.max(1, Math.round(timeoutMs)));
  const { isGood, detail } = await ask(question, signal).catch((error: unknown) => ({
    isGood: false,
    detail: error instanceof Error ? error.message : String(error),
  }));
  const tookMs = performance.now() - startedAtMs;
  if (!isGood && signal.aborted) {
    return { isGood, detail: `no answer within ${timeoutMs / 1000} s`, tookMs };
  }
  return { isGood, detail, tookMs };
}

function ask(question: ServiceQuestion, signal: AbortSignal): Promise<Judged> {
  switch (question.kind) {
    case 'http':
      return askHttp(question, signal);
    case 'tcp':
      return askSocket({ host: question.host, port: question.port }, signal);
    case 'unix':
      return askSocket({ path: question.path }, signal);
    case 'exec':
      return askProgram(question, signal);
  }
}
