/** Promises are settled as fast as they are made, and the event loop never gets its turn. */
import { busyEvidence, isBusyStuck } from '../busy.ts';
import { type Rule, certainIf, frameEvidence } from '../evidence.ts';
import { formatDuration } from '../words.ts';
import { commonFrame } from '../storm.ts';

/** A handful may run within one long callback. */
const manyMicrotasks = 20;

/** Microtasks run while the loop does not turn. */
export const microtaskStarvation: Rule = (scene) => {
  if (!isBusyStuck(scene)) return null;
  const { looks, main } = scene;
  const { microtasks } = looks;
  if (microtasks === null || microtasks < manyMicrotasks || (looks.turns ?? 0) > 0) return null;
  const ticks = looks.ticks === null ? 0 : looks.ticks.last - looks.ticks.first;
  if (ticks > microtasks) return null;
  const count = microtasks.toLocaleString('en');
  const frame = commonFrame(scene);
  const where = frame === null ? '' : `, most of them in ${frame}`;
  return {
    kind: 'microtask-starvation',
    summary: `Microtasks (promises, queueMicrotask) starve the event loop: one makes the next${where}.`,
    confidence: certainIf(scene.isLoopKnown),
    thread: main.tid,
    evidence: [
      {
        text: `${count} microtasks ran within ${formatDuration(scene.betweenLooksMs)} in which the event loop did not turn`,
      },
      ...frameEvidence(scene),
      ...busyEvidence(scene),
    ],
    advice:
      'An await of something that is settled already does not let the event loop turn: put setImmediate() (timers/promises) into the chain now and then.',
  };
};
