/** A promise was rejected and nobody listened. */
import {
  causeEvidence,
  deathVerdict,
  describeError,
  describeRejected,
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
  const rejected = describeRejected(capture.error);
  const what =
    rejected === null
      ? `${describeError(capture.error)} rejected a promise that nobody handles`
      : `A promise was rejected with ${rejected}, which is no error, and nobody handles it`;
  return deathVerdict(death, {
    kind: 'unhandled-rejection',
    summary: `${what}${nameApp(death, capture)}.`,
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
