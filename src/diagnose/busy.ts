/** What the rules about a busy main thread share. Pure. */
import type { Frame, SampleFrame } from '../report/schema.ts';
import { loopEvidence, looksEvidence, nameMain } from './evidence.ts';
import type { Scene } from './scene.ts';

/** The loop stands still and the main thread computes, in whatever. */
export function isBusyStuck(scene: Scene): boolean {
  return scene.loop === 'stuck' && scene.isBusy;
}

/** Frames of C++ on top of the stack, down to the first that JavaScript made. */
export function machineTop(frames: readonly (Frame | SampleFrame)[]): readonly string[] {
  const end = frames.findIndex((frame) => !isMachine(frame));
  return (end < 0 ? frames : frames.slice(0, end)).map((frame) => frame.function);
}

/** The first frame that is no C++: what JavaScript called, or JavaScript itself. */
export function firstCalled<F extends Frame | SampleFrame>(frames: readonly F[]): F | undefined {
  return frames.find((frame) => !isMachine(frame));
}

/** C++ that JavaScript asked for by name; the runtime functions of JavaScript's own operations are not meant. */
export function isInNativeCall(frames: readonly (Frame | SampleFrame)[]): boolean {
  if (machineTop(frames).length === 0) return false;
  const called = firstCalled(frames);
  return (
    called !== undefined && (called.kind !== 'js' || called.file?.startsWith('node:') === true)
  );
}

/** Share of the looks whose stack is of the kind, 0 to 1; null when no look saw a stack. */
export function shareOfStacks(
  { looks, allFrames }: Scene,
  isOfKind: (frames: readonly (Frame | SampleFrame)[]) => boolean,
): number | null {
  const stacks = looks.stacks.length > 0 ? looks.stacks : allFrames.length > 0 ? [allFrames] : [];
  if (stacks.length === 0) return null;
  return stacks.filter(isOfKind).length / stacks.length;
}

function isMachine(frame: Frame | SampleFrame): boolean {
  return frame.kind === 'native' && frame.file !== undefined;
}

/** What is cited of every busy thread. */
export function busyEvidence(scene: Scene): { text: string }[] {
  const { main } = scene;
  const state = main.vmState === undefined ? '' : `; V8 says it is in ${main.vmState}`;
  return [
    { text: `${nameMain(scene)} is ${scene.isBusy ? 'running' : 'waiting for a CPU'}${state}` },
    ...looksEvidence(scene),
    ...loopEvidence(scene),
  ];
}
