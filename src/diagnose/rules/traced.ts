/** A debugger or tracer holds the process. */
import { type Rule, nameMain } from '../evidence.ts';

/** State t: stopped by its tracer. */
export const traced: Rule = (scene) => {
  const { main, capture } = scene;
  if (main.state !== 't') return null;
  const tracer = capture.missing.find(({ what }) => what === 'stopping the threads');
  return {
    kind: 'traced',
    summary: 'The process is held by a debugger or tracer.',
    confidence: 'certain',
    thread: main.tid,
    evidence: [
      { text: `${nameMain(scene)} is in state t (stopped by its tracer)` },
      ...(tracer === undefined ? [] : [{ text: tracer.reason }]),
    ],
    advice: 'Let the debugger continue or detach.',
  };
};
