/** The main thread waits for a child process: execSync, spawnSync, execFileSync. */
import { type Rule, frameEvidence, loopEvidence, nameMain } from '../evidence.ts';
import { nameFrame } from '../words.ts';

const epollCall = /^epoll_p?wait2?$/;
const waitingFunction = /^(spawnSync|execSync|execFileSync|spawn)$/;

/** In a poll that is not the main loop's own: only a nested loop does that. */
export const syncChild: Rule = (scene) => {
  const { main, call, capture } = scene;
  if (call === null || !epollCall.test(call.name)) return null;
  const frame = main.frames.find(
    ({ file, function: name }) => file?.startsWith('node:') === true && waitingFunction.test(name),
  );
  if (frame === undefined && scene.loop !== 'stuck') return null;
  const called = frame === undefined ? 'a nested event loop' : `child_process.${frame.function}()`;
  const caller = scene.appFrames[0];
  const where = caller === undefined ? '' : `, called by ${nameFrame(caller, capture)}`;
  return {
    kind: 'sync-child',
    summary: `The main thread waits for a child process in ${called}${where}.`,
    confidence: frame === undefined ? 'guess' : 'certain',
    thread: main.tid,
    evidence: [
      {
        text: `${nameMain(scene)} is in ${call.text}: a poll, but not that of its own event loop`,
      },
      ...loopEvidence(scene),
      ...frameEvidence(scene),
    ],
    advice: `Use the asynchronous form (spawn, execFile); see what the child waits for: ps --ppid ${capture.process.pid}`,
  };
};
