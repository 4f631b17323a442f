/** The event loop waits for work in its own poll. Nothing is wrong with the main thread. */
import { workElsewhere } from '../elsewhere.ts';
import { type Rule, loopEvidence, nameMain } from '../evidence.ts';

/** In epoll, and hardly any CPU used. */
export const idle: Rule = (scene) => {
  const { capture, main, call } = scene;
  if (scene.loop !== 'polling') return null;
  const handles = main.loop?.activeHandles;
  const open = handles === undefined ? '' : ` (${handles} active handles)`;
  const work = workElsewhere(capture);
  const who = work.length === 0 ? 'process' : 'main thread';
  return {
    kind: 'idle',
    summary: `${[`The ${who} is idle: its event loop waits for work${open}`, ...work].join('; ')}.`,
    confidence: scene.isLoopKnown ? 'certain' : 'likely',
    thread: main.tid,
    evidence: [
      { text: `${nameMain(scene)} waits in ${call?.text ?? 'epoll'}` },
      ...loopEvidence(scene),
    ],
  };
};
