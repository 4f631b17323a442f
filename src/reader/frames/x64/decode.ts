/**
 * From bytes to one instruction: prefixes, opcode, ModRM and SIB, displacement, immediate. What it does is told by its row
 * in the tables of integer.ts, control.ts and vector.ts. Source: Intel SDM volume 2, chapter 2.
 */
import type { Address } from '../../memory/source.ts';
import type { Machine } from './machine.ts';
import { EmulationEnd, masks, type WordBytes } from './words.ts';

/** Mandatory prefixes, numbered as VEX has them. */
export const prefixes = { none: 0, x66: 1, xf3: 2, xf2: 3 } as const;
type Prefix = (typeof prefixes)[keyof typeof prefixes];

export interface Instruction {
  readonly opcode: number;
  readonly prefix: Prefix;
  /** Of operands that are neither bytes nor vectors. */
  readonly size: 2 | 4 | 8;
  readonly isVex: boolean;
  /** First source of a VEX instruction; of others their destination. */
  readonly first: number;
  /** From ModRM: a register, or the number of an operation. */
  readonly register: number;
  /** From ModRM: the other register; null: it is memory, at `address`. */
  readonly other: number | null;
  /** Effective address, 64 bits. */
  readonly address: bigint;
  /** Sign-extended. */
  readonly immediate: bigint;
  /** Address of the instruction behind. */
  readonly next: Address;
}

/** One row of the tables. */
export interface Row {
  readonly hasModRm: boolean;
  /** Bytes of the immediate; 'full': 4, and 2 for 16-bit operands; 'word': as large as the operand. */
  readonly immediate: 0 | 1 | 2 | 'full' | 'word' | ((operation: number) => 0 | 1 | 'full');
  /** VEX exists for vector instructions only. */
  readonly isVector?: boolean;
  /** Which registers are byte registers: without REX, 4 to 7 of them are ah … bh, which nobody uses. */
  readonly bytes?: 'both' | 'register' | 'other';
  /** @returns where it goes on, when not right behind. @throws EmulationEnd, UnreadableMemory */
  readonly run: (machine: Machine, instruction: Instruction) => Address | undefined;
}

export type Rows = ReadonlyMap<number, Row>;

/** The key of a row. @param map 0: one-byte opcodes, 1: 0f, 2: 0f 38, 3: 0f 3a */
export function rowKey(map: number, opcode: number, prefix: Prefix): number {
  return (map << 10) | (opcode << 2) | prefix;
}

const lockPrefix = 0xf0;
const segmentHints = [0x2e, 0x3e];
/** The longest instruction. */
const maxBytes = 15;

interface Head {
  map: number;
  prefix: Prefix;
  rex: number;
  hasRex: boolean;
  isVex: boolean;
  vexRegister: number;
}

export interface Decoded {
  readonly row: Row;
  readonly instruction: Instruction;
}

/** @throws EmulationEnd for an instruction that is not in the tables, UnreadableMemory */
export function decode(machine: Machine, rows: Rows): Decoded {
  return new Decoder(machine).decode(rows);
}

class Decoder {
  readonly #machine: Machine;
  readonly #bytes: Buffer;
  #at = 0;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#bytes = machine.memory.bytes(machine.rip, maxBytes);
  }

  decode(rows: Rows): Decoded {
    const head = this.#head();
    const opcode = this.#next();
    const row = rows.get(rowKey(head.map, opcode, head.prefix));
    if (row === undefined || (head.isVex && row.isVector !== true))
      throw new EmulationEnd(`unknown instruction ${this.#bytes.toString('hex')}`);
    const isWide = (head.rex & 8) !== 0;
    const size = isWide ? 8 : head.prefix === prefixes.x66 ? 2 : 4;
    const operand = row.hasModRm ? this.#modRm(head.rex) : noOperand;
    const { other } = operand;
    const register = row.hasModRm ? operand.register : (opcode & 7) | ((head.rex & 1) << 3);
    if (!head.hasRex && namesHighByte(row, register, other))
      throw new EmulationEnd('ah, ch, dh or bh');
    const immediate = this.#immediate(row, register & 7, size);
    const next = this.#machine.rip + this.#at;
    const base = operand.isRipRelative ? BigInt(next) : 0n;
    return {
      row,
      instruction: {
        opcode,
        prefix: head.prefix,
        size,
        isVex: head.isVex,
        first: head.isVex ? head.vexRegister : register,
        register,
        other,
        address: (operand.address + base) & masks[8],
        immediate,
        next,
      },
    };
  }

  #next(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new EmulationEnd('too long an instruction');
    return byte;
  }

  #head(): Head {
    let prefix: Prefix = prefixes.none;
    for (;;) {
      const byte = this.#next();
      if (byte === 0x66) prefix = prefix === prefixes.none ? prefixes.x66 : prefix;
      else if (byte === 0xf3) prefix = prefixes.xf3;
      else if (byte === 0xf2) prefix = prefixes.xf2;
      else if (byte === lockPrefix) throw new EmulationEnd('an atomic instruction');
      else if (!segmentHints.includes(byte)) {
        if (byte === 0xc5 || byte === 0xc4) return this.#vex(byte);
        return this.#opcodeMap(byte, prefix);
      }
    }
  }

  #opcodeMap(byte: number, prefix: Prefix): Head {
    const hasRex = (byte & 0xf0) === 0x40;
    const rex = hasRex ? byte & 15 : 0;
    let map = 0;
    if ((hasRex ? this.#next() : byte) === 0x0f) {
      const second = this.#bytes[this.#at];
      map = second === 0x38 ? 2 : second === 0x3a ? 3 : 1;
      if (map > 1) this.#at++;
    } else this.#at--;
    return { map, prefix, rex, hasRex, isVex: false, vexRegister: 0 };
  }

  #vex(kind: number): Head {
    const first = this.#next();
    const last = kind === 0xc4 ? this.#next() : first;
    const map = kind === 0xc4 ? first & 31 : 1;
    // Inverted: R, and in the long form X and B.
    const extensions = (first & 0x80) === 0 ? 4 : 0;
    const longOnly = kind === 0xc4 ? ((~first & 0x60) >> 5) | ((last & 0x80) >> 4) : 0;
    if ((last & 4) !== 0) throw new EmulationEnd('256-bit vectors');
    if (map < 1 || map > 3) throw new EmulationEnd('unknown VEX map');
    return {
      map,
      prefix: (last & 3) as Prefix,
      rex: extensions | longOnly,
      hasRex: true,
      isVex: true,
      vexRegister: (~last >> 3) & 15,
    };
  }

  #modRm(rex: number): Operand {
    const modRm = this.#next();
    const mode = modRm >> 6;
    const register = ((modRm >> 3) & 7) | ((rex & 4) << 1);
    const low = modRm & 7;
    if (mode === 3)
      return { register, other: low | ((rex & 1) << 3), address: 0n, isRipRelative: false };
    const isRipRelative = mode === 0 && low === 5;
    let address = 0n;
    let hasBase = true;
    if (low === 4) {
      const sib = this.#next();
      const index = ((sib >> 3) & 7) | ((rex & 2) << 2);
      if (index !== 4) address += this.#machine.register(index, 8) << BigInt(sib >> 6);
      hasBase = mode !== 0 || (sib & 7) !== 5;
      if (hasBase) address += this.#machine.register((sib & 7) | ((rex & 1) << 3), 8);
    } else if (!isRipRelative) address += this.#machine.register(low | ((rex & 1) << 3), 8);
    const hasLong = mode === 2 || isRipRelative || !hasBase;
    const displacement = hasLong ? this.#signed(4) : mode === 1 ? this.#signed(1) : 0n;
    return { register, other: null, address: address + displacement, isRipRelative };
  }

  #immediate(row: Row, operation: number, size: 2 | 4 | 8): bigint {
    const kind = typeof row.immediate === 'function' ? row.immediate(operation) : row.immediate;
    if (kind === 'full') return this.#signed(size === 2 ? 2 : 4);
    return kind === 0 ? 0n : this.#signed(kind === 'word' ? size : kind);
  }

  #signed(size: WordBytes): bigint {
    const at = this.#at;
    this.#at += size;
    if (this.#at > maxBytes) throw new EmulationEnd('too long an instruction');
    if (size === 8) return this.#bytes.readBigInt64LE(at);
    return BigInt(this.#bytes.readIntLE(at, size));
  }
}

interface Operand {
  readonly register: number;
  readonly other: number | null;
  readonly address: bigint;
  readonly isRipRelative: boolean;
}

const noOperand: Operand = { register: 0, other: null, address: 0n, isRipRelative: false };

function namesHighByte({ bytes }: Row, register: number, other: number | null): boolean {
  const isHigh = (number: number) => number >= 4 && number <= 7;
  if (bytes === undefined) return false;
  return (bytes !== 'other' && isHigh(register)) || (bytes !== 'register' && isHigh(other ?? 0));
}
