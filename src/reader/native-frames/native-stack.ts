/**
 * The C++ frames of one thread: those innermost of its JavaScript, those between nested entries into JavaScript, and
 * those below the outermost entry.
 *
 * JSEntry (src/builtins/x64/builtins-x64.cc, Generate_JSEntryVariant) keeps what its C++ caller must get back, in the same
 * places in all versions from 10.2 to 14.6 (the pushes can be read off the code; System V ABI):
 *
 *     fp + 16   caller's stack pointer        fp - 32   r13
 *     fp + 8    return address into C++       fp - 40   r14
 *     fp        caller's rbp                  fp - 48   r15
 *     fp - 24   r12                           fp - 56   rbx       fp - 64   c_entry_fp of the outer JavaScript
 */
import { limits } from '../../limits.ts';
import type { Frame } from '../../report/schema.ts';
import type { EntryFrame } from '../frames/frame.ts';
import type { Registers } from '../memory/registers.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import { shortName } from './short-name.ts';
import {
  type NativeFrame,
  type NativeRun,
  type NativeSurroundings,
  NativeUnwinder,
} from './native-unwinder.ts';
import {
  nativeRegisters,
  type NativeRegisters,
  stackPointerRegister,
  threadRegisters,
} from './step.ts';
import { describeMutexWait } from './mutex-wait.ts';

/** DWARF number → place relative to the entry frame's fp. */
const savedAtEntry = [
  [3, -56],
  [6, 0],
  [12, -24],
  [13, -32],
  [14, -40],
  [15, -48],
  [16, 8],
] as const;
const callerStackPointer = 16;
const jsEntries = new Set(['Entry', 'ConstructEntry']);

export class NativeStack {
  readonly #surroundings: NativeSurroundings;
  readonly #unwinder: NativeUnwinder;
  #framesLeft: number = limits.maxNativeFrames;
  readonly #notes: string[] = [];
  #javaScriptRegisters: Registers | null = null;

  constructor(surroundings: NativeSurroundings) {
    this.#surroundings = surroundings;
    this.#unwinder = new NativeUnwinder(surroundings);
  }

  /** What the reader of the stack should know besides, as one sentence each. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** From where the thread stopped to JavaScript, or to its first frame when there is none. Innermost first. */
  innermost(registers: Registers | null): Frame[] {
    if (registers === null || this.#surroundings.modules === null) return [];
    const run = this.#unwinder.unwind(nativeRegisters(registers), true, this.#framesLeft);
    const frames = this.#describe(run);
    this.#javaScriptRegisters = javaScriptRegisters(run, registers);
    const mutex = describeMutexWait(this.#surroundings.memory, registers, frames);
    if (mutex !== null) this.#notes.push(mutex);
    return frames;
  }

  /**
   * What the walk over JavaScript should start from instead of the thread's registers: a signal handler may stand on top
   * of it, on a stack of its own. Null: from those of the thread.
   */
  get javaScriptRegisters(): Registers | null {
    return this.#javaScriptRegisters;
  }

  /** The C++ that entered JavaScript through this frame. WebAssembly is entered otherwise, and its C++ is not found. */
  below({ fp, type }: EntryFrame): Frame[] {
    if (this.#surroundings.modules === null || this.#framesLeft === 0 || !jsEntries.has(type))
      return [];
    try {
      return this.#describe(this.#unwinder.unwind(this.#callerOf(fp), false, this.#framesLeft));
    } catch (error) {
      if (error instanceof UnreadableMemory) return [];
      throw error;
    }
  }

  #callerOf(fp: Address): NativeRegisters {
    const registers: (number | null)[] = Array.from({ length: 17 }, () => null);
    for (const [register, offset] of savedAtEntry)
      registers[register] = this.#surroundings.memory.u64(fp + offset);
    registers[7] = fp + callerStackPointer;
    return registers;
  }

  #describe(run: NativeRun): Frame[] {
    this.#framesLeft -= run.frames.length;
    if (typeof run.end === 'object')
      this.#notes.push(`C++ frames could not be read to their end: ${run.end.reason}`);
    return run.frames.map(describeFrame);
  }
}

function javaScriptRegisters(run: NativeRun, stopped: Registers): Registers | null {
  // Not walked to its end, but perhaps from a signal handler's stack to the thread's own.
  if (typeof run.end === 'object' && run.frames.length > 0)
    return { ...stopped, rsp: run.registers[stackPointerRegister] ?? stopped.rsp };
  if (run.end !== 'javascript' || run.frames.length === 0) return null;
  if (run.isInterrupted) return threadRegisters(run.registers, stopped);
  // JavaScript called C++, and V8 knows from where: only which stack it is on may be news.
  return { ...stopped, rsp: run.registers[stackPointerRegister] ?? stopped.rsp };
}

function describeFrame({ pc, module, functionStart }: NativeFrame): Frame {
  const none = { arguments: [], locals: [] };
  if (module === null)
    return { function: `0x${pc.toString(16)}`, kind: 'native', file: '?', ...none };
  const symbol = module.symbolAt(pc, functionStart);
  return {
    function:
      symbol === null ? `${module.name}+0x${(pc - module.bias).toString(16)}` : shortName(symbol),
    kind: 'native',
    file: module.name,
    ...none,
  };
}
