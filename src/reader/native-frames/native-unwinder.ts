/**
 * Walks C++ frames outwards by unwind tables, from any registers, until JavaScript is met or the thread's first frame.
 * Nothing is guessed: where a table is missing or wrong, and no frame pointer is kept, the walk ends and says why.
 */
import type { Mapping } from '../memory/maps.ts';
import type { PagedMemory } from '../memory/paged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import type { FrameRules } from './frame-rules.ts';
import type { NativeModule, NativeModules } from './native-module.ts';
import {
  framePointerRegister,
  type NativeRegisters,
  pcRegister,
  stackPointerRegister,
  stepOut,
} from './step.ts';
import { MalformedTable } from './table-bytes.ts';

/** One C++ activation. */
export interface NativeFrame {
  /** An address inside the call or instruction it stands at. */
  readonly pc: Address;
  /** Null where the code belongs to no file. */
  readonly module: NativeModule | null;
  /** First address of the function, from the unwind table. */
  readonly functionStart: Address | null;
}

/** An unbroken run of C++ frames, innermost first. */
export interface NativeRun {
  readonly frames: readonly NativeFrame[];
  /** Where it ended: at JavaScript, at the first frame of the thread, or early, with the reason. */
  readonly end: 'javascript' | 'outermost' | { readonly reason: string };
  /** Registers of the frame it ended at: of the JavaScript, when that is what was met. */
  readonly registers: NativeRegisters;
  /** True: a signal interrupted that frame, and its registers are complete. Else it made a call. */
  readonly isInterrupted: boolean;
}

export interface NativeSurroundings {
  /** Null: no C++ frames are wanted. */
  readonly modules: NativeModules | null;
  readonly mappings: readonly Mapping[];
  readonly memory: PagedMemory;
  /** True for embedded builtins and compiled code: V8's own frames, which have no unwind tables. */
  readonly isJavaScript: (pc: Address) => boolean;
}

interface Walk {
  registers: NativeRegisters;
  isInterrupted: boolean;
  readonly frames: NativeFrame[];
}

export class NativeUnwinder {
  readonly #surroundings: NativeSurroundings;

  constructor(surroundings: NativeSurroundings) {
    this.#surroundings = surroundings;
  }

  /**
   * @param start its program counter is a return address unless `isInterrupted`
   * @param maxFrames at most that many frames
   */
  unwind(start: NativeRegisters, isInterrupted: boolean, maxFrames: number): NativeRun {
    const walk: Walk = { registers: start, isInterrupted, frames: [] };
    try {
      const end = this.#walk(walk, maxFrames);
      return { ...walk, end };
    } catch (error) {
      if (error instanceof UnreadableMemory || error instanceof MalformedTable)
        return { ...walk, end: { reason: error.message } };
      throw error;
    }
  }

  #walk(walk: Walk, maxFrames: number): NativeRun['end'] {
    const { isJavaScript, memory } = this.#surroundings;
    const { frames } = walk;
    for (;;) {
      const { registers, isInterrupted } = walk;
      const pc = registers[pcRegister] ?? null;
      if (pc === null) return { reason: 'a return address is lost' };
      if (pc === 0 && !isInterrupted) return 'outermost';
      // The return address of a call that never returns lies behind its function: the call itself is looked up.
      const place = isInterrupted ? pc : pc - 1;
      if (isJavaScript(place)) return 'javascript';
      if (frames.length >= maxFrames) return { reason: `more than ${maxFrames} C++ frames` };
      const found = this.#find(place);
      frames.push({
        pc: place,
        module: found.module,
        functionStart: found.rules?.start ?? null,
      });
      let caller: NativeRegisters | null;
      if (found.rules !== null) caller = stepOut(found.rules, registers, memory);
      else if (!isInterrupted && found.module?.keepsFramePointer(place) === true)
        caller = followFramePointer(registers, memory);
      else if (isInterrupted && frames.length === 1 && found.module === null)
        caller = returnFromNowhere(registers, memory);
      else return { reason: found.reason };
      if (caller === null) return 'outermost';
      const isSignal = found.rules?.isSignalFrame === true;
      // A signal may have been handled on a stack of its own; else callers are always further up.
      if (!isSignal && !isAbove(caller, registers))
        return { reason: 'the stack leads back into itself' };
      walk.registers = caller;
      walk.isInterrupted = isSignal;
    }
  }

  #find(pc: Address): { module: NativeModule | null; rules: FrameRules | null; reason: string } {
    const { modules, mappings } = this.#surroundings;
    const module = modules?.at(mappings, pc) ?? 'not looked up';
    if (typeof module === 'string') return { module: null, rules: null, reason: module };
    try {
      const rules = module.rulesFor(pc);
      const address = `0x${(pc - module.bias).toString(16)}`;
      return { module, rules, reason: `no unwind table covers ${address} of ${module.name}` };
    } catch (error) {
      if (error instanceof UnreadableMemory || error instanceof MalformedTable)
        return { module, rules: null, reason: error.message };
      throw error;
    }
  }
}

/** What such a function pushed besides is not known: the other registers are lost. */
function followFramePointer(registers: NativeRegisters, memory: PagedMemory): NativeRegisters {
  const framePointer = registers[framePointerRegister] ?? 0;
  const caller = registers.map((): number | null => null);
  caller[framePointerRegister] = memory.u64(framePointer);
  caller[stackPointerRegister] = framePointer + 16;
  caller[pcRegister] = memory.u64(framePointer + 8);
  return caller;
}

/** A jump to where no code is: the call that led there has pushed its return address, and nothing else happened. */
function returnFromNowhere(registers: NativeRegisters, memory: PagedMemory): NativeRegisters {
  const stackPointer = registers[stackPointerRegister] ?? 0;
  const caller = [...registers];
  caller[pcRegister] = memory.u64(stackPointer);
  caller[stackPointerRegister] = stackPointer + 8;
  return caller;
}

function isAbove(caller: NativeRegisters, callee: NativeRegisters): boolean {
  return (caller[stackPointerRegister] ?? 0) > (callee[stackPointerRegister] ?? 0);
}
