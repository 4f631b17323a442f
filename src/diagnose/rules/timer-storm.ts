/** So many timers that running them takes all the time there is. */
import { shareOfStacks } from '../busy.ts';
import { type Rule, certainIf, frameEvidence, loopEvidence, looksEvidence } from '../evidence.ts';
import type { Frame, SampleFrame, Timer } from '../../report/schema.ts';
import { formatDuration, functionOf, nameFrame } from '../words.ts';

/** Functions of lib/internal/timers.js that run timers. */
const runsTimers = /^(?:listOnTimeout|processTimers)$/;
const mostLooks = 0.6;
/** Timers of one callback; servers have thousands for their connections, but those seldom fire. */
const manyTimers = 100;
const shortDelayMs = 100;
/** A loop with time to wait is not in a storm. */
const idleShare = 0.1;

/** Below the function that runs timers in most looks, and one callback has very many, with a short delay. */
export const timerStorm: Rule = (scene) => {
  const { main, capture, looks } = scene;
  if (!scene.isBusy || (looks.pollingShare ?? 0) > idleShare) return null;
  const share = shareOfStacks(scene, isRunningTimers);
  if (share === null || share < mostLooks) return null;
  const group = largestGroup(capture.timers, main.tid);
  if (group === undefined || group.count < manyTimers) return null;
  const callback = nameFrame(group, capture);
  const delay = formatDuration(group.delayMs);
  return {
    kind: 'timer-storm',
    summary: `${group.count.toLocaleString('en')} timers of ${delay} with the callback ${callback} take all of the main thread's time.`,
    confidence: certainIf(share === 1 && looks.stacks.length > 2),
    thread: main.tid,
    evidence: [
      { text: `running timers in ${Math.round(share * 100)} % of the looks` },
      {
        text: `${group.count.toLocaleString('en')} timers, ${group.kind} of ${delay}${group.repeat ? ', repeating' : ''}: ${callback}`,
      },
      ...frameEvidence(scene),
      ...looksEvidence(scene),
      ...loopEvidence(scene),
    ],
    advice: `Clear timers that are no longer needed (clearInterval), or let one timer serve all that ${functionOf(group)} serves; look for where they are made again and again.`,
  };
};

function isRunningTimers(frames: readonly (Frame | SampleFrame)[]): boolean {
  return frames.some((frame) => runsTimers.test(frame.function));
}

function largestGroup(timers: readonly Timer[], tid: number): Timer | undefined {
  return timers
    .filter((timer) => timer.delayMs <= shortDelayMs && (timer.tid ?? tid) === tid)
    .sort((left, right) => right.count - left.count)[0];
}
