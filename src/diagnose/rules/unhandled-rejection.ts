/** A promise was rejected and nobody listened. */
import { errorVerdict } from '../error-verdict.ts';
import type { Rule } from '../evidence.ts';

/** Certain: the program itself says so. */
export const unhandledRejection: Rule = (scene) =>
  scene.capture.trigger.kind === 'unhandled-rejection'
    ? errorVerdict(scene, {
        kind: 'unhandled-rejection',
        happened: 'rejected a promise that nobody handles',
        advice:
          'Await the promise inside try/catch, or give it a .catch(): somewhere an async call is not awaited.',
      })
    : null;
