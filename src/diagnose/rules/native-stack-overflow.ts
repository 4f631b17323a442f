/** Machine code called itself until the stack was full. */
import { deathVerdict, lookAtDeath, nameThread, parentEvidence, stackEvidence } from '../death.ts';
import type { Rule } from '../evidence.ts';
import { faultEvidence, nameCaller, nameMachine } from '../machine-code.ts';

/** Certain: the fault lies at the end of the thread's own stack. */
export const nativeStackOverflow: Rule = (scene) => {
  const { fault } = scene.capture;
  if (fault?.stackOverflow !== true) return null;
  const death = lookAtDeath(scene);
  return deathVerdict(death, {
    kind: 'native-stack-overflow',
    summary: `Machine code has filled the stack${nameThread(death.thread)}, in ${nameMachine(death)}${nameCaller(death, scene)}.`,
    evidence: [
      ...faultEvidence(fault),
      ...stackEvidence(death, scene.capture),
      ...parentEvidence(death, scene),
    ],
    advice:
      'Look at the repeating native frames (--full): recursion over deep data in an addon, or a native function called at the end of deep JavaScript.',
  });
};
