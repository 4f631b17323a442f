/** What integer instructions compute, with the flags they leave. Source: Intel SDM volume 2. */
import { known } from './flags.ts';
import type { Machine } from './machine.ts';
import { EmulationEnd, masks, signBits, signed, type WordBytes } from './words.ts';

/** Operations in the order of their numbers in opcodes 00 to 3f and in group 1. */
export const binaryOperations = [
  'add',
  'or',
  'adc',
  'sbb',
  'and',
  'sub',
  'xor',
  'compare',
] as const;
export type BinaryOperation = (typeof binaryOperations)[number];

/** @returns the result; that of a comparison is to be dropped */
export function binary(
  machine: Machine,
  operation: BinaryOperation,
  a: bigint,
  b: bigint,
  size: WordBytes,
): bigint {
  switch (operation) {
    case 'add':
      return add(machine, a, b, 0n, size);
    case 'adc':
      return add(machine, a, b, known(machine.flags.carry) ? 1n : 0n, size);
    case 'sub':
    case 'compare':
      return subtract(machine, a, b, 0n, size);
    case 'sbb':
      return subtract(machine, a, b, known(machine.flags.carry) ? 1n : 0n, size);
    case 'or':
      return logical(machine, a | b, size);
    case 'and':
      return logical(machine, a & b, size);
    case 'xor':
      return logical(machine, a ^ b, size);
  }
}

function add(machine: Machine, a: bigint, b: bigint, carry: bigint, size: WordBytes): bigint {
  const sum = a + b + carry;
  const result = sum & masks[size];
  const { flags } = machine;
  flags.setResult(result, size);
  flags.carry = sum > masks[size];
  flags.overflow = ((a ^ result) & (b ^ result) & signBits[size]) !== 0n;
  return result;
}

function subtract(machine: Machine, a: bigint, b: bigint, borrow: bigint, size: WordBytes): bigint {
  const result = (a - b - borrow) & masks[size];
  const { flags } = machine;
  flags.setResult(result, size);
  flags.carry = a < b + borrow;
  flags.overflow = ((a ^ b) & (a ^ result) & signBits[size]) !== 0n;
  return result;
}

export function logical(machine: Machine, result: bigint, size: WordBytes): bigint {
  machine.flags.setLogical(result, size);
  return result;
}

/** inc and dec: the carry stays. */
export function count(machine: Machine, a: bigint, step: 'add' | 'sub', size: WordBytes): bigint {
  const { carry } = machine.flags;
  const result = binary(machine, step, a, 1n, size);
  machine.flags.carry = carry;
  return result;
}

/** Operations in the order of their numbers in group 2; the two through the carry are not here. */
export type Shift = 'rol' | 'ror' | 'shl' | 'shr' | 'sar';
export const shifts: readonly (Shift | undefined)[] = [
  'rol',
  'ror',
  undefined,
  undefined,
  'shl',
  'shr',
  'shl',
  'sar',
];

export function shift(
  machine: Machine,
  operation: Shift,
  a: bigint,
  count: bigint,
  size: WordBytes,
): bigint {
  const width = BigInt(size * 8);
  const by = count & (size === 8 ? 63n : 31n);
  if (by === 0n) return a;
  if (size < 4) throw new EmulationEnd('a shift of less than 32 bits');
  const { flags } = machine;
  if (operation === 'rol' || operation === 'ror') {
    const left = operation === 'rol' ? by : width - by;
    const result = ((a << left) | (a >> (width - left))) & masks[size];
    const isTopSet = (result & signBits[size]) !== 0n;
    flags.carry = operation === 'rol' ? (result & 1n) !== 0n : isTopSet;
    flags.overflow = null;
    return result;
  }
  const exact = operation === 'shl' ? a << by : (operation === 'sar' ? signed(a, size) : a) >> by;
  const result = exact & masks[size];
  const lastOut = operation === 'shl' ? a >> (width - by) : signed(a, size) >> (by - 1n);
  flags.setResult(result, size);
  flags.carry = (lastOut & 1n) !== 0n;
  // Defined for shifts by one only, where nobody asks.
  flags.overflow = null;
  return result;
}

/** imul: the product cut to the operand's size. */
export function multiply(machine: Machine, a: bigint, b: bigint, size: WordBytes): bigint {
  const exact = signed(a, size) * signed(b, size);
  const result = exact & masks[size];
  machine.flags.forget();
  machine.flags.carry = signed(result, size) !== exact;
  machine.flags.overflow = machine.flags.carry;
  return result;
}

/** mul and imul with one operand: the product is twice as long, in rdx and rax. */
export function multiplyWide(machine: Machine, b: bigint, isSigned: boolean, size: 4 | 8): void {
  const a = machine.register(0, size);
  const exact = isSigned ? signed(a, size) * signed(b, size) : a * b;
  const low = exact & masks[size];
  machine.setRegister(0, size, low);
  machine.setRegister(2, size, exact >> BigInt(size * 8));
  machine.flags.forget();
  machine.flags.carry = (isSigned ? signed(low, size) : low) !== exact;
  machine.flags.overflow = machine.flags.carry;
}

/** div and idiv: rdx and rax by the operand. */
export function divide(machine: Machine, divisor: bigint, isSigned: boolean, size: 4 | 8): void {
  const bits = size * 8;
  const pair = (machine.register(2, size) << BigInt(bits)) | machine.register(0, size);
  const dividend = isSigned ? BigInt.asIntN(bits * 2, pair) : pair;
  const by = isSigned ? signed(divisor, size) : divisor;
  if (by === 0n) throw new EmulationEnd('a division by zero');
  const quotient = dividend / by;
  const fits = isSigned
    ? BigInt.asIntN(bits, quotient) === quotient
    : BigInt.asUintN(bits, quotient) === quotient;
  if (!fits) throw new EmulationEnd('a quotient that does not fit');
  machine.setRegister(0, size, quotient);
  machine.setRegister(2, size, dividend % by);
  machine.flags.forget();
}
