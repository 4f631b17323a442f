/** The process ended itself: abort(), a failed check, an assertion. */
import {
  deathVerdict,
  lookAtDeath,
  nameApp,
  nameThread,
  parentEvidence,
  stackEvidence,
} from '../death.ts';
import type { Rule } from '../evidence.ts';
import { adviceFor, faultEvidence, firstLine, nameCaller, nameMachine } from '../machine-code.ts';

/** Certain: nobody else sent the signal. */
export const aborted: Rule = (scene) => {
  const { fault } = scene.capture;
  if (fault?.signal !== 'SIGABRT' || fault.senderPid !== undefined) return null;
  const death = lookAtDeath(scene);
  const asked = death.thread.frames.some(
    (frame) =>
      frame.kind === 'native' &&
      frame.file === undefined &&
      /^(process\.)?abort$/.test(frame.function),
  );
  const why = fault.message === undefined ? '' : `: ${firstLine(fault.message)}`;
  const what = asked ? 'process.abort() was called' : `${nameMachine(death)} ended the process`;
  return deathVerdict(death, {
    kind: 'aborted',
    summary: `${what}${nameThread(death.thread)}${asked ? nameApp(death, scene.capture) : nameCaller(death, scene)}${why}.`,
    evidence: [
      ...faultEvidence(fault),
      ...stackEvidence(death, scene.capture),
      ...parentEvidence(death, scene),
    ],
    advice: asked
      ? 'The program ended itself on purpose: the frames show where and with which values.'
      : `${adviceFor(death)} The text on standard error says which check failed.`,
  });
};
