/** The main thread sleeps in Atomics.wait() until another thread notifies it. */
import { type Rule, frameEvidence, loopEvidence, looksEvidence, nameMain } from '../evidence.ts';
import { nameFrame } from '../words.ts';

/** V8 says so, or the built-in function is the top of the stack while the thread waits on a futex. */
export const atomicsWait: Rule = (scene) => {
  const { main, call, capture } = scene;
  const saysV8 = main.vmState === 'ATOMICS_WAIT';
  const onTop = /^(Atomics\.|Atomics)?wait$/i.test(main.frames[0]?.function ?? '');
  if (scene.loop === 'turning' || scene.loop === 'polling') return null;
  if (!saysV8 && !(onTop && call?.name === 'futex')) return null;
  const caller = scene.appFrames[0];
  const where = caller === undefined ? '' : ` called by ${nameFrame(caller, capture)}`;
  return {
    kind: 'atomics-wait',
    summary: `The main thread sleeps in Atomics.wait()${where}; nobody has notified it.`,
    confidence: saysV8 ? 'certain' : 'likely',
    thread: main.tid,
    evidence: [
      {
        text: saysV8
          ? `V8 says that ${nameMain(scene)} is in ATOMICS_WAIT`
          : `${nameMain(scene)} is in ${call?.text ?? 'futex'} below Atomics.wait`,
      },
      ...looksEvidence(scene),
      ...loopEvidence(scene),
      ...frameEvidence(scene),
    ],
    advice:
      'Use Atomics.waitAsync() or a message on the main thread, or give Atomics.wait() a timeout; then look why the worker that should notify does not.',
  };
};
