/**
 * The state of one processor, as far as programs see it: general registers, flags, the low 128 bits of the vector
 * registers, and memory. All of it is ours: a copy of what a stopped thread held. Source: Intel SDM volume 1, chapter 3.
 */
import type { PagedMemory } from '../../memory/paged.ts';
import type { Address } from '../../memory/source.ts';
import { Flags } from './flags.ts';
import { FloatStack } from './float-stack.ts';
import { EmulationEnd, masks, type WordBytes } from './words.ts';

export const rsp = 4;
export const rbp = 5;

/** Words of user_regs_struct in the order of x86 register numbers: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 … r15. */
const registerWords = [10, 11, 12, 5, 19, 4, 13, 14, 9, 8, 7, 6, 3, 2, 1, 0];
const ripWord = 16;
const eflagsWord = 18;
const generalBytes = 27 * 8;
/** In user_fpregs_struct, which follows. */
const mxcsrOffset = generalBytes + 24;
const xmmOffset = generalBytes + 160;
/** Rounding control, flush to zero, denormals are zeros: all off, as every program leaves them. */
const mxcsrModes = 0xe040;

export class Machine {
  readonly memory: PagedMemory;
  rip: Address;
  readonly general = new BigUint64Array(16);
  readonly flags: Flags;
  readonly floatStack: FloatStack;
  /** Two words for each vector register, the low one first. */
  readonly vectors = new BigUint64Array(32);

  /** @param registers one register set of Native.stopThreads(). @throws EmulationEnd */
  constructor(memory: PagedMemory, registers: Buffer) {
    this.memory = memory;
    this.rip = Number(registers.readBigUInt64LE(ripWord * 8));
    this.flags = new Flags(registers.readUInt32LE(eflagsWord * 8));
    this.floatStack = new FloatStack(registers.subarray(generalBytes));
    registerWords.forEach((word, i) => {
      this.general[i] = registers.readBigUInt64LE(word * 8);
    });
    for (let i = 0; i < 32; i++) this.vectors[i] = registers.readBigUInt64LE(xmmOffset + i * 8);
    if ((registers.readUInt32LE(mxcsrOffset) & mxcsrModes) !== 0)
      throw new EmulationEnd('unusual floating-point modes');
  }

  register(number: number, size: WordBytes): bigint {
    return (this.general[number] ?? 0n) & masks[size];
  }

  /** 32-bit results clear the upper half, smaller ones leave the rest as it is. */
  setRegister(number: number, size: WordBytes, value: bigint): void {
    const kept = size >= 4 ? 0n : (this.general[number] ?? 0n) & ~masks[size];
    this.general[number] = kept | (value & masks[size]);
  }

  /** @throws UnreadableMemory */
  load(address: bigint, size: WordBytes): bigint {
    const at = Number(address);
    if (size === 8) return this.memory.word(at);
    if (size === 4) return BigInt(this.memory.u32(at));
    return BigInt(size === 2 ? this.memory.u16(at) : this.memory.u8(at));
  }

  /** Into our copy only. @throws UnreadableMemory */
  store(address: bigint, size: WordBytes, value: bigint): void {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigUInt64LE(value & masks[8]);
    this.memory.patch(Number(address), bytes.subarray(0, size));
  }

  push(value: bigint): void {
    const pointer = (this.general[rsp] ?? 0n) - 8n;
    this.store(pointer, 8, value);
    this.general[rsp] = pointer;
  }

  pop(): bigint {
    const pointer = this.general[rsp] ?? 0n;
    const value = this.load(pointer, 8);
    this.general[rsp] = pointer + 8n;
    return value;
  }

  /** One half of a vector register: 0 the low one, 1 the high one. */
  vector(number: number, half: 0 | 1): bigint {
    return this.vectors[number * 2 + half] ?? 0n;
  }

  setVector(number: number, low: bigint, high: bigint): void {
    this.vectors[number * 2] = low;
    this.vectors[number * 2 + 1] = high;
  }
}
