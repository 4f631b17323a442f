/** Threads wait for each other's mutexes in native code. */
import { type Rule, certainIf, frameEvidence, looksEvidence, loopEvidence } from '../evidence.ts';
import { isMachineFrame } from '../../report/machine-frame.ts';
import type { Thread } from '../../report/schema.ts';
import { calledBy } from '../words.ts';

/** In the words of reader/native-frames/mutex-wait.ts. */
const mutexWait = /waits for the mutex (0x[0-9a-f]+) held by thread (\d+)/;

interface Wait {
  readonly thread: Thread;
  readonly mutex: string;
  readonly owner: number;
}

/** A circle of owners that the main thread is in, or waits for. */
export const nativeDeadlock: Rule = (scene) => {
  const { capture, main } = scene;
  const waits = new Map(capture.threads.flatMap(waitOf).map((wait) => [wait.thread.tid, wait]));
  const chain: Wait[] = [];
  let wait = waits.get(main.tid);
  while (wait !== undefined && !chain.includes(wait)) {
    chain.push(wait);
    wait = waits.get(wait.owner);
  }
  if (wait === undefined) return null;
  const circle = chain.slice(chain.indexOf(wait));
  const words = circle.map(
    ({ thread, mutex, owner }) =>
      `thread ${thread.tid} waits for mutex ${mutex}, which thread ${owner} holds`,
  );
  const isSelf = circle.length === 1;
  return {
    kind: 'native-deadlock',
    summary: isSelf
      ? `The main thread waits for a mutex that ${circle[0]?.thread.tid === main.tid ? 'it holds itself' : 'its owner waits for, too'}${calledBy(scene.appFrames[0], capture)}.`
      : `${circle.length} threads wait for each other's mutexes in native code${calledBy(scene.appFrames[0], capture)}.`,
    confidence: certainIf(scene.isSteady),
    thread: main.tid,
    evidence: [
      ...words.map((text) => ({ text })),
      ...chain.map(({ thread }) => ({
        text: `thread ${thread.tid}: ${nativeStack(thread)}`,
      })),
      ...looksEvidence(scene),
      ...loopEvidence(scene),
      ...frameEvidence(scene),
    ],
    advice: `A bug of native code (an addon or library): lock in the same order everywhere. See all stacks: gdb -p ${capture.process.pid} -batch -ex 'thread apply all bt'`,
  };
};

function waitOf(thread: Thread): Wait[] {
  const match = mutexWait.exec(thread.note ?? '');
  const [, mutex, owner] = match ?? [];
  return mutex === undefined ? [] : [{ thread, mutex, owner: Number(owner) }];
}

function nativeStack({ frames }: Thread): string {
  const names = frames
    .filter(isMachineFrame)
    .map(({ function: name, file }) => `${name} (${file ?? ''})`);
  return names.slice(0, 5).join(' < ');
}
