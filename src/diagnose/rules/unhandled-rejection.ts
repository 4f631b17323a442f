/** A promise was rejected and nobody listened. */
import {
  causeEvidence,
  deathVerdict,
  describeError,
  lookAtDeath,
  nameApp,
  stackEvidence,
} from '../death.ts';
import type { Rule } from '../evidence.ts';

/** Certain: the program itself says so. */
export const unhandledRejection: Rule = (scene) => {
  const { capture } = scene;
  if (capture.trigger.kind !== 'unhandled-rejection') return null;
  const death = lookAtDeath(scene);
  return deathVerdict(death, {
    kind: 'unhandled-rejection',
    summary: `${describeError(capture.error)} rejected a promise that nobody handles${nameApp(death, capture)}.`,
    evidence: [
      { text: capture.trigger.reason },
      ...stackEvidence(death, capture).map(({ text }, i) => ({
        text: i === 0 ? `thrown in ${text}` : text,
      })),
      ...causeEvidence(capture.error),
    ],
    advice:
      'Await the promise inside try/catch, or give it a .catch(): somewhere an async call is not awaited.',
  });
};
