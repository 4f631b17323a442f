/** WebAssembly computes and does not come back. */
import { busyEvidence, firstCalled, isBusyStuck, shareOfStacks } from '../busy.ts';
import { type Rule, certainIf, frameEvidence } from '../evidence.ts';
import type { Frame, SampleFrame } from '../../report/schema.ts';
import { calledBy } from '../words.ts';

const mostLooks = 0.5;

/** WebAssembly on top of the stack, but for C++ that it calls. */
export const wasmBusy: Rule = (scene) => {
  if (!isBusyStuck(scene)) return null;
  const share = shareOfStacks(scene, isInWasm);
  if (share === null || share < mostLooks) return null;
  const { main, capture } = scene;
  const inner = main.frames.find(isWasm);
  const caller = scene.appFrames.find((frame) => !isWasm(frame));
  const module = moduleOf(inner);
  const name = inner === undefined ? 'a function' : inner.function;
  return {
    kind: 'wasm-busy',
    summary: `WebAssembly is busy in ${name}${module === null ? '' : ` of ${module}`} and does not come back${calledBy(caller, capture)}.`,
    confidence: certainIf(scene.isLoopKnown && share === 1),
    thread: main.tid,
    evidence: [
      { text: `WebAssembly on top of the stack in ${Math.round(share * 100)} % of the looks` },
      ...(module === null ? [] : [{ text: `module: ${module}` }]),
      ...frameEvidence({ ...scene, appFrames: scene.appFrames.filter((one) => !isWasm(one)) }),
      ...busyEvidence(scene),
    ],
    advice:
      'Long work of a WebAssembly module belongs in a Worker; see the arguments it was called with.',
  };
};

function isInWasm(frames: readonly (Frame | SampleFrame)[]): boolean {
  const called = firstCalled(frames);
  return called !== undefined && isWasm(called);
}

function isWasm({ kind, file }: Pick<Frame, 'kind' | 'file'>): boolean {
  return kind === 'wasm' || file?.startsWith('wasm://') === true;
}

function moduleOf(frame: Frame | undefined): string | null {
  return frame?.file === undefined || frame.file === '' ? null : frame.file;
}
