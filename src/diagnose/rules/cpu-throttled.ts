/** The control group's CPU quota holds the process back. */
import { type Rule, frameEvidence, looksEvidence, loopEvidence } from '../evidence.ts';
import { formatDuration, nameFrame } from '../words.ts';

/** Share of the time in which the group's threads were not let run. */
const throttledShare = 0.5;
/** CPU time that a callback which ends may well need: who had more since the last turn is not held back by the quota alone. */
const enoughCpuMs = 2_000;

/** Throttled most of the time while the main thread has work. */
export const cpuThrottled: Rule = (scene) => {
  const { main, capture } = scene;
  const quota = capture.process.cpuQuota;
  if (quota === undefined || quota.overMs <= 0 || scene.loop === 'polling') return null;
  const share = Math.min(1, quota.throttledMs / quota.overMs);
  if (share < throttledShare || (!scene.isBusy && scene.call !== null)) return null;
  const hadMs = quota.cpus === undefined ? null : (scene.stalledMs ?? 0) * quota.cpus;
  if (hadMs !== null && hadMs > enoughCpuMs) return null;
  const allowed = quota.cpus === undefined ? '' : ` of ${Number(quota.cpus.toFixed(2))} CPUs`;
  const app = scene.appFrames[0];
  const where = app === undefined ? '' : `; it has work to do in ${nameFrame(app, capture)}`;
  return {
    kind: 'cpu-throttled',
    summary: `The process is held back by the CPU quota${allowed} of its control group: it was not let run ${Math.round(share * 100)} % of the time${where}.`,
    confidence: 'likely',
    thread: main.tid,
    evidence: [
      {
        text: `control group ${quota.cgroup}: throttled in ${quota.throttledPeriods} of ${quota.periods} periods, ${formatDuration(quota.throttledMs)} of ${formatDuration(quota.overMs)}`,
      },
      ...loopEvidence(scene),
      ...looksEvidence(scene),
      ...frameEvidence(scene),
    ],
    advice:
      'Raise the quota (cpu.max; resources.limits.cpu in Kubernetes) or remove it, or give the process less to do at a time.',
  };
};
