/** Somebody stopped the process, or froze its control group. The program is not to blame. */
import { type Rule, nameMain } from '../evidence.ts';

/** wchan while the cgroup freezer holds a thread. */
const freezer = /^(do_freezer_trap|__refrigerator)$/;

/** State T, or held by the freezer. */
export const stopped: Rule = (scene) => {
  const { main, capture } = scene;
  const isFrozen = freezer.test(main.wchan ?? '');
  if (main.state !== 'T' && !isFrozen) return null;
  const group = capture.process.cgroup ?? 'unknown';
  return {
    kind: 'stopped',
    summary: isFrozen
      ? `The process is frozen: its control group ${group} was suspended.`
      : 'The process is stopped (SIGSTOP or job control); it runs on when it gets SIGCONT.',
    confidence: 'certain',
    thread: main.tid,
    evidence: [
      {
        text: isFrozen
          ? `${nameMain(scene)} sleeps in ${main.wchan ?? ''}, the freezer of control groups`
          : `${nameMain(scene)} is in state T (stopped by a signal)`,
      },
    ],
    advice: isFrozen
      ? 'Unpause the container, or write 0 to cgroup.freeze of the group.'
      : `Let it run on: kill -CONT ${capture.process.pid}`,
  };
};
