/** A cluster worker is well, but its primary is not: no connections come in, and its messages are not read. */
import { stuckAfterMs } from '../../detect/hang.ts';
import { type Rule, loopEvidence, nameMain } from '../evidence.ts';
import { describeDoing, nameProcess } from '../words.ts';

/** Set by node:cluster for its workers. */
const workerVariable = 'NODE_UNIQUE_ID';

/** The parent's event loop stands still, or somebody has stopped it. */
export const clusterPrimaryBlocked: Rule = (scene) => {
  const { main, capture } = scene;
  const { env = {} } = capture.process;
  if (!(workerVariable in env) || (scene.loop !== 'polling' && scene.loop !== 'turning'))
    return null;
  const primary = capture.neighbours?.find(({ relation }) => relation === 'parent');
  if (primary === undefined) return null;
  const isHeld = primary.state === 'T' || primary.state === 't';
  const isStuck = primary.loop === 'stuck' && (primary.lastTurnAgoMs ?? 0) >= stuckAfterMs;
  if (!isHeld && !isStuck) return null;
  return {
    kind: 'cluster-primary-blocked',
    summary: `This cluster worker is well, but its primary, ${nameProcess(primary)}, ${describeDoing(primary)}: it hands out no connections.`,
    confidence: 'certain',
    thread: main.tid,
    evidence: [
      { text: `${workerVariable} is ${env[workerVariable] ?? ''}: a worker of node:cluster` },
      { text: `${nameProcess(primary)} ${describeDoing(primary)}` },
      { text: `${nameMain(scene)} waits in its event loop` },
      ...loopEvidence(scene),
    ],
    advice: `Look at the primary: sleeper dump ${primary.pid}`,
  };
};
