/** Reads the instructions of one translation, with those it repeats from an earlier one put in their places. */
import { limits } from '../../limits.ts';
import type {
  TranslationEncoding,
  TranslationOpcode,
  TranslationOpcodeName,
  TranslationOperand,
} from '../layout/translation-opcodes.ts';

/** Why the bytes make no sense; mostly they were read while the collector moved them, or belong to other code. */
export type TranslationFault =
  'truncated' | 'unknown-opcode' | 'unexpected-opcode' | 'bad-reference' | 'over-limit';

/** Thrown and caught inside the decoder only. */
export class TornTranslation extends Error {
  readonly fault: TranslationFault;
  /** Byte at which the reader stood. */
  readonly offset: number;

  constructor(fault: TranslationFault, offset: number) {
    super(`${fault} at byte ${offset}`);
    this.fault = fault;
    this.offset = offset;
  }
}

export interface Instruction {
  readonly name: TranslationOpcodeName;
  /** In the order of `opcode.operands`. */
  readonly values: readonly number[];
  readonly opcode: TranslationOpcode;
}

/** The operand's value; -1 when the opcode has no such operand in this version. */
export function operand(instruction: Instruction, name: TranslationOperand): number {
  const place = instruction.opcode.operands.indexOf(name);
  return instruction.values[place] ?? -1;
}

export class TranslationReader {
  readonly #bytes: Uint8Array;
  readonly #encoding: TranslationEncoding;
  #at: number;
  /** Instructions handed out since BEGIN: also the place in the earlier translation that a repetition continues from. */
  #count = 0;
  #toRepeat = 0;
  readonly #basisStart: number | null;
  #basis: readonly Instruction[] | null = null;

  /** What BEGIN says. */
  readonly header: Instruction;

  /** @throws TornTranslation */
  constructor(bytes: Uint8Array, start: number, encoding: TranslationEncoding) {
    this.#bytes = bytes;
    this.#encoding = encoding;
    this.#at = start;
    this.header = this.#decode();
    if (!isBegin(this.header)) this.fail('unexpected-opcode');
    const lookback = operand(this.header, 'lookback');
    if (lookback > start) this.fail('bad-reference');
    this.#basisStart = lookback > 0 ? start - lookback : null;
  }

  /** @throws TornTranslation */
  next(): Instruction {
    if (this.#count >= limits.maxTranslationInstructions) this.fail('over-limit');
    if (this.#toRepeat > 0) return this.#repeat();
    const instruction = this.#decode();
    if (instruction.name !== 'MATCH_PREVIOUS') {
      this.#count++;
      return instruction;
    }
    this.#toRepeat = operand(instruction, 'repeatCount');
    if (this.#toRepeat < 1) this.fail('bad-reference');
    return this.#repeat();
  }

  /** A translation is followed by the next one or by nothing: the best sign that all of it was understood. */
  isAtEnd(): boolean {
    if (this.#toRepeat > 0) return false;
    return this.#at >= this.#bytes.length || isBegin(this.#decode());
  }

  /** @throws TornTranslation always */
  fail(fault: TranslationFault): never {
    throw new TornTranslation(fault, this.#at);
  }

  #repeat(): Instruction {
    this.#basis ??= this.#readBasis();
    const instruction = this.#basis[this.#count];
    if (instruction === undefined) this.fail('bad-reference');
    this.#count++;
    this.#toRepeat--;
    return instruction;
  }

  /** The whole earlier translation, which repeats nothing itself. */
  #readBasis(): Instruction[] {
    if (this.#basisStart === null) this.fail('bad-reference');
    const basis = new TranslationReader(this.#bytes, this.#basisStart, this.#encoding);
    if (basis.#basisStart !== null) this.fail('bad-reference');
    const instructions: Instruction[] = [];
    while (
      basis.#at < this.#bytes.length &&
      instructions.length < limits.maxTranslationInstructions
    ) {
      const instruction = basis.#decode();
      if (isBegin(instruction)) break;
      if (instruction.name === 'MATCH_PREVIOUS') this.fail('bad-reference');
      instructions.push(instruction);
    }
    return instructions;
  }

  #decode(): Instruction {
    const { opcodes, hasSignedOpcodes, hasShortMatches, unsignedOperands } = this.#encoding;
    const number = hasSignedOpcodes ? this.#signed() : this.#byte();
    if (hasShortMatches && number >= opcodes.length) {
      const match = opcodes.findLast((opcode) => opcode.name === 'MATCH_PREVIOUS');
      if (match === undefined) this.fail('unknown-opcode');
      return { name: match.name, opcode: match, values: [number - opcodes.length] };
    }
    const opcode = opcodes[number];
    if (opcode === undefined) this.fail('unknown-opcode');
    const values = opcode.operands.map((name) =>
      unsignedOperands.has(name) ? this.#unsigned() : this.#signed(),
    );
    return { name: opcode.name, opcode, values };
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) this.fail('truncated');
    this.#at++;
    return byte;
  }

  /** Source: src/base/vlq.h: seven bits a byte, lowest first, at most five bytes. */
  #unsigned(): number {
    let bits = 0;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.#byte();
      bits += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return bits;
    }
    return this.fail('truncated');
  }

  #signed(): number {
    const bits = this.#unsigned();
    const magnitude = Math.floor(bits / 2);
    return bits % 2 === 1 ? -magnitude : magnitude;
  }
}

function isBegin(instruction: Instruction): boolean {
  return instruction.name === 'BEGIN' || instruction.name === 'BEGIN_WITH_FEEDBACK';
}
