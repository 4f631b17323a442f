/** Machine code broke: an addon, a library, V8, or Node itself. */
import { deathVerdict, lookAtDeath, nameThread, parentEvidence, stackEvidence } from '../death.ts';
import type { Rule } from '../evidence.ts';
import { adviceFor, faultEvidence, firstLine, nameCaller, nameMachine } from '../machine-code.ts';

/** Certain: the kernel stopped the thread there. */
export const nativeCrash: Rule = (scene) => {
  const { fault } = scene.capture;
  if (fault === undefined || fault.signal === 'SIGABRT' || fault.senderPid !== undefined)
    return null;
  const death = lookAtDeath(scene);
  const checked = fault.message === undefined ? '' : `: ${firstLine(fault.message)}`;
  return deathVerdict(death, {
    kind: 'native-crash',
    summary: `${fault.signal}${nameThread(death.thread)} in ${nameMachine(death)}${nameCaller(death, scene)}${checked}.`,
    evidence: [
      ...faultEvidence(fault),
      ...stackEvidence(death, scene.capture),
      ...parentEvidence(death, scene),
    ],
    advice: adviceFor(death),
  });
};
