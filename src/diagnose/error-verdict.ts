/** What the two rules about errors share. Pure. */
import type { ErrorRecord, Verdict } from '../report/schema.ts';
import type { Scene } from './scene.ts';
import { isAppFrame } from './scene.ts';
import { describeFrame, nameFrame } from './words.ts';

/** Causes told in the evidence. */
const maxCauses = 5;

/** A verdict about the error of the capture. */
export function errorVerdict(
  scene: Scene,
  words: { kind: 'uncaught-exception' | 'unhandled-rejection'; happened: string; advice: string },
): Verdict {
  const { capture } = scene;
  const { error } = capture;
  const guilty =
    capture.threads.find((thread) => thread.note?.startsWith('the stack of the error')) ??
    scene.main;
  const top = guilty.frames.find(isAppFrame) ?? guilty.frames[0];
  const named = error === undefined ? 'An error' : `${error.name}: ${firstLine(error.message)}`;
  const where = top === undefined ? '' : ` in ${nameFrame(top, capture)}`;
  const evidence = [{ text: capture.trigger.reason }];
  if (top !== undefined) {
    const text = top.source?.line.trim();
    evidence.push({
      text: `thrown in ${describeFrame(top, capture)}${text === undefined ? '' : `: ${text}`}`,
    });
  }
  let cause = error?.cause;
  for (let depth = 0; cause !== undefined && depth < maxCauses; depth++) {
    evidence.push({ text: `caused by ${describeError(cause)}` });
    cause = cause.cause;
  }
  for (const inner of error?.errors?.slice(0, maxCauses) ?? []) {
    evidence.push({ text: `one of its errors: ${describeError(inner)}` });
  }
  return {
    kind: words.kind,
    summary: `${named} ${words.happened}${where}.`,
    confidence: 'certain',
    thread: guilty.tid,
    evidence,
    advice: words.advice,
  };
}

function describeError(error: ErrorRecord): string {
  return `${error.name}: ${firstLine(error.message)}`;
}

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}
