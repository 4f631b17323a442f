/** From one look to the JavaScript threads in it: which threads have an isolate, and what stands on their stacks. */
import type { Frame } from '../report/schema.ts';
import { readAsyncStores } from './async-stores.ts';
import { FrameDescriber, type ValuesWanted } from './describe-frame.ts';
import type { Activation } from './frames/activation.ts';
import { ActivationReader } from './frames/activations.ts';
import type { CodeSpace } from './frames/code-space.ts';
import { CodeLookup } from './frames/code.ts';
import { readNativeCall } from './frames/exit-frame.ts';
import type { UnwindResult, UnwoundFrame } from './frames/frame.ts';
import { type CallPlace, runToReadableCall } from './frames/loop-check.ts';
import { findIsolate, type IsolateState, readIsolate, readTheHole } from './frames/isolate.ts';
import { betweenFrames, Unwinder } from './frames/unwind.ts';
import { Heap } from './heap/heap.ts';
import type { Mapping } from './memory/maps.ts';
import type { PagedMemory } from './memory/paged.ts';
import type { StoppedThread } from './memory/look.ts';
import type { Registers } from './memory/registers.ts';
import { type Address, UnreadableMemory } from './memory/source.ts';
import { OpeningTime, timeWasOver } from './values/opening.ts';
import { WasmFrameReader } from './wasm/wasm-frames.ts';
import { NativeStack } from './native-frames/native-stack.ts';
import type { KnownIsolate, ThreadReading } from './reading.ts';
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
  /** Absent: of all frames. */
  readonly values?: ValuesWanted;
  /** True: the stacks are from before a scavenge. */
  readonly scavenged?: boolean;
}

/** The main thread's stack may have grown since the map was read: its usual limit. */
const mainStackBytes = 8 << 20;

const passedOver = 'frames that are not shown, because their function could not be read';

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
  const space = target.codeSpace(mappings);
  const wasm = openWasm(target, heap, space.loadBias).code;
  const place = { space, code: new CodeLookup(heap), wasm };
  return runToReadableCall(heap, place, thread.registerSet);
}

function openWasm({ binary, wasmModules }: Program, heap: Heap, loadBias: number): WasmFrameReader {
  const { wasmState } = binary;
  return new WasmFrameReader(heap, wasmState === null ? null : wasmState + loadBias, wasmModules);
}

class ThreadReader {
  readonly #scene: Scene;
  readonly #heap: Heap;
  readonly #unwinder: Unwinder;
  readonly #activations: ActivationReader;
  readonly #describer: FrameDescriber;
  readonly #wasm: WasmFrameReader;
  readonly #space: CodeSpace;
  readonly #time: OpeningTime;

  constructor(scene: Scene) {
    this.#scene = scene;
    const { target, memory, mappings } = scene;
    this.#heap = new Heap(memory, target.layout, scene.scavenged);
    const space = target.codeSpace(mappings);
    this.#space = space;
    this.#wasm = openWasm(target, this.#heap, space.loadBias);
    const place = { space, code: new CodeLookup(this.#heap), wasm: this.#wasm.code };
    this.#unwinder = new Unwinder(this.#heap, place);
    this.#activations = new ActivationReader(this.#heap, place, target.binary.bytecodeSizes);
    this.#time = new OpeningTime(scene.endsAtMs);
    this.#describer = new FrameDescriber(this.#heap, target.scripts, this.#time, scene.values);
  }

  findIsolate(start: ThreadStart): IsolateState | null {
    const { memory, target } = this.#scene;
    try {
      const address =
        start.isolate ??
        (start.registers === null
          ? 0
          : findIsolate(memory, target, this.#space.loadBias, start.registers.fsBase));
      if (address === 0) return null;
      this.#heap.theHole = readTheHole(memory, target.layout, address);
      return readIsolate(memory, target.layout, address);
    } catch (error) {
      if (error instanceof UnreadableMemory) return null;
      throw error;
    }
  }

  /**
   * V8's helper threads, such as that of its profiler, enter the isolate they work for. The owner is the one that the agent told of, or
   * whose stack the JavaScript is on. Nobody's: nothing runs, or the owner is in a signal handler on a stack of its own.
   */
  isOwner(
    start: ThreadStart,
    isolate: IsolateState,
    all: readonly { start: ThreadStart; isolate: IsolateState }[],
  ): boolean {
    const rivals = all
      .filter((other) => other.isolate.address === isolate.address)
      .map((other) => other.start);
    if (rivals.length === 1) return true;
    const { pid } = this.#scene.target;
    const { jsEntrySp } = isolate;
    const owner =
      rivals.find((rival) => rival.isolate !== undefined) ??
      (jsEntrySp === 0
        ? undefined
        : rivals.find((rival) => this.#holdsOnStack(rival, jsEntrySp))) ??
      // The main thread, or the thread that was there first.
      rivals.find(({ tid }) => tid === pid) ??
      rivals[0];
    return owner?.tid === start.tid;
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
    const closedBefore = this.#time.closed;
    const asyncStores = readAsyncStores(
      this.#heap,
      this.#scene.target.scripts,
      isolate.address,
      this.#time,
    );
    const { frames: described, before, unreadable } = this.#describe(result, native);
    const frames = [...innermost, ...described];
    const broken = result.brokenAt && `the stack could not be read to its end: ${result.brokenAt}`;
    // Of what the deoptimiser is about to replace, a piece may look like a frame.
    const isRebuilding =
      broken === undefined
        ? result.frames.length === 0 && isolate.jsEntrySp !== 0
        : described.length === 0 && innermost.some(isOfDeoptimizer);
    const closed = this.#time.closed - closedBefore;
    const cutShort = closed === 0 ? undefined : `values left closed: ${closed} (${timeWasOver})`;
    const whole = isRebuilding ? [betweenFrames] : [broken, unreadable];
    const notes = [
      ...(result.note === undefined ? whole : [result.note, unreadable]),
      cutShort,
      ...native.notes,
    ].filter((note) => note !== undefined);
    return {
      tid: start.tid,
      kind: isMain ? 'main' : 'worker',
      ...(start.workerId !== undefined && { workerId: start.workerId }),
      vmState: isolate.vmState,
      frames,
      ...(asyncStores.length > 0 && { asyncStores }),
      ...(result.omitted && {
        omitted: { before: innermost.length + before, count: result.omitted.count },
      }),
      ...(notes.length > 0 && { note: notes.join('; ') }),
    };
  }

  /** `before`: index of the frame before which the middle of the stack was left out. */
  #describe(
    unwound: UnwindResult,
    native: NativeStack,
  ): { frames: Frame[]; before: number; unreadable: string | undefined } {
    const read = unwound.frames.map((frame) => ({
      frame,
      call: frame.kind === 'exit' ? readNativeCall(this.#heap, frame) : null,
      activations: this.#readActivations(frame),
    }));
    const frames: Frame[] = [];
    let before = 0;
    read.forEach(({ frame, call, activations }, i) => {
      if (i === unwound.omitted?.before) before = frames.length;
      if (frame.kind === 'entry') frames.push(...native.below(frame));
      // Builtins that work for WebAssembly have its kind of frame.
      if (frame.kind === 'wasm' && this.#space.builtinAt(frame.pc) === null)
        frames.push(...this.#wasm.describe(frame));
      const caller: Activation | undefined = read[i + 1]?.activations?.[0];
      if (call !== null) frames.push(this.#describer.describeCall(call, caller));
      for (const activation of activations ?? []) frames.push(this.#describer.describe(activation));
    });
    const torn = read.filter(({ activations }) => activations === null).length;
    return { frames, before, unreadable: torn === 0 ? undefined : `${passedOver}: ${torn}` };
  }

  /** Null: it cannot be read. */
  #readActivations(frame: UnwoundFrame): Activation[] | null {
    if (frame.kind === 'torn') return null;
    if (frame.kind !== 'script') return [];
    try {
      return this.#activations.read(frame).filter((one) => !this.#isWasmWrapper(one));
    } catch (error) {
      if (error instanceof UnreadableMemory) return null;
      throw error;
    }
  }

  /** What calls WebAssembly for JavaScript has a frame of its own, of a function that is the exported one for V8. */
  #isWasmWrapper({ shared }: Activation): boolean {
    if (shared.script === null) return false;
    const { name, text } = this.#scene.target.scripts.read(this.#heap, shared.script);
    return name.startsWith('wasm://') && (text ?? '') === '';
  }

  #holdsOnStack(start: ThreadStart, address: Address): boolean {
    if (start.registers === null) return false;
    const { rsp } = start.registers;
    const stack = this.#scene.mappings.find(
      ({ start, end, path }) =>
        rsp < end && (rsp >= start || (path === '[stack]' && end - rsp < mainStackBytes)),
    );
    return stack !== undefined && address >= stack.start && address < stack.end;
  }
}

const isOfDeoptimizer = ({ function: name }: Frame): boolean => /\bDeoptimizer::/.test(name);

/** What is known of a thread before its stack is read. */
export function knownFacts(isolate: KnownIsolate | undefined): Partial<ThreadStart> {
  if (isolate === undefined) return {};
  const { address, workerId, framePointer } = isolate;
  return {
    isolate: address,
    ...(workerId !== undefined && { workerId }),
    ...(framePointer !== undefined && { framePointer }),
  };
}
