/** An error was thrown and nobody caught it. */
import { errorVerdict } from '../error-verdict.ts';
import type { Rule } from '../evidence.ts';

/** Certain: the program itself says so. */
export const uncaughtException: Rule = (scene) =>
  scene.capture.trigger.kind === 'uncaught-exception'
    ? errorVerdict(scene, {
        kind: 'uncaught-exception',
        happened: 'was thrown and not caught',
        advice:
          'Handle this error where it is thrown or where it can be answered; what the report shows is the stack at the throw.',
      })
    : null;
