/**
 * Decodes one deoptimisation translation: which functions an optimised frame stands for, and where receiver, arguments
 * and locals of each of them are. Pure: it reads no memory, it says where to read. docs/v8-deoptimization.md tells the
 * whole story.
 */
import { limits } from '../../limits.ts';
import { slotOffset, type TranslationEncoding } from '../layout/translation-opcodes.ts';
import {
  type Instruction,
  operand,
  TornTranslation,
  type TranslationFault,
  TranslationReader,
} from './translation-reader.ts';
import type {
  TranslatedFrame,
  TranslatedInterpretedFrame,
  TranslatedObject,
  TranslatedValue,
} from './translated-frame.ts';
import {
  argumentsTypes,
  frameKinds,
  registerRepresentations,
  slotKinds,
  valuesBesideHeight,
} from './translation-kinds.ts';

export type TranslationResult =
  | {
      readonly isDecoded: true;
      /** Outermost first. */
      readonly frames: readonly TranslatedFrame[];
      /** By id, so that a `duplicated-object` finds its original. */
      readonly objects: ReadonlyMap<number, TranslatedObject>;
    }
  | { readonly isDecoded: false; readonly fault: TranslationFault; readonly offset: number };

/** Formal parameters with the receiver, by the function's literal (and, from 13.x, its bytecode array's). */
export type ParameterCountOf = (
  functionLiteral: number,
  bytecodeArrayLiteral: number | null,
) => number;

/** Decodes the translation that starts at byte `start`. Ends on any input; throws nothing but what `parameterCountOf` throws. */
export function decodeTranslation(
  bytes: Uint8Array,
  start: number,
  encoding: TranslationEncoding,
  parameterCountOf: ParameterCountOf,
): TranslationResult {
  try {
    const decoder = new TranslationDecoder(bytes, start, encoding, parameterCountOf);
    return { isDecoded: true, frames: decoder.frames(), objects: decoder.objects };
  } catch (error) {
    if (!(error instanceof TornTranslation)) throw error;
    return { isDecoded: false, fault: error.fault, offset: error.offset };
  }
}

class TranslationDecoder {
  readonly #reader: TranslationReader;
  readonly #parameterCountOf: ParameterCountOf;
  readonly objects = new Map<number, TranslatedObject>();
  /** Original of each id: a duplicate takes an id too. */
  readonly #originals: number[] = [];

  constructor(
    bytes: Uint8Array,
    start: number,
    encoding: TranslationEncoding,
    parameterCountOf: ParameterCountOf,
  ) {
    this.#reader = new TranslationReader(bytes, start, encoding);
    this.#parameterCountOf = parameterCountOf;
  }

  frames(): TranslatedFrame[] {
    const { header } = this.#reader;
    const frameCount = operand(header, 'frameCount');
    if (frameCount < 0) this.#reader.fail('bad-reference');
    // Each inlined function may bring a helper frame or two.
    if (frameCount > limits.maxInlineDepth * 3) this.#reader.fail('over-limit');
    const hasFeedback =
      operand(header, 'feedbackCount') > 0 || header.name === 'BEGIN_WITH_FEEDBACK';
    if (hasFeedback && this.#reader.next().name !== 'UPDATE_FEEDBACK')
      this.#reader.fail('unexpected-opcode');
    const frames: TranslatedFrame[] = [];
    while (frames.length < frameCount) frames.push(this.#frame(frames.length === frameCount - 1));
    if (!this.#reader.isAtEnd()) this.#reader.fail('unexpected-opcode');
    return frames;
  }

  #frame(isInnermost: boolean): TranslatedFrame {
    const instruction = this.#reader.next();
    const kind = frameKinds[instruction.name];
    if (kind === undefined) this.#reader.fail('unexpected-opcode');
    if (kind === 'interpreted') return this.#interpretedFrame(instruction, isInnermost);
    const height = Math.max(operand(instruction, 'height'), 0);
    const hasBytecodeOffset = instruction.opcode.operands.includes('bytecodeOffset');
    return {
      kind,
      functionLiteral: operand(instruction, 'function'),
      bytecodeOffset: hasBytecodeOffset ? operand(instruction, 'bytecodeOffset') : null,
      values: this.#values(height + valuesBesideHeight[kind], 0),
    };
  }

  #interpretedFrame(instruction: Instruction, isInnermost: boolean): TranslatedInterpretedFrame {
    const functionLiteral = operand(instruction, 'function');
    const bytecodeArray = operand(instruction, 'bytecodeArray');
    const bytecodeArrayLiteral = bytecodeArray < 0 ? null : bytecodeArray;
    const registerCount = operand(instruction, 'height');
    const parameterCount = this.#parameterCountOf(functionLiteral, bytecodeArrayLiteral);
    const isPlausible =
      Number.isInteger(parameterCount) && parameterCount > 0 && registerCount >= 0;
    if (functionLiteral < 0 || !isPlausible) this.#reader.fail('bad-reference');
    return {
      kind: 'interpreted',
      functionLiteral,
      bytecodeArrayLiteral,
      bytecodeOffset: operand(instruction, 'bytecodeOffset'),
      closure: this.#value(0),
      receiver: this.#value(0),
      parameters: this.#values(parameterCount - 1, 0),
      context: this.#value(0),
      registers: this.#values(registerCount, 0),
      accumulator: this.#value(0),
      pendingRegisters: isInnermost ? pendingRegisters(instruction, registerCount) : null,
    };
  }

  #values(count: number, depth: number): TranslatedValue[] {
    if (count > limits.maxTranslationInstructions) this.#reader.fail('over-limit');
    const values: TranslatedValue[] = [];
    while (values.length < count) values.push(this.#value(depth));
    return values;
  }

  #value(depth: number): TranslatedValue {
    if (depth > limits.maxTranslationDepth) this.#reader.fail('over-limit');
    const instruction = this.#reader.next();
    const slotKind = slotKinds[instruction.name];
    if (slotKind !== undefined) {
      const slot = operand(instruction, 'slot');
      return { kind: slotKind, slot, fpOffset: slotOffset(slot) };
    }
    const representation = registerRepresentations[instruction.name];
    if (representation !== undefined)
      return { kind: 'register', representation, code: operand(instruction, 'register') };
    return this.#unusualValue(instruction, depth);
  }

  #unusualValue(instruction: Instruction, depth: number): TranslatedValue {
    // Frames and slots were told apart before.
    const name: string = instruction.name;
    switch (name) {
      case 'LITERAL':
        return this.#literal(operand(instruction, 'literal'));
      case 'OPTIMIZED_OUT':
        return { kind: 'optimized-out' };
      case 'ARGUMENTS_LENGTH':
        return { kind: 'arguments-length' };
      case 'REST_LENGTH':
        return { kind: 'rest-length' };
      case 'DUPLICATED_OBJECT':
        return this.#duplicate(operand(instruction, 'object'));
      case 'ARGUMENTS_ELEMENTS':
        return this.#define((id) => ({
          kind: 'arguments-elements',
          id,
          arguments: argumentsTypes[operand(instruction, 'argumentsType')] ?? 'unknown',
        }));
      case 'CAPTURED_OBJECT': {
        const fieldCount = operand(instruction, 'fieldCount');
        if (fieldCount < 1) this.#reader.fail('bad-reference');
        return this.#define((id) => ({
          kind: 'captured-object',
          id,
          fields: this.#values(fieldCount, depth + 1),
        }));
      }
      case 'STRING_CONCAT':
        return this.#define((id) => ({
          kind: 'string-concat',
          id,
          left: this.#value(depth + 1),
          right: this.#value(depth + 1),
        }));
      default:
        return this.#reader.fail('unexpected-opcode');
    }
  }

  #literal(index: number): TranslatedValue {
    if (index < 0) this.#reader.fail('bad-reference');
    return { kind: 'literal', index };
  }

  #duplicate(id: number): TranslatedValue {
    const original = this.#originals[id];
    if (original === undefined) this.#reader.fail('bad-reference');
    this.#originals.push(original);
    return { kind: 'duplicated-object', id: original };
  }

  /** An object takes its id before its fields take theirs. */
  #define(make: (id: number) => TranslatedObject): TranslatedObject {
    const id = this.#originals.length;
    this.#originals.push(id);
    const object = make(id);
    this.objects.set(id, object);
    return object;
  }
}

/** V8 counts the place of the result downwards from the accumulator, which follows the last register. */
function pendingRegisters(
  instruction: Instruction,
  registerCount: number,
): TranslatedInterpretedFrame['pendingRegisters'] {
  const offset = operand(instruction, 'returnOffset');
  const count = operand(instruction, 'returnCount');
  if (offset < 1 || count < 1 || offset > registerCount) return null;
  return { first: registerCount - offset, count };
}
