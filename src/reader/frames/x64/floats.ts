/**
 * Floating-point arithmetic on bit patterns: what the processor computes with its usual modes, round to nearest and all
 * exceptions masked. NaNs keep their bits as the processor keeps them. Source: Intel SDM volume 1, section 4.8.
 */
import { EmulationEnd } from './words.ts';

const doubles = new Float64Array(1);
const doubleWords = new BigUint64Array(doubles.buffer);
const singles = new Float32Array(1);
const singleWords = new Uint32Array(singles.buffer);
const quietBit = 0x8000000000000n;
/** What an invalid operation gives: the negative quiet NaN. */
const invalid = 0xfff8000000000000n;

export type Operation = (a: number, b: number) => number;

export function toDouble(bits: bigint): number {
  doubleWords[0] = bits;
  return doubles[0] ?? 0;
}

/** Not for NaNs: their bits would be lost. */
export function fromDouble(value: number): bigint {
  doubles[0] = value;
  return doubleWords[0] ?? 0n;
}

export function toSingle(bits: bigint): number {
  singleWords[0] = Number(bits & 0xffffffffn);
  return singles[0] ?? 0;
}

/** Rounds. @throws EmulationEnd for a NaN */
export function fromSingle(value: number): bigint {
  if (Number.isNaN(value)) throw new EmulationEnd('a NaN of single precision');
  singles[0] = value;
  return BigInt(singleWords[0] ?? 0);
}

/** Addition, and whatever else rounds one exact result of two operands. */
export function doubleArithmetic(operation: Operation, a: bigint, b: bigint): bigint {
  const left = toDouble(a);
  const right = toDouble(b);
  if (Number.isNaN(left)) return a | quietBit;
  if (Number.isNaN(right)) return b | quietBit;
  const result = operation(left, right);
  return Number.isNaN(result) ? invalid : fromDouble(result);
}

/** The same of single precision: rounded twice, which for these operations is as good as once. */
export function singleArithmetic(operation: Operation, a: bigint, b: bigint): bigint {
  const left = toSingle(a);
  const right = toSingle(b);
  if (Number.isNaN(left) || Number.isNaN(right))
    throw new EmulationEnd('a NaN of single precision');
  return fromSingle(operation(left, right));
}

/** minsd and maxsd: the second operand when the two are equal or one is a NaN. */
export function choose(isFirst: (a: number, b: number) => boolean, a: bigint, b: bigint): bigint {
  return isFirst(toDouble(a), toDouble(b)) ? a : b;
}

/** Rounding modes of roundsd, by number; 4 is that of the machine, to nearest. */
export function roundDouble(bits: bigint, mode: number): bigint {
  const value = toDouble(bits);
  if (Number.isNaN(value)) return bits | quietBit;
  // These keep the sign of zero.
  if (mode === 1) return fromDouble(Math.floor(value));
  if (mode === 2) return fromDouble(Math.ceil(value));
  return fromDouble(mode === 3 ? Math.trunc(value) : roundToEven(value));
}

export function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest === 0) return value;
  const isUp = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  const rounded = isUp ? below + 1 : below;
  return rounded === 0 && value < 0 ? -0 : rounded;
}

/** cvttsd2si after rounding: the most negative integer for what does not fit. */
export function toInteger(rounded: number, size: 4 | 8): bigint {
  const limit = 2 ** (size * 8 - 1);
  const fits = rounded >= -limit && rounded < limit;
  return fits ? BigInt(rounded) : BigInt(-limit);
}
