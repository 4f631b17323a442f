/** The status flags. Null: the processor's manual calls the flag undefined there, and nothing may depend on it. */
import { EmulationEnd, masks, signBits, type WordBytes } from './words.ts';

const bits = { carry: 0, parity: 2, zero: 6, sign: 7, overflow: 11 } as const;

export class Flags {
  carry: boolean | null;
  parity: boolean | null;
  zero: boolean | null;
  sign: boolean | null;
  overflow: boolean | null;

  constructor(eflags: number) {
    const isSet = (bit: number) => ((eflags >>> bit) & 1) === 1;
    this.carry = isSet(bits.carry);
    this.parity = isSet(bits.parity);
    this.zero = isSet(bits.zero);
    this.sign = isSet(bits.sign);
    this.overflow = isSet(bits.overflow);
  }

  /** sahf: all but the overflow. */
  load(byte: number): void {
    const { carry, parity, zero, sign } = new Flags(byte);
    Object.assign(this, { carry, parity, zero, sign });
  }

  /** Zero, sign and parity of a result. */
  setResult(result: bigint, size: WordBytes): void {
    const value = result & masks[size];
    this.zero = value === 0n;
    this.sign = (value & signBits[size]) !== 0n;
    this.parity = isEven(Number(value & 0xffn));
  }

  /** As and, or, xor and test leave them. */
  setLogical(result: bigint, size: WordBytes): void {
    this.setResult(result, size);
    this.carry = false;
    this.overflow = false;
  }

  /** As multiplications and divisions leave them. */
  forget(): void {
    this.carry = null;
    this.overflow = null;
    this.forgetResult();
  }

  forgetResult(): void {
    this.zero = null;
    this.sign = null;
    this.parity = null;
  }

  /** @param condition the low four bits of jcc, setcc and cmovcc. @throws EmulationEnd */
  test(condition: number): boolean {
    const isNegated = (condition & 1) === 1;
    return this.#test(condition >> 1) !== isNegated;
  }

  #test(condition: number): boolean {
    switch (condition) {
      case 0:
        return known(this.overflow);
      case 1:
        return known(this.carry);
      case 2:
        return known(this.zero);
      case 3:
        return [this.carry, this.zero].map(known).includes(true);
      case 4:
        return known(this.sign);
      case 5:
        return known(this.parity);
      case 6:
        return known(this.sign) !== known(this.overflow);
      default: {
        const isLess = known(this.sign) !== known(this.overflow);
        return known(this.zero) || isLess;
      }
    }
  }
}

/** @throws EmulationEnd */
export function known(flag: boolean | null): boolean {
  if (flag === null) throw new EmulationEnd('an undefined flag decides');
  return flag;
}

function isEven(byte: number): boolean {
  let ones = 0;
  for (let rest = byte; rest !== 0; rest >>= 1) ones ^= rest & 1;
  return ones === 0;
}
