/** The main thread computes and does not come back to its event loop. */
import {
  type Rule,
  blindness,
  frameEvidence,
  loopEvidence,
  looksEvidence,
  nameMain,
} from '../evidence.ts';
import { functionOf, nameFrame } from '../words.ts';

/** Running (or between two calls) while the loop stands still. */
export const jsBusy: Rule = (scene) => {
  const { main, capture } = scene;
  if (scene.loop !== 'stuck') return null;
  const app = scene.appFrames[0] ?? main.frames[0];
  const inJs = main.vmState === 'JS' || (main.vmState === undefined && app !== undefined);
  const busy = scene.isRunning || (scene.cpuShare ?? 0) > 0.5;
  if (!busy && app === undefined) return null;
  const where = app === undefined ? '' : ` in ${nameFrame(app, capture)}`;
  const state = main.vmState === undefined ? '' : `; V8 says it is in ${main.vmState}`;
  return {
    kind: 'js-busy',
    summary: `The main thread is busy running JavaScript${where} and does not come back to its event loop.`,
    confidence: confidenceOf(inJs, scene.isLoopKnown && busy, app !== undefined),
    thread: main.tid,
    evidence: [
      ...frameEvidence(scene),
      { text: `${nameMain(scene)} is ${busy ? 'running' : 'waiting for a CPU'}${state}` },
      ...looksEvidence(scene),
      ...loopEvidence(scene),
      ...blindness(scene),
    ],
    advice:
      app === undefined
        ? `Read its stack: sleeper doctor ${capture.process.pid} says what stands in the way.`
        : `See what bounds the loop in ${functionOf(app)}, with the values above; long work belongs in a Worker or in pieces (setImmediate).`,
  };
};

function confidenceOf(
  inJs: boolean,
  isKnown: boolean,
  hasFrames: boolean,
): 'certain' | 'likely' | 'guess' {
  if (!hasFrames) return 'guess';
  return inJs && isKnown ? 'certain' : 'likely';
}
