/** An error was not caught, and the handler that should have dealt with it threw, too. */
import type { Frame } from '../../report/schema.ts';
import { isMachineFrame } from '../../report/machine-frame.ts';
import {
  causeEvidence,
  deathVerdict,
  describeError,
  lookAtDeath,
  nameApp,
  stackEvidence,
} from '../death.ts';
import type { Rule } from '../evidence.ts';

/** Node's own function that calls the program's handlers (lib/internal/process/execution.js). */
const handlerCaller = {
  file: 'node:internal/process/execution',
  pattern: /onGlobalUncaughtException|^process\._fatalException$|anonymous/,
};

/** Certain when the second throw stands right above Node's call of the handlers; else C++ in between may catch it. */
export const doubleFault: Rule = (scene) => {
  const { capture } = scene;
  if (capture.trigger.secondFault !== true) return null;
  const death = lookAtDeath(scene);
  if (!isInHandler(death.thread.frames)) return null;
  return deathVerdict(death, {
    kind: 'double-fault',
    summary: `${describeError(capture.error)} was not caught, and its handler threw in turn${nameApp(death, capture)}.`,
    evidence: [
      { text: `first: ${describeError(capture.error)}` },
      ...causeEvidence(capture.error),
      ...stackEvidence(death, capture).map(({ text }, i) => ({
        text: i === 0 ? `then, in the handler: ${text}` : text,
      })),
    ],
    advice:
      'Mend the handler: Node ends with status 7 when it throws. The report before this one shows the first error with its stack and values.',
  });
};

/** From the throw out to the first entry from C++: between them nobody else can catch. */
function isInHandler(frames: readonly Frame[]): boolean {
  const first = frames.findIndex((frame) => !isMachineFrame(frame));
  const script = frames.slice(Math.max(0, first));
  const end = script.findIndex(isMachineFrame);
  return (end < 0 ? script : script.slice(0, end)).some(
    (frame) => frame.file === handlerCaller.file && handlerCaller.pattern.test(frame.function),
  );
}
