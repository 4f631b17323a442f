/** A signal ended the process, or it ended from one moment to the next: it is not to blame, or can say nothing any more. */
import type { Verdict } from '../../report/schema.ts';
import { deathVerdict, lookAtDeath, stackEvidence } from '../death.ts';
import type { Rule } from '../evidence.ts';
import { faultEvidence } from '../machine-code.ts';
import type { Scene } from '../scene.ts';
import { endEvidence, lastActsEvidence } from '../vanished-evidence.ts';

/** Of a process that died under its own eyes, or one that is missed. */
export const killedBySignal: Rule = (scene) => fromInside(scene) ?? fromOutside(scene);

/** Certain: the kernel tells who sent it. */
function fromInside(scene: Scene): Verdict | null {
  const { fault } = scene.capture;
  if (fault?.senderPid === undefined) return null;
  const death = lookAtDeath(scene);
  return deathVerdict(death, {
    kind: 'killed-by-signal',
    summary: `Process ${fault.senderPid} sent ${fault.signal}.`,
    evidence: [...faultEvidence(fault), ...stackEvidence(death, scene.capture)],
    advice: 'Ask who sends it: the stack shows only what the program was doing then.',
  });
}

/** Certain when the kernel or the parent names the signal; else a guess: `_exit()` in native code leaves the same traces. */
function fromOutside(scene: Scene): Verdict | null {
  const { capture } = scene;
  const { end } = capture;
  if (capture.trigger.kind !== 'vanished') return null;
  const evidence = [...endEvidence(capture), ...lastActsEvidence(scene)];
  const verdict = (
    summary: string,
    confidence: Verdict['confidence'],
    advice: string,
  ): Verdict => ({
    kind: 'killed-by-signal',
    summary,
    confidence,
    thread: scene.main.tid,
    evidence,
    advice,
  });
  if (end?.signal !== undefined) {
    return verdict(`The process was killed by ${end.signal}.`, 'certain', adviceFor(end.signal));
  }
  if (end?.exitCode !== undefined) {
    return verdict(
      `The process ended with status ${end.exitCode} at once, without its exit handlers.`,
      'certain',
      'Look for _exit() or quick_exit() in native code.',
    );
  }
  return verdict(
    'The process vanished without a word: killed by a signal, or ended by _exit() in native code.',
    'guess',
    'Run it under `sleeper run`, which learns the exit status, or keep `sleeper watch` running.',
  );
}

function adviceFor(signal: string): string {
  switch (signal) {
    case 'SIGKILL':
      return 'Ask who sends SIGKILL: an orchestrator after its grace period, a failed liveness probe, a person. Signals carry no sender after death; `auditctl -a always,exit -S kill` records them.';
    case 'SIGTERM':
    case 'SIGINT':
    case 'SIGHUP':
      return `Usual when a service is stopped. To end in order, listen: process.on('${signal}', …).`;
    default:
      return `See signal(7) for what raises ${signal}; a core file would tell more: \`sleeper core\`.`;
  }
}
