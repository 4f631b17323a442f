/** A Worker ended by an error of its own. Whether the process goes on is its parent's affair. */
import {
  causeEvidence,
  deathVerdict,
  describeError,
  lookAtDeath,
  nameApp,
  nameThread,
  parentEvidence,
  stackEvidence,
} from '../death.ts';
import type { Rule } from '../evidence.ts';

/** Certain: Node said so in the Worker. */
export const workerCrash: Rule = (scene) => {
  const { capture } = scene;
  const { kind } = capture.trigger;
  if (kind !== 'uncaught-exception' && kind !== 'unhandled-rejection') return null;
  const death = lookAtDeath(scene);
  if (death.thread.kind !== 'worker') return null;
  const how = kind === 'uncaught-exception' ? 'was not caught' : 'rejected an unhandled promise';
  return deathVerdict(death, {
    kind: 'worker-crash',
    summary: `${describeError(capture.error)} ${how}${nameThread(death.thread)}${nameApp(death, capture)}: the Worker ends.`,
    evidence: [
      { text: capture.trigger.reason },
      ...stackEvidence(death, capture),
      ...causeEvidence(capture.error),
      ...parentEvidence(death, scene),
    ],
    advice:
      "Listen for the Worker's `error` event, or the process dies with it; start a new Worker there, and mend what threw.",
  });
};
