/** The kernel holds the main thread: a disk or network file system that does not answer, in a call we cannot name. */
import { type Rule, frameEvidence, loopEvidence, nameMain } from '../evidence.ts';

/** State D while the loop stands still. A thread at work is in it for moments, too: when it allocates while others do. */
export const uninterruptibleIo: Rule = (scene) => {
  const { main, call } = scene;
  if (main.state !== 'D' || scene.loop !== 'stuck' || scene.isBusy) return null;
  const where = call?.text ?? main.wchan ?? 'an unknown place';
  return {
    kind: 'uninterruptible-io',
    summary: `The main thread is in uninterruptible sleep in the kernel, in ${where}.`,
    confidence: 'likely',
    thread: main.tid,
    evidence: [
      { text: `${nameMain(scene)} is in state D, in ${where}` },
      ...loopEvidence(scene),
      ...frameEvidence(scene),
    ],
    advice: 'Look for a device or network file system that does not answer: dmesg, mount.',
  };
};
