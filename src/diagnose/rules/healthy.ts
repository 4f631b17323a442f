/** The event loop turns. Nothing is wrong. */
import { stuckAfterMs } from '../../detect/hang.ts';
import { type Rule, blindness, loopEvidence, looksEvidence, nameMain } from '../evidence.ts';
import { formatDuration } from '../words.ts';

/** The last rule: everything that is no hang. */
export const healthy: Rule = (scene) => {
  const { main, capture } = scene;
  const recovered = capture.trigger.kind === 'hang';
  const known = scene.loop === 'turning' || scene.loop === 'polling';
  return {
    kind: 'healthy',
    summary: summaryOf(known, recovered, scene.loop === 'late'),
    confidence: known && scene.isLoopKnown ? 'certain' : known ? 'likely' : 'guess',
    thread: main.tid,
    evidence: [
      ...loopEvidence(scene),
      ...(scene.loop === 'late'
        ? [{ text: `less than ${formatDuration(stuckAfterMs)} without a turn is no hang` }]
        : []),
      { text: `${nameMain(scene)} is in state ${main.state}` },
      ...looksEvidence(scene),
      ...blindness(scene),
    ],
  };
};

function summaryOf(isKnown: boolean, recovered: boolean, late: boolean): string {
  if (recovered && isKnown) {
    return 'The event loop turns again: it had recovered by the time it was captured.';
  }
  if (isKnown) return 'The event loop turns; nothing is wrong.';
  if (late) return 'The event loop is at work right now, but not for long; nothing is wrong.';
  return 'Nothing seen speaks of a hang, but the event loop could not be seen itself.';
}
