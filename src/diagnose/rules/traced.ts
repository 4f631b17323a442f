/** A debugger or tracer holds the process. */
import { type Rule, nameMain } from '../evidence.ts';
import { nameProcess } from '../words.ts';

/** State t: stopped by its tracer. */
export const traced: Rule = (scene) => {
  const { main, capture } = scene;
  if (main.state !== 't') return null;
  const tracer = capture.missing.find(({ what }) => what === 'stopping the threads');
  const holder = capture.neighbours?.find(({ relation }) => relation === 'tracer');
  return {
    kind: 'traced',
    summary:
      holder === undefined
        ? 'The process is held by a debugger or tracer.'
        : `The process is held by ${nameProcess(holder)}, which traces it.`,
    confidence: 'certain',
    thread: main.tid,
    evidence: [
      { text: `${nameMain(scene)} is in state t (stopped by its tracer)` },
      ...(tracer === undefined ? [] : [{ text: tracer.reason }]),
    ],
    advice: `Let the debugger continue or detach${holder === undefined ? '' : `; should it be dead itself: kill -9 ${holder.pid}, and the kernel lets the process go`}.`,
  };
};
