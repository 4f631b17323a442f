/** The kernel was out of memory and chose this process. */
import type { Rule } from '../evidence.ts';
import { endEvidence, formatMebibytes, lastActsEvidence } from '../vanished-evidence.ts';

/**
 * Certain: the kernel's log names the process. Likely: it was killed by SIGKILL, or nobody knows how, while its control group
 * counted one more kill of the OOM killer. Any other signal, or an exit status, speaks against it.
 */
export const killedByOomKiller: Rule = (scene) => {
  const { capture } = scene;
  const { end } = capture;
  if (capture.trigger.kind !== 'vanished' || end === undefined) return null;
  const log = end.kernelLog ?? [];
  const counted = end.oomKills !== undefined && end.oomKills.after > end.oomKills.before;
  const isOtherEnd =
    end.exitCode !== undefined || (end.signal !== undefined && end.signal !== 'SIGKILL');
  if (isOtherEnd || (log.length === 0 && !counted)) return null;
  const limit = end.memoryLimitBytes;
  const where =
    limit === undefined ? '' : `: its control group may have ${formatMebibytes(limit)} of memory`;
  return {
    kind: 'killed-by-oom-killer',
    summary: `The kernel's out-of-memory killer killed the process${where}.`,
    confidence: log.length > 0 ? 'certain' : 'likely',
    thread: scene.main.tid,
    evidence: [
      ...log.map((text) => ({ text: `kernel log: ${text}` })),
      ...(end.oomKills === undefined
        ? []
        : [
            {
              text: `${end.oomKills.file}: oom_kill ${end.oomKills.before} → ${end.oomKills.after}`,
            },
          ]),
      ...endEvidence(capture),
      ...lastActsEvidence(scene),
    ],
    advice:
      limit === undefined
        ? 'Give the machine more memory, or find what grew: see the timeline, and take a report before the limit is reached.'
        : `Set --max-old-space-size well below ${formatMebibytes(limit)}, so that V8 collects and reports in time; or raise the limit.`,
  };
};
