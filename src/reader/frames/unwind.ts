/**
 * From a stopped thread to its JavaScript frames. Frame pointers chain everything V8 builds (src/execution/frames.h,
 * frame-constants.h); C++ is never unwound, because V8 notes where it left JavaScript.
 *
 *         fp + 16 + 8n   argument n-1 (n >= 1)          typed frame: the word at fp - 8 is even and small,
 *         fp + 16        receiver                        its half is the frame type (entry, exit, stub, …)
 *         fp + 8         return address                 else it is the context of a JavaScript frame
 *     fp ►               caller's fp
 *         fp - 8         context, or frame type
 *         fp - 16        JSFunction
 *         fp - 24        argument count, receiver included, not tagged
 *         fp - 32        BytecodeArray (interpreted and baseline)
 *         fp - 40        bytecode offset, a Smi (interpreted)
 *         fp - 48 …      registers (one word further down from 12.4 on)
 */
import { limits } from '../../limits.ts';
import type { Heap } from '../heap/heap.ts';
import { isPointer } from '../layout/tagged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import {
  isFrameMarker,
  type UnwindResult,
  type UnwindStart,
  type UnwoundFrame,
  type WalkState,
} from './frame.ts';
import type { IsolateState } from './isolate.ts';
import { type CodePlaces, findTop } from './top-frame.ts';

const entryFrameSlots = { exitFp: -64, fastCallFp: -72, fastCallPc: -80 } as const;

/** Where the thread stands: what lies below its stack pointer is not its own. */
interface Innermost {
  readonly isolate: IsolateState;
  /** 0: not known. */
  readonly rsp: Address;
}

const notStopped =
  'JavaScript is on the stack, but nothing tells where: the thread could not be stopped';
/** The deoptimiser replaces the frames it stands on, and V8 has no note of where it came from. */
export const betweenFrames = 'JavaScript is on the stack, but V8 is just rebuilding its frames';

export class Unwinder {
  readonly #heap: Heap;
  readonly #place: CodePlaces;
  readonly #frameTypes: ReadonlyMap<number, string>;

  constructor(heap: Heap, place: CodePlaces) {
    this.#heap = heap;
    this.#place = place;
    this.#frameTypes = heap.layout.frameTypes;
  }

  /** Walks from the innermost frame out. Ends at garbage, with what it has. */
  unwind(start: UnwindStart): UnwindResult {
    const { isolate, registers } = start;
    if (isolate.jsEntrySp === 0)
      return { frames: [], note: 'no JS frames: waiting in the event loop or in native code' };
    const stack = registers && this.#place.space.stackOf(registers.rsp);
    if (stack && (isolate.jsEntrySp < stack.start || isolate.jsEntrySp >= stack.end))
      return {
        frames: [],
        note: 'a V8 helper thread; the JavaScript of its isolate is on another thread',
      };
    const frames: UnwoundFrame[] = [];
    const result = this.#unwindFrom(start, frames);
    return { ...result, ...cutMiddle(frames) };
  }

  /** Fills `frames`. @returns all but these */
  #unwindFrom(start: UnwindStart, frames: UnwoundFrame[]): Omit<UnwindResult, 'frames'> {
    const { isolate, registers } = start;
    try {
      const top = findTop(this.#heap, this.#place, start, frames);
      if (top === null) return { note: registers === null ? notStopped : betweenFrames };
      const lowest = registers?.rsp ?? top.fp - 8;
      const brokenAt = this.#walk(
        top,
        { lowest: lowest - 256, highest: isolate.jsEntrySp + 4096 },
        { isolate, rsp: registers?.rsp ?? 0 },
        frames,
      );
      return brokenAt === null ? {} : { brokenAt };
    } catch (error) {
      if (error instanceof UnreadableMemory) return { brokenAt: error.message };
      throw error;
    }
  }

  #walk(
    top: WalkState,
    bounds: { lowest: Address; highest: Address },
    inner: Innermost,
    frames: UnwoundFrame[],
  ): string | null {
    const { memory } = this.#heap;
    let state: WalkState | null = top;
    let previous = bounds.lowest;
    for (let steps = 0; state !== null; steps++) {
      const { fp }: WalkState = state;
      if (fp % 8 !== 0 || fp <= previous || fp > bounds.highest)
        return `frame pointer 0x${fp.toString(16)} leads out of the stack`;
      if (steps >= limits.maxWalkedFrames) return `more than ${limits.maxWalkedFrames} frames`;
      previous = fp;
      const marker = memory.u64(fp - 8);
      if (isFrameMarker(marker)) {
        const type: string = this.#frameTypes.get(marker / 2) ?? '';
        state = this.#passTyped(type, state, inner, frames);
        continue;
      }
      const jsFunction = memory.u64(fp - 16);
      if (this.#heap.isFunction(jsFunction))
        frames.push({
          kind: 'script',
          fp,
          pc: state.pc,
          isTop: state.registers !== null,
          function: jsFunction,
          registers: state.registers,
          isEntering: false,
        });
      else if (isPointer(marker)) frames.push({ kind: 'torn', fp });
      else return `no frame at 0x${fp.toString(16)}`;
      state = { fp: memory.u64(fp), pc: memory.u64(fp + 8), registers: null };
    }
    return null;
  }

  /** The state behind a typed frame; null at the outermost entry. */
  #passTyped(
    type: string,
    at: WalkState,
    { isolate, rsp }: Innermost,
    frames: UnwoundFrame[],
  ): WalkState | null {
    const { memory, layout } = this.#heap;
    const { fp, pc } = at;
    if (type === 'Wasm' && pc !== null)
      frames.push({ kind: 'wasm', fp, pc, isTop: at.registers !== null });
    if (type.endsWith('Construct')) noteConstruct(frames);
    if (type.endsWith('Exit')) frames.push({ kind: 'exit', fp, type });
    if (!type.endsWith('Entry'))
      return { fp: memory.u64(fp), pc: memory.u64(fp + 8), registers: null };
    frames.push({ kind: 'entry', fp, type });
    // An entry whose frame is not complete has not pushed these yet: the isolate still has them.
    const slot = (offset: number, ofIsolate: Address): Address =>
      rsp <= fp + offset ? memory.u64(fp + offset) : ofIsolate;
    const exitFp = slot(entryFrameSlots.exitFp, isolate.cEntryFp);
    if (exitFp !== 0) return { fp: exitFp, pc: null, registers: null };
    if (layout.require('entryFrameHasFastCall') === 0) return null;
    const fastCallFp = slot(entryFrameSlots.fastCallFp, isolate.fastCallFp);
    const fastCallPc = slot(entryFrameSlots.fastCallPc, isolate.fastCallPc);
    return fastCallFp === 0 ? null : { fp: fastCallFp, pc: fastCallPc, registers: null };
  }
}

/** The frame that V8 puts around what `new` calls: the one above it makes an object. */
function noteConstruct(frames: UnwoundFrame[]): void {
  const called = frames.pop();
  if (called === undefined) return;
  frames.push(called.kind === 'script' ? { ...called, isConstruct: true } : called);
}

/** Of a very deep stack the innermost frames are kept, and the outermost, which tell who began it. */
function cutMiddle(frames: readonly UnwoundFrame[]): Pick<UnwindResult, 'frames' | 'omitted'> {
  if (frames.length <= limits.maxFrames) return { frames };
  const before = limits.deepInnermostFrames;
  const after = frames.length - limits.deepOutermostFrames;
  return {
    frames: [...frames.slice(0, before), ...frames.slice(after)],
    omitted: { before, count: after - before },
  };
}
