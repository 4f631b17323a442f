/** From one look to the JavaScript threads in it: which threads have an isolate, and what stands on their stacks. */
import type { Frame } from '../report/schema.ts';
import { FrameDescriber } from './describe-frame.ts';
import type { Activation } from './frames/activation.ts';
import { ActivationReader } from './frames/activations.ts';
import { CodeLookup } from './frames/code.ts';
import { readNativeCall } from './frames/exit-frame.ts';
import type { UnwoundFrame } from './frames/frame.ts';
import {
  type CheckState,
  findCatchAddresses,
  findLoopChecks,
  type LoopCheck,
  runToCall,
} from './frames/loop-check.ts';
import { findIsolate, type IsolateState, readIsolate, readTheHole } from './frames/isolate.ts';
import { Unwinder } from './frames/unwind.ts';
import { Heap } from './heap/heap.ts';
import type { Mapping } from './memory/maps.ts';
import type { PagedMemory } from './memory/paged.ts';
import type { Registers } from './memory/registers.ts';
import { type Address, UnreadableMemory } from './memory/source.ts';
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
  /** Where the thread was caught: its innermost frame is read at the call behind. */
  readonly check?: CheckState;
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

/** Where a thread in optimised code can be caught so that its values are known. */
export interface CatchPlan {
  readonly checks: readonly LoopCheck[];
  readonly addresses: readonly Address[];
}

/** Null when the thread is in no optimised code, or in such without loops. */
export function planCatch(scene: Scene, registers: Registers): CatchPlan | null {
  const { target, memory, mappings } = scene;
  if (!target.codeSpace(mappings).isGenerated(registers.rip)) return null;
  try {
    const code = new CodeLookup(new Heap(memory, target.layout)).find(registers.rip);
    if (code?.tier !== 'turbofan' && code?.tier !== 'maglev') return null;
    const checks = findLoopChecks(memory, code);
    const addresses = checks.length === 0 ? [] : findCatchAddresses(memory, code, checks);
    return addresses.length === 0 ? null : { checks, addresses };
  } catch (error) {
    if (error instanceof UnreadableMemory) return null;
    throw error;
  }
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
    const at = this.#runToCall(start);
    const result = this.#unwinder.unwind({
      isolate,
      registers: start.registers,
      ...(at !== null && { at }),
      ...(start.framePointer !== undefined && { framePointer: start.framePointer }),
    });
    const isMain = start.tid === this.#scene.target.pid;
    const note =
      result.note ??
      (result.brokenAt && `the stack could not be read to its end: ${result.brokenAt}`);
    return {
      tid: start.tid,
      kind: isMain ? 'main' : 'worker',
      ...(start.workerId !== undefined && { workerId: start.workerId }),
      vmState: isolate.vmState,
      frames: this.#describe(result.frames),
      ...(note !== undefined && { note }),
    };
  }

  #runToCall({ check, registers }: ThreadStart): { fp: Address; pc: Address } | null {
    if (check === undefined || registers === null) return null;
    try {
      const pc = runToCall(this.#scene.memory, check);
      return pc === null ? null : { fp: registers.rbp, pc };
    } catch (error) {
      if (error instanceof UnreadableMemory) return null;
      throw error;
    }
  }

  #describe(unwound: readonly UnwoundFrame[]): Frame[] {
    const read = unwound.map((frame) =>
      frame.kind === 'exit'
        ? { call: readNativeCall(this.#heap, frame), activations: [] }
        : { call: null, activations: this.#readActivations(frame) },
    );
    const frames: Frame[] = [];
    read.forEach(({ call, activations }, i) => {
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
