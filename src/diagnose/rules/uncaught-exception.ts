/** An error was thrown and nobody caught it. */
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
export const uncaughtException: Rule = (scene) => {
  const { capture } = scene;
  if (capture.trigger.kind !== 'uncaught-exception') return null;
  const death = lookAtDeath(scene);
  const { repeated } = capture.trigger;
  return deathVerdict(death, {
    kind: 'uncaught-exception',
    summary: `${describeError(capture.error)} was thrown and not caught${nameApp(death, capture)}.`,
    evidence: [
      { text: capture.trigger.reason },
      ...stackEvidence(death, capture).map(({ text }, i) => ({
        text: i === 0 ? `thrown in ${text}` : text,
      })),
      ...causeEvidence(capture.error),
      ...(repeated === undefined
        ? []
        : [{ text: `the same error came ${repeated} times more since it was last reported` }]),
    ],
    advice:
      'Handle this error where it is thrown or where it can be answered; what the report shows is the stack at the throw.',
  });
};
