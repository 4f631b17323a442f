/** The main thread sleeps in native code, in something else than a file call. */
import {
  type Rule,
  blindness,
  frameEvidence,
  loopEvidence,
  looksEvidence,
  nameMain,
} from '../evidence.ts';
import { nameFrame } from '../words.ts';

/** What the calls mean that native code most often sleeps in. */
const meanings: Readonly<Record<string, string>> = {
  futex: 'a lock or condition of native code',
  nanosleep: 'a sleep',
  clock_nanosleep: 'a sleep',
  poll: 'events on descriptors',
  ppoll: 'events on descriptors',
  select: 'events on descriptors',
  pselect6: 'events on descriptors',
  wait4: 'a child process',
  waitid: 'a child process',
  connect: 'a connection',
  recvfrom: 'the network',
  recvmsg: 'the network',
  sendto: 'the network',
  sendmsg: 'the network',
  accept: 'a connection',
  accept4: 'a connection',
  flock: 'a file lock',
  fcntl: 'a file lock',
  pause: 'a signal',
};

/** Blocked in any call while the loop stands still. */
export const nativeBlocked: Rule = (scene) => {
  const { main, call, capture } = scene;
  // Asleep at the first look, such as when V8 waits for its helpers, at work at the others: no blocked call.
  if (scene.loop !== 'stuck' || scene.isBusy) return null;
  if (call === null && main.state !== 'S') return null;
  const caller = scene.appFrames[0];
  const where = caller === undefined ? '' : `, called by ${nameFrame(caller, capture)}`;
  const meaning = call === null ? undefined : meanings[call.name];
  const what = meaning === undefined ? '' : `, waiting for ${meaning}`;
  const place = call?.name ?? main.wchan ?? 'the kernel';
  return {
    kind: 'native-blocked',
    summary: `The main thread is blocked in native code, in ${place}${what}${where}.`,
    confidence:
      scene.isLoopKnown && scene.isSteady && main.frames.length > 0 ? 'certain' : 'likely',
    thread: main.tid,
    evidence: [
      {
        text: `${nameMain(scene)} is in ${call?.text ?? main.wchan ?? 'an unknown place of the kernel'}`,
      },
      ...looksEvidence(scene),
      ...loopEvidence(scene),
      ...frameEvidence(scene),
      ...blindness(scene),
    ],
    advice: `See what native code waits for: gdb -p ${capture.process.pid} -batch -ex bt`,
  };
};
