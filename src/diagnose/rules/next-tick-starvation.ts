/** process.nextTick() calls itself again, and the event loop never gets its turn. */
import { busyEvidence, isBusyStuck } from '../busy.ts';
import { type Rule, certainIf, frameEvidence } from '../evidence.ts';
import { formatDuration } from '../words.ts';
import { commonFrame } from '../storm.ts';

const tickFunction = 'processTicksAndRejections';

/** Below Node's loop over ticks, with another tick each time. */
export const nextTickStarvation: Rule = (scene) => {
  if (!isBusyStuck(scene)) return null;
  const { looks, main } = scene;
  const below = looks.stacks.filter((stack) =>
    stack.some((frame) => frame.function === tickFunction),
  );
  if (below.length === 0 || (looks.turns ?? 0) > 0) return null;
  // Without the number of the tick: the loop over ticks itself, seen without a callback.
  const isBetween = below.some(
    (stack) => stack.find(({ kind }) => kind === 'js')?.function === tickFunction,
  );
  if (looks.ticks === null && !isBetween) return null;
  const frame = commonFrame(scene);
  const where = frame === null ? '' : `, most of them in ${frame}`;
  return {
    kind: 'next-tick-starvation',
    summary: `Callbacks of process.nextTick() starve the event loop: one makes the next${where}.`,
    confidence: certainIf(scene.isLoopKnown && looks.ticks !== null),
    thread: main.tid,
    evidence: [
      looks.ticks === null
        ? {
            text: 'Node was seen between two callbacks of process.nextTick(), and the event loop did not turn',
          }
        : {
            text: `tick ${looks.ticks.first} at one look, tick ${looks.ticks.last} at another, ${formatDuration(scene.betweenLooksMs)} at most between them, and the event loop did not turn`,
          },
      ...frameEvidence(scene),
      ...busyEvidence(scene),
    ],
    advice:
      'Use setImmediate() instead of process.nextTick() for work that goes on: it lets the event loop turn in between.',
  };
};
