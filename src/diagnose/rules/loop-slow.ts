/** The event loop turns, but each turn takes so long that everybody waits. */
import { type Rule, frameEvidence, loopEvidence, looksEvidence, nameMain } from '../evidence.ts';
import { formatDuration, functionOf, nameFrame } from '../words.ts';

/** A turn that works longer than this on the average keeps everybody waiting. */
const slowTurnMs = 200;
/** A loop with time to wait for work keeps up. */
const idleShare = 0.05;
/** Share of a CPU below which, and CPU time of a turn below slowTurnMs: it is the machine that is slow, not the turn. */
const ownShare = 0.5;
/** Time in which it must have been seen. */
const minSeenMs = 250;

/** Few turns while looked at, none of them waited for work, and they used the time themselves. */
export const loopSlow: Rule = (scene) => {
  const { main, capture, looks, betweenLooksMs, stalledMs } = scene;
  if (scene.loop !== 'turning' && scene.loop !== 'late') return null;
  const { turns, pollingShare, cpuShare } = looks;
  if (turns === null || turns < 1 || pollingShare === null || pollingShare > idleShare) return null;
  const turnMs = betweenLooksMs / turns;
  if (turnMs < slowTurnMs || betweenLooksMs < minSeenMs) return null;
  const share = cpuShare ?? 0;
  // The first and the last of the turns were seen in part only.
  const wholeTurns = Math.max(1, turns - 1);
  const isOwn =
    share >= ownShare ||
    share * betweenLooksMs >= slowTurnMs * wholeTurns ||
    (looks.runnableShare < ownShare && !scene.isBusy);
  if (!isOwn) return null;
  const app = scene.appFrames[0];
  const where = app === undefined ? '' : `, now in ${nameFrame(app, capture)}`;
  return {
    kind: 'loop-slow',
    summary: `The event loop turns, but slowly: about ${formatDuration(turnMs)} a turn, without ever waiting for work${where}.`,
    confidence: turns > 1 ? 'likely' : 'guess',
    thread: main.tid,
    evidence: [
      {
        text: `${turns === 1 ? 'one turn' : `${turns} turns`} within ${formatDuration(betweenLooksMs)}; it waited in its poll ${Math.round(pollingShare * 100)} % of that time`,
      },
      { text: `${nameMain(scene)} is in state ${main.state}` },
      ...frameEvidence(scene),
      ...looksEvidence(scene),
      ...(stalledMs === null ? [] : loopEvidence(scene)),
    ],
    advice:
      app === undefined
        ? 'Record a profile to see what takes the time: sleeper record.'
        : `Requests wait for ${functionOf(app)}: make it cheaper, do it in pieces (setImmediate), or in a Worker.`,
  };
};
