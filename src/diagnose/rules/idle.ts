/** The event loop waits for work in its own poll. Nothing is wrong. */
import { type Rule, loopEvidence, nameMain } from '../evidence.ts';

/** In epoll, and hardly any CPU used. */
export const idle: Rule = (scene) => {
  const { main, call } = scene;
  if (scene.loop !== 'polling') return null;
  const handles = main.loop?.activeHandles;
  const open = handles === undefined ? '' : ` (${handles} active handles)`;
  return {
    kind: 'idle',
    summary: `The process is idle: its event loop waits for work${open}.`,
    confidence: scene.isLoopKnown ? 'certain' : 'likely',
    thread: main.tid,
    evidence: [
      { text: `${nameMain(scene)} waits in ${call?.text ?? 'epoll'}` },
      ...loopEvidence(scene),
    ],
  };
};
