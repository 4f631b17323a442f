/**
 * The remainder of two doubles, the one thing for which V8 still uses the old floating-point stack: its processor has an
 * instruction for it, fprem. Numbers there have a mantissa of 64 bits, so they are kept as sign, mantissa and exponent.
 * Sources: Intel SDM volume 1, chapter 8; kSSEFloat64Mod in V8's code-generator-x64.cc.
 */
import type { Row } from './decode.ts';
import { loadOperand, storeOperand, Table } from './operands.ts';
import { EmulationEnd } from './words.ts';

const table = new Table();
export const floatStackRows = table.rows;

/** mantissa × 2^exponent. Infinities and NaNs are not kept: they end the emulation. */
interface Extended {
  readonly isNegative: boolean;
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** In user_fpregs_struct: the status word, a bit for each register in use, the registers from the top on. */
const offsets = { status: 2, tags: 4, registers: 32 } as const;
const registerBytes = 16;
/** Exponents are stored with a bias, and the mantissa as an integer of 64 or 53 bits. */
const extendedBias = 16_383 + 63;
const doubleBias = 1_023 + 52;
const smallestExponent = -1_074;
const fraction = (1n << 52n) - 1n;
const stackSize = 8;
/** Of the status word. */
const topMask = 0x3800;
const conditionMask = 0x4700;

export class FloatStack {
  /** The top first; null: a number that is not kept. */
  readonly #numbers: (Extended | null)[] = [];
  /** The status word without the top. */
  #status: number;
  #top: number;

  /** @param registers user_fpregs_struct */
  constructor(registers: Buffer) {
    const status = registers.readUInt16LE(offsets.status);
    this.#top = (status & topMask) >> 11;
    this.#status = status & ~topMask;
    const tags = registers.readUInt8(offsets.tags);
    for (let i = 0; i < stackSize && ((tags >> ((this.#top + i) % stackSize)) & 1) === 1; i++)
      this.#numbers.push(readExtended(registers, offsets.registers + i * registerBytes));
  }

  get status(): bigint {
    return BigInt(this.#status | (this.#top << 11));
  }

  push(bits: bigint): void {
    const stored = Number((bits >> 52n) & 0x7ffn);
    if (stored === 0x7ff || this.#numbers.length >= stackSize)
      throw new EmulationEnd('a number the float stack cannot hold');
    this.#top = (this.#top + stackSize - 1) % stackSize;
    this.#numbers.unshift({
      isNegative: bits >> 63n === 1n,
      mantissa: (bits & fraction) | (stored === 0 ? 0n : fraction + 1n),
      exponent: Math.max(stored, 1) - doubleBias,
    });
  }

  /** As the bits of a double. @throws EmulationEnd when it is none */
  pop(): bigint {
    const bits = toDoubleBits(this.#at(0));
    this.#drop();
    return bits;
  }

  /** fstp st(i): the top goes over another number. */
  popOver(index: number): void {
    this.#numbers[index] = this.#at(0);
    this.#drop();
  }

  /** fprem, all at once where the processor may need several turns. */
  takeRemainder(): void {
    const a = this.#at(0);
    const b = this.#at(1);
    if (b.mantissa === 0n) throw new EmulationEnd('a remainder of a division by zero');
    const exponent = Math.min(a.exponent, b.exponent);
    const dividend = a.mantissa << BigInt(a.exponent - exponent);
    const divisor = b.mantissa << BigInt(b.exponent - exponent);
    // The lowest bits of the quotient. Bit 10 would say that another turn is needed.
    const quotient = Number((dividend / divisor) & 7n);
    const conditions = ((quotient & 1) << 9) | ((quotient & 2) << 13) | ((quotient & 4) << 6);
    this.#status = (this.#status & ~conditionMask) | conditions;
    this.#numbers[0] = { isNegative: a.isNegative, mantissa: dividend % divisor, exponent };
  }

  #at(index: number): Extended {
    const number = this.#numbers[index] ?? null;
    if (number === null) throw new EmulationEnd('an unknown number on the float stack');
    return number;
  }

  #drop(): void {
    this.#numbers.shift();
    this.#top = (this.#top + 1) % stackSize;
  }
}

function readExtended(registers: Buffer, at: number): Extended | null {
  const head = registers.readUInt16LE(at + 8);
  const stored = head & 0x7fff;
  if (stored === 0x7fff) return null;
  return {
    isNegative: head >> 15 === 1,
    mantissa: registers.readBigUInt64LE(at),
    exponent: Math.max(stored, 1) - extendedBias,
  };
}

function toDoubleBits({ isNegative, mantissa, exponent }: Extended): bigint {
  const sign = isNegative ? 1n << 63n : 0n;
  if (mantissa === 0n) return sign;
  const bits = mantissa.toString(2).length;
  // So that the mantissa has 53 bits, or fewer for the smallest numbers.
  const wanted = Math.max(exponent + bits - 53, smallestExponent);
  const shift = wanted - exponent;
  const scaled = shift > 0 ? mantissa >> BigInt(shift) : mantissa << BigInt(-shift);
  const isExact = shift <= 0 || scaled << BigInt(shift) === mantissa;
  if (!isExact || wanted > 971) throw new EmulationEnd('no double on the float stack');
  const stored = scaled <= fraction ? 0n : BigInt(wanted + doubleBias);
  return sign | (stored << 52n) | (scaled & fraction);
}

const remainder: Row['run'] = (machine, { register, other }) => {
  if (register !== 7 || other !== 0) throw new EmulationEnd('unknown float instruction');
  machine.floatStack.takeRemainder();
  return undefined;
};
table.modRm(0, 0xd9, remainder);

// fld and fstp of a double, fstp to another place of the stack.
table.modRm(0, 0xdd, (machine, instruction) => {
  const { register, other } = instruction;
  if (register === 0 && other === null)
    machine.floatStack.push(loadOperand(machine, instruction, 8));
  else if (register === 3 && other === null)
    storeOperand(machine, instruction, 8, machine.floatStack.pop());
  else if (register === 3 && other !== null) machine.floatStack.popOver(other);
  else throw new EmulationEnd('unknown float instruction');
  return undefined;
});

// fnstsw ax
table.modRm(0, 0xdf, (machine, { register, other }) => {
  if (register !== 4 || other !== 0) throw new EmulationEnd('unknown float instruction');
  machine.setRegister(0, 2, machine.floatStack.status);
  return undefined;
});

// sahf
table.plain(0, 0x9e, (machine) => {
  machine.flags.load(Number(machine.register(0, 2) >> 8n));
  return undefined;
});
