/** From one look to the JavaScript threads in it: which threads have an isolate, and what stands on their stacks. */
import type { Frame } from '../report/schema.ts';
import { FrameDescriber } from './describe-frame.ts';
import type { Activation } from './frames/activation.ts';
import { ActivationReader } from './frames/activations.ts';
import { CodeLookup } from './frames/code.ts';
import { readNativeCall } from './frames/exit-frame.ts';
import type { UnwoundFrame } from './frames/frame.ts';
import { type CallPlace, runToReadableCall } from './frames/loop-check.ts';
import { findIsolate, type IsolateState, readIsolate, readTheHole } from './frames/isolate.ts';
import { betweenFrames, Unwinder } from './frames/unwind.ts';
import { Heap } from './heap/heap.ts';
import type { Mapping } from './memory/maps.ts';
import type { PagedMemory } from './memory/paged.ts';
import type { StoppedThread } from './memory/look.ts';
import type { Registers } from './memory/registers.ts';
import { type Address, UnreadableMemory } from './memory/source.ts';
import { NativeStack } from './native-frames/native-stack.ts';
import type { ThreadReading } from './reading.ts';
import type { Program } from './target.ts';

/** A thread to be read: with registers, or with what is known without stopping it. */
export interface ThreadStart {
  readonly tid: number;
  readonly registers: Registers | null;
  /** Known from the agent; otherwise found through the thread pointer. */
  readonly isolate?: Address;
  readonly workerId?: number;
  readonly framePointer?: Address;
  /** Where its innermost frame is read instead of where it stands. */
  readonly at?: CallPlace;
}

export interface Scene {
  readonly target: Program;
  readonly memory: PagedMemory;
  readonly mappings: readonly Mapping[];
  /** performance.now() after which values are no longer opened. */
  readonly endsAtMs: number;
}

/** Threads without an isolate of their own are not in the answer. */
export function readThreads(scene: Scene, starts: readonly ThreadStart[]): ThreadReading[] {
  const reader = new ThreadReader(scene);
  const found: { start: ThreadStart; isolate: IsolateState }[] = [];
  for (const start of starts) {
    const isolate = reader.findIsolate(start);
    if (isolate !== null) found.push({ start, isolate });
  }
  return found
    .filter(({ start, isolate }) => reader.isOwner(start, isolate, found))
    .map(({ start, isolate }) => reader.read(start, isolate));
}

/** The C++ stacks of threads that have no isolate of their own. */
export function readNativeThreads(scene: Scene, starts: readonly ThreadStart[]): ThreadReading[] {
  return starts.map(({ tid, registers }) => {
    const native = openNativeStack(scene);
    const frames = native.innermost(registers);
    const note = native.notes.join('; ');
    return { tid, kind: 'native', frames, ...(note !== '' && { note }) };
  });
}

function openNativeStack({ target, memory, mappings }: Scene): NativeStack {
  const space = target.codeSpace(mappings);
  const isJavaScript = (pc: Address) => space.isJavaScript(pc);
  return new NativeStack({ modules: target.nativeModules, mappings, memory, isJavaScript });
}

/** Emulates a stopped thread in the scene's copy of the memory (frames/loop-check.ts). */
export function findReadableCall(scene: Scene, thread: StoppedThread): CallPlace | null {
  const { target, memory, mappings } = scene;
  const heap = new Heap(memory, target.layout);
  const place = { space: target.codeSpace(mappings), code: new CodeLookup(heap) };
  return runToReadableCall(heap, place, thread.registerSet);
}

class ThreadReader {
  readonly #scene: Scene;
  readonly #heap: Heap;
  readonly #unwinder: Unwinder;
  readonly #activations: ActivationReader;
  readonly #describer: FrameDescriber;
  readonly #loadBias: number;

  constructor(scene: Scene) {
    this.#scene = scene;
    const { target, memory, mappings } = scene;
    this.#heap = new Heap(memory, target.layout);
    const space = target.codeSpace(mappings);
    const place = { space, code: new CodeLookup(this.#heap) };
    this.#loadBias = space.loadBias;
    this.#unwinder = new Unwinder(this.#heap, place);
    this.#activations = new ActivationReader(this.#heap, place, target.binary.bytecodeSizes);
    this.#describer = new FrameDescriber(this.#heap, target.scripts, scene.endsAtMs);
  }

  findIsolate(start: ThreadStart): IsolateState | null {
    const { memory, target } = this.#scene;
    try {
      const address =
        start.isolate ??
        (start.registers === null
          ? 0
          : findIsolate(memory, target.binary, this.#loadBias, start.registers.fsBase));
      if (address === 0) return null;
      this.#heap.theHole = readTheHole(memory, target.layout, address);
      return readIsolate(memory, target.layout, address);
    } catch (error) {
      if (error instanceof UnreadableMemory) return null;
      throw error;
    }
  }

  /** V8's helper threads enter the isolate they work for; the owner is the one whose stack the JavaScript is on. */
  isOwner(
    start: ThreadStart,
    isolate: IsolateState,
    all: readonly { start: ThreadStart; isolate: IsolateState }[],
  ): boolean {
    const rivals = all.filter((other) => other.isolate.address === isolate.address);
    if (rivals.length === 1) return true;
    if (isolate.jsEntrySp !== 0) return this.#holdsOnStack(start, isolate.jsEntrySp);
    // Idle: the main thread, or the thread that was there first.
    const { pid } = this.#scene.target;
    const owner = rivals.find((other) => other.start.tid === pid) ?? rivals[0];
    return owner?.start.tid === start.tid;
  }

  read(start: ThreadStart, isolate: IsolateState): ThreadReading {
    const native = openNativeStack(this.#scene);
    const innermost = native.innermost(start.registers);
    const result = this.#unwinder.unwind({
      isolate,
      registers: native.javaScriptRegisters ?? start.registers,
      ...(start.at !== undefined && { at: start.at }),
      ...(start.framePointer !== undefined && { framePointer: start.framePointer }),
    });
    const isMain = start.tid === this.#scene.target.pid;
    const frames = [...innermost, ...this.#describe(result.frames, native)];
    const broken = result.brokenAt && `the stack could not be read to its end: ${result.brokenAt}`;
    const lost = result.frames.length === 0 && isolate.jsEntrySp !== 0 ? betweenFrames : undefined;
    const notes = [result.note ?? broken ?? lost, ...native.notes].filter(
      (note) => note !== undefined,
    );
    return {
      tid: start.tid,
      kind: isMain ? 'main' : 'worker',
      ...(start.workerId !== undefined && { workerId: start.workerId }),
      vmState: isolate.vmState,
      frames,
      ...(notes.length > 0 && { note: notes.join('; ') }),
    };
  }

  #describe(unwound: readonly UnwoundFrame[], native: NativeStack): Frame[] {
    const read = unwound.map((frame) => ({
      frame,
      call: frame.kind === 'exit' ? readNativeCall(this.#heap, frame) : null,
      activations: frame.kind === 'script' ? this.#readActivations(frame) : [],
    }));
    const frames: Frame[] = [];
    read.forEach(({ frame, call, activations }, i) => {
      if (frame.kind === 'entry') frames.push(...native.below(frame));
      const caller: Activation | undefined = read[i + 1]?.activations[0];
      if (call !== null) frames.push(this.#describer.describeCall(call, caller));
      for (const activation of activations) frames.push(this.#describer.describe(activation));
    });
    return frames;
  }

  #readActivations(frame: Extract<UnwoundFrame, { kind: 'script' }>): Activation[] {
    try {
      return this.#activations.read(frame);
    } catch (error) {
      if (error instanceof UnreadableMemory) return [];
      throw error;
    }
  }

  #holdsOnStack(start: ThreadStart, address: Address): boolean {
    if (start.registers === null) return start.isolate !== undefined;
    const { rsp } = start.registers;
    const stack = this.#scene.mappings.find((mapping) => rsp >= mapping.start && rsp < mapping.end);
    return stack !== undefined && address >= stack.start && address < stack.end;
  }
}
