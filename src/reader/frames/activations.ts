/**
 * From a frame to its activations: which tier it runs in, where in the source it stands, where its values are.
 * An optimised frame is several activations when functions were inlined into it.
 */
import { limits } from '../../limits.ts';
import {
  BytecodeSizes,
  offsetInBytecode,
  readBytecodeArray,
  type BytecodeArray,
} from '../heap/bytecode.ts';
import type { SharedFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { smiValue } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import type { Tier } from '../../report/schema.ts';
import { optimizedOut, type Slot, tagged, unreadable } from '../heap/slot.ts';
import { readNamedFunction } from '../values/function-name.ts';
import type { Activation } from './activation.ts';
import type { CodeObject } from './code.ts';
import { readOptimized } from './optimized.ts';
import { findBaselineBytecode, positionOfBytecode } from './position.ts';
import type { CodePlaces } from './top-frame.ts';
import type { ScriptFrame } from './frame.ts';

const frameSlots = {
  receiver: 16,
  context: -8,
  argumentCount: -24,
  bytecodeArray: -32,
  bytecodeOffset: -40,
} as const;
/** Arguments beyond this are not believed: the slot is torn. */
const maxArguments = 65_535;

export class ActivationReader {
  readonly #heap: Heap;
  readonly #place: CodePlaces;
  readonly #bytecodeSizes: BytecodeSizes;

  constructor(heap: Heap, place: CodePlaces, bytecodeSizes: Buffer) {
    this.#heap = heap;
    this.#place = place;
    this.#bytecodeSizes = new BytecodeSizes(bytecodeSizes);
  }

  /** Innermost first. @throws UnreadableMemory when not even the function can be read */
  read(frame: ScriptFrame): Activation[] {
    const shared = readNamedFunction(this.#heap, frame.function);
    if (frame.isEntering) return [this.#enteringActivation(frame, shared)];
    // Without the pc of a script's function neither its tier nor its place is known.
    if (frame.pc === null && shared.script !== null)
      return [this.#physicalActivation(frame, shared, null)];
    const code =
      frame.pc !== null && this.#place.space.isGenerated(frame.pc)
        ? this.#place.code.find(frame.pc)
        : null;
    if (code?.tier === 'maglev' || code?.tier === 'turbofan')
      return readOptimized(
        this.#heap,
        frame,
        code,
        this.#physicalActivation(frame, shared, code.tier),
      );
    const bytecode = this.#bytecodeOf(frame);
    if (bytecode === null || shared.script === null)
      return [this.#builtinActivation(frame, shared)];
    return [this.#unoptimizedActivation(frame, shared, bytecode, code)];
  }

  #bytecodeOf(frame: ScriptFrame): BytecodeArray | null {
    try {
      return readBytecodeArray(
        this.#heap,
        this.#heap.memory.u64(frame.fp + frameSlots.bytecodeArray),
      );
    } catch (error) {
      if (error instanceof UnreadableMemory) return null;
      throw error;
    }
  }

  #physicalActivation(frame: ScriptFrame, shared: SharedFunction, tier: Tier | null): Activation {
    return {
      shared,
      tier,
      sourceOffset: -1,
      isInlined: false,
      ...(frame.isConstruct === true && { isConstruct: true }),
      receiver: this.#slot(frame.fp + frameSlots.receiver),
      arguments: this.#incomingArguments(frame, shared.formalParameters),
      registers: null,
      context: this.#slot(frame.fp + frameSlots.context),
    };
  }

  #enteringActivation(frame: ScriptFrame, shared: SharedFunction): Activation {
    return {
      ...this.#physicalActivation({ ...frame, isEntering: false }, shared, null),
      sourceOffset: shared.scopeInfo?.start ?? -1,
      // The count is still in a register; the declared parameters are always pushed.
      arguments: this.#slots(
        frame.fp + frameSlots.receiver + 8,
        (shared.formalParameters ?? 1) - 1,
      ),
      context: optimizedOut,
    };
  }

  #builtinActivation(frame: ScriptFrame, shared: SharedFunction): Activation {
    const builtin = frame.pc === null ? null : this.#place.space.builtinAt(frame.pc);
    const activation = this.#physicalActivation(frame, shared, null);
    return builtin === null ? activation : { ...activation, builtinName: builtin.name };
  }

  #unoptimizedActivation(
    frame: ScriptFrame,
    shared: SharedFunction,
    bytecode: BytecodeArray,
    code: CodeObject | null,
  ): Activation {
    const isBaseline = code?.tier === 'baseline';
    const offset = isBaseline
      ? this.#baselineOffset(frame, bytecode, code)
      : this.#interpreterOffset(frame, bytecode);
    const registerFile = frame.fp + this.#heap.layout.require('frameRegisterFile');
    const count = Math.min(bytecode.registerCount, limits.maxRegisters);
    return {
      ...this.#physicalActivation(frame, shared, isBaseline ? 'baseline' : 'interpreted'),
      sourceOffset: offset === null ? -1 : positionOfBytecode(this.#heap, bytecode, offset),
      registers: Array.from({ length: count }, (_, i) => this.#slot(registerFile - i * 8)),
    };
  }

  #interpreterOffset(frame: ScriptFrame, bytecode: BytecodeArray): number | null {
    const inFrame = smiValue(this.#heap.memory.u64(frame.fp + frameSlots.bytecodeOffset));
    const { registers } = frame;
    // Between calls the slot is stale; the handlers keep the offset in r9 and the array in r12.
    if (frame.isTop && registers !== null && registers.r12 === bytecode.address) {
      const offset = offsetInBytecode(this.#heap, registers.r9);
      if (
        offset >= 0 &&
        offset < bytecode.length &&
        this.#bytecodeSizes.isBoundary(bytecode.bytes, offset)
      )
        return offset;
    }
    return inFrame === null ? null : offsetInBytecode(this.#heap, inFrame);
  }

  #baselineOffset(frame: ScriptFrame, bytecode: BytecodeArray, code: CodeObject): number | null {
    const table = this.#heap.byteArray(code.positions);
    if (table === null || frame.pc === null) return null;
    // A return address may be where the next bytecode begins; where a thread stands itself, what begins there is meant.
    const pcOffset = frame.pc - code.start + (frame.isTop ? 1 : 0);
    return findBaselineBytecode(table, pcOffset, bytecode.length, (offset) =>
      this.#bytecodeSizes.sizeAt(bytecode.bytes, offset),
    );
  }

  #incomingArguments(frame: ScriptFrame, formalParameters: number | null): Slot[] {
    const { memory } = this.#heap;
    // A plain machine word: the count includes the receiver.
    const passed = memory.u64(frame.fp + frameSlots.argumentCount) - 1;
    // Missing declared arguments are pushed as undefined.
    const count = Math.max(passed, (formalParameters ?? 1) - 1);
    return passed >= 0 && count <= maxArguments
      ? this.#slots(frame.fp + frameSlots.receiver + 8, count)
      : [];
  }

  #slots(address: number, count: number): Slot[] {
    const shown = Math.max(0, Math.min(count, limits.maxVariables));
    return Array.from({ length: shown }, (_, i) => this.#slot(address + i * 8));
  }

  #slot(address: number): Slot {
    try {
      return tagged(this.#heap.memory.u64(address));
    } catch (error) {
      if (error instanceof UnreadableMemory) return unreadable;
      throw error;
    }
  }
}
