/** JavaScript called itself until the stack was full. */
import type { Frame } from '../../report/schema.ts';
import { deathVerdict, describeError, lookAtDeath, nameThread, stackEvidence } from '../death.ts';
import type { Rule } from '../evidence.ts';
import { isAppFrame } from '../scene.ts';
import { nameFrame } from '../words.ts';

/** V8's words (MessageTemplate kStackOverflow). */
const overflowMessage = 'Maximum call stack size exceeded';
/** Longest circle of functions that is looked for. */
const maxCircle = 12;

/** Certain: V8's own error. */
export const stackOverflow: Rule = (scene) => {
  const { capture } = scene;
  const { error, trigger } = capture;
  if (trigger.kind !== 'uncaught-exception' && trigger.kind !== 'unhandled-rejection') return null;
  if (error?.name !== 'RangeError' || error.message !== overflowMessage) return null;
  const death = lookAtDeath(scene);
  const { frames, omitted } = death.thread;
  const circle = findCircle(frames);
  const names = circle.map((frame) => nameFrame(frame, capture)).join(' → ');
  const entry = circle.length === 0 ? undefined : findEntry(frames, circle);
  const depth = frames.length + (omitted?.count ?? 0);
  return deathVerdict(death, {
    kind: 'stack-overflow',
    summary:
      names === ''
        ? `The stack is full${nameThread(death.thread)}: ${describeError(error)}.`
        : `The stack is full${nameThread(death.thread)}: ${names} ${circle.length === 1 ? 'calls itself' : 'call each other'} without end.`,
    evidence: [
      { text: trigger.reason },
      ...(names === '' ? [] : [{ text: `${depth} frames deep` }]),
      ...(entry === undefined ? [] : [{ text: `begun by ${nameFrame(entry, capture)}` }]),
      ...stackEvidence(death, capture),
    ],
    advice:
      'Look at the condition that should end the recursion, with the values of the innermost frames; for deep data use a loop with a list.',
  });
};

/** The functions that stand on the stack again and again, outer before inner; empty when there is no such circle. */
function findCircle(frames: readonly Frame[]): Frame[] {
  const own = frames.filter(isAppFrame);
  for (let length = 1; length <= maxCircle && length * 3 <= own.length; length++) {
    const repeats = own
      .slice(0, length * 2)
      .every((frame, i) => isSameFunction(frame, own[i + length]));
    if (repeats) return own.slice(0, length).reverse();
  }
  return [];
}

/** The outermost frame of the program that is not of the circle: it began the recursion. */
function findEntry(frames: readonly Frame[], circle: readonly Frame[]): Frame | undefined {
  const own = frames.filter(isAppFrame);
  const last = own.findLastIndex((frame) => circle.some((one) => isSameFunction(one, frame)));
  return own[last + 1];
}

function isSameFunction(left: Frame, right: Frame | undefined): boolean {
  return left.function === right?.function && left.file === right.file;
}
