/** What a verdict on a core may say: a core is one moment, and mostly the last one. Pure. */
import { type Capture, type Verdict, calmVerdicts, hangVerdicts } from '../report/schema.ts';
import { diagnose } from './diagnose.ts';
import { describeFrame } from './words.ts';

/** The verdict on the capture of a core file. */
export function diagnoseCore(capture: Capture): Verdict {
  const verdict = diagnose(capture);
  if (hangVerdicts.some((kind) => kind === verdict.kind)) return asOneMoment(verdict);
  const isCalm = calmVerdicts.some((kind) => kind === verdict.kind);
  return isCalm && capture.trigger.kind === 'fatal-signal' ? killedBySignal(capture) : verdict;
}

/** Nobody saw it stand still. */
function asOneMoment(verdict: Verdict): Verdict {
  return {
    ...verdict,
    confidence: verdict.confidence === 'certain' ? 'likely' : verdict.confidence,
    evidence: [
      ...verdict.evidence,
      { text: 'a core is one moment: how long it had been so is not in it' },
    ],
  };
}

/** No rule knows more: the signal itself is what is certain. */
function killedBySignal(capture: Capture): Verdict {
  const { trigger, threads } = capture;
  const thread = threads.find(({ tid }) => tid === trigger['tid']);
  const top = thread?.frames[0];
  const name = typeof trigger['signal'] === 'string' ? trigger['signal'] : 'a signal';
  return {
    kind: 'killed-by-signal',
    summary: `The process died of ${name}.`,
    confidence: 'certain',
    ...(thread !== undefined && { thread: thread.tid }),
    evidence: [
      { text: trigger.reason },
      ...(top === undefined ? [] : [{ text: `innermost frame: ${describeFrame(top, capture)}` }]),
    ],
    advice: `See what native code did: gdb -batch -ex bt ${capture.process.execPath ?? '<node>'} <core>`,
  };
}
