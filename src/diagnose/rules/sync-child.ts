/** The main thread waits for a child process: execSync, spawnSync, execFileSync. */
import { type Rule, frameEvidence, loopEvidence, nameMain } from '../evidence.ts';
import type { Capture, Neighbour } from '../../report/schema.ts';
import {
  childBehind,
  describeDoing,
  formatDuration,
  isNode,
  nameFrame,
  nameProcess,
} from '../words.ts';

const maxChildren = 5;

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
  const all = (capture.neighbours ?? []).filter(({ relation }) => relation === 'child');
  const children = all.filter(({ through }) => through === undefined);
  // The one it waits for is the youngest.
  const child = children.reduce<Neighbour | undefined>(
    (last, one) => (last === undefined || one.pid > last.pid ? one : last),
    undefined,
  );
  const what = child === undefined ? 'a child process' : nameProcess(child);
  const behind = child === undefined ? undefined : childBehind(child, capture);
  const inner = behind ?? child;
  const does =
    inner === undefined
      ? ''
      : `; the child ${behind === undefined ? '' : `waits for ${nameProcess(behind)}, which `}${describeDoing(inner)}`;
  return {
    kind: 'sync-child',
    summary: `The main thread waits for ${what} in ${called}${where}${does}.`,
    confidence: frame === undefined ? 'guess' : 'certain',
    thread: main.tid,
    evidence: [
      {
        text: `${nameMain(scene)} is in ${call.text}: a poll, but not that of its own event loop`,
      },
      ...all.slice(0, maxChildren).map((one) => ({
        text: `child: ${nameProcess(one)} ${describeDoing(one)}, ${formatDuration(one.cpuMs ?? 0)} of CPU used`,
      })),
      ...loopEvidence(scene),
      ...frameEvidence(scene),
    ],
    advice: `Use the asynchronous form (spawn, execFile), or give it a timeout; see what the child waits for: ${lookWords(inner, capture)}`,
  };
};

/** The command that shows what a process does. */
function lookWords(child: Neighbour | undefined, { process: { pid } }: Capture): string {
  if (child === undefined) return `ps --ppid ${pid}`;
  return isNode(child)
    ? `sleeper dump ${child.pid}`
    : `cat /proc/${child.pid}/stack; gdb -p ${child.pid} -batch -ex bt`;
}
