/**
 * Activations of an optimised frame at a call, by the translation the compiler left for it: every function inlined into
 * the frame with its exact place, and for every receiver, argument and local where its value is now.
 */
import { limits } from '../../limits.ts';
import { findBytecode } from '../heap/bytecode.ts';
import { readSharedFunction, type SharedFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { optimizedOut, type Slot, tagged, unreadable } from '../heap/slot.ts';
import { smiValue, type Tagged, withoutWeakBit } from '../layout/tagged.ts';
import { type TranslationEncoding, translationEncodings } from '../layout/translation-opcodes.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import type { Activation } from './activation.ts';
import type { CodeObject } from './code.ts';
import {
  type DeoptimizationPoint,
  findDeoptimizationPoint,
  safepointHeaderBytes,
  safepointTableBytes,
} from './deoptimization-point.ts';
import type { ScriptFrame } from './frame.ts';
import { isHoleNan } from '../heap/double.ts';
import { positionOfBytecode } from './position.ts';
import type {
  TranslatedInterpretedFrame,
  TranslatedSlot,
  TranslatedValue,
} from './translated-frame.ts';
import { decodeTranslation, type TranslationResult } from './translation.ts';

type Translation = Extract<TranslationResult, { isDecoded: true }>;

/** @returns null when the compiler left no translation for this place, or it cannot be read */
export function readTranslated(
  heap: Heap,
  frame: ScriptFrame,
  code: CodeObject,
  physical: Activation,
): Activation[] | null {
  try {
    const translation = findTranslation(heap, frame, code);
    if (translation === null) return null;
    const reader = new TranslatedFrameReader(heap, frame, code, translation);
    const activations: Activation[] = [];
    let isConstruct = false;
    for (const translated of translation.frames) {
      if (translated.kind === 'interpreted') {
        const isInlined = activations.length > 0;
        const activation = reader.activation(translated, physical, isInlined);
        const isMade = isInlined ? isConstruct : physical.isConstruct === true;
        activations.push(isMade ? { ...activation, isConstruct: true } : activation);
      }
      // Helper frames stand before the function they belong to.
      isConstruct =
        translated.kind.startsWith('construct') ||
        (isConstruct && translated.kind === 'inlined-arguments');
    }
    return activations.length === 0 ? null : activations.reverse();
  } catch (error) {
    if (error instanceof UnreadableMemory) return null;
    throw error;
  }
}

/** True: a frame whose call returns to this address can be read. @throws UnreadableMemory */
export function isTranslatedAt(heap: Heap, code: CodeObject, returnAddress: Address): boolean {
  const encoding = translationEncodings[heap.layout.version];
  return findPoint(heap, returnAddress, code, encoding) !== null;
}

/** The function of a literal: weak references and wrappers taken off; null when the literal is something else. */
export function readFunctionLiteral(
  heap: Heap,
  deoptimizationData: Tagged,
  index: number,
): SharedFunction | null {
  const literal = readLiteral(heap, deoptimizationData, index);
  return heap.is(literal, 'SHARED_FUNCTION_INFO') ? readSharedFunction(heap, literal) : null;
}

function readLiteral(heap: Heap, deoptimizationData: Tagged, index: number): Tagged {
  const literals = heap.element(deoptimizationData, heap.layout.require('deoptLiterals'));
  const literal = withoutWeakBit(heap.element(literals, index));
  return heap.is(literal, 'SHARED_FUNCTION_INFO_WRAPPER') ? heap.field(literal, 8) : literal;
}

function findTranslation(heap: Heap, frame: ScriptFrame, code: CodeObject): Translation | null {
  const encoding: TranslationEncoding = translationEncodings[heap.layout.version];
  const data = code.deoptimizationData;
  const point = findPoint(heap, frame.pc, code, encoding);
  if (point === null) return null;
  const bytes = heap.byteArray(heap.element(data, encoding.data.translations));
  if (bytes === null) return null;
  const result = decodeTranslation(
    bytes,
    point.translationIndex,
    encoding,
    (literal) => readFunctionLiteral(heap, data, literal)?.formalParameters ?? 0,
  );
  return result.isDecoded ? result : null;
}

function findPoint(
  heap: Heap,
  pc: Address | null,
  code: CodeObject,
  encoding: TranslationEncoding,
): DeoptimizationPoint | null {
  if (pc === null || (code.tier !== 'maglev' && code.tier !== 'turbofan')) return null;
  const data = code.deoptimizationData;
  const elements = {
    length: heap.arrayLength(data),
    smi: (index: number) => smiValue(heap.element(data, index)),
  };
  const bytes = readSafepoints(heap, code, code.tier, encoding);
  return findDeoptimizationPoint(elements, encoding, pc - code.start, {
    tier: code.tier,
    bytes,
  });
}

/** The table that lies right behind the code; empty when it cannot be read. */
function readSafepoints(
  heap: Heap,
  code: CodeObject,
  tier: 'maglev' | 'turbofan',
  encoding: TranslationEncoding,
): Buffer {
  try {
    const head = heap.memory.bytes(code.end, safepointHeaderBytes);
    const length = safepointTableBytes(tier, head, encoding);
    return length === null ? Buffer.alloc(0) : heap.memory.bytes(code.end, length);
  } catch (error) {
    if (error instanceof UnreadableMemory) return Buffer.alloc(0);
    throw error;
  }
}

class TranslatedFrameReader {
  readonly #heap: Heap;
  readonly #frame: ScriptFrame;
  readonly #code: CodeObject;
  readonly #objects: Translation['objects'];

  constructor(heap: Heap, frame: ScriptFrame, code: CodeObject, translation: Translation) {
    this.#heap = heap;
    this.#frame = frame;
    this.#code = code;
    this.#objects = translation.objects;
  }

  activation(
    translated: TranslatedInterpretedFrame,
    physical: Activation,
    isInlined: boolean,
  ): Activation {
    const inlined = readFunctionLiteral(
      this.#heap,
      this.#code.deoptimizationData,
      translated.functionLiteral,
    );
    const shared = inlined ?? physical.shared;
    const bytecode = findBytecode(this.#heap, shared.address);
    const parameters = translated.parameters.map((value) => this.#slot(value, 0));
    // What the caller passed beyond the declared ones is still where it pushed it.
    const surplus = isInlined ? [] : physical.arguments.slice(parameters.length);
    const pending = translated.pendingRegisters;
    return {
      shared,
      tier: physical.tier,
      sourceOffset:
        bytecode === null
          ? -1
          : positionOfBytecode(this.#heap, bytecode, translated.bytecodeOffset),
      isInlined,
      receiver: this.#slot(translated.receiver, 0),
      arguments: [...parameters, ...surplus],
      registers: translated.registers.map((value, i) =>
        pending !== null && i >= pending.first && i < pending.first + pending.count
          ? optimizedOut
          : this.#slot(value, 0),
      ),
      context: this.#slot(translated.context, 0),
    };
  }

  #slot(value: TranslatedValue, depth: number): Slot {
    if ('fpOffset' in value) return this.#stackSlot(value);
    switch (value.kind) {
      case 'literal':
        return tagged(readLiteral(this.#heap, this.#code.deoptimizationData, value.index));
      case 'captured-object':
        return depth > limits.maxValueDepth
          ? optimizedOut
          : { kind: 'captured', words: value.fields.map((field) => this.#slot(field, depth + 1)) };
      case 'duplicated-object': {
        const original = this.#objects.get(value.id);
        return original === undefined || depth > limits.maxValueDepth
          ? optimizedOut
          : this.#slot(original, depth + 1);
      }
      case 'register':
      case 'optimized-out':
      case 'string-concat':
      case 'arguments-elements':
      case 'arguments-length':
      case 'rest-length':
        return optimizedOut;
    }
  }

  #stackSlot({ kind, fpOffset }: TranslatedSlot): Slot {
    const { memory } = this.#heap;
    const address = this.#frame.fp + fpOffset;
    try {
      switch (kind) {
        case 'tagged-slot':
          return tagged(memory.u64(address));
        case 'bool-slot':
          return { kind: 'boolean', value: memory.u32(address) !== 0 };
        case 'int32-slot':
          return { kind: 'number', value: memory.i32(address) };
        case 'uint32-slot':
          return { kind: 'number', value: memory.u32(address) };
        case 'int64-slot':
          return { kind: 'number', value: Number(memory.bytes(address, 8).readBigInt64LE(0)) };
        case 'float-slot':
          return { kind: 'number', value: memory.bytes(address, 4).readFloatLE(0) };
        case 'double-slot':
          return { kind: 'number', value: memory.f64(address) };
        case 'holey-double-slot':
          return isHoleNan(memory, address)
            ? { kind: 'undefined' }
            : { kind: 'number', value: memory.f64(address) };
        case 'signed-bigint64-slot':
          return { kind: 'bigint', value: memory.bytes(address, 8).readBigInt64LE(0) };
        case 'unsigned-bigint64-slot':
          return { kind: 'bigint', value: memory.bytes(address, 8).readBigUInt64LE(0) };
        case 'simd128-slot':
          return { kind: 'absent', reason: 'not-supported' };
      }
    } catch (error) {
      if (error instanceof UnreadableMemory) return unreadable;
      throw error;
    }
  }
}
