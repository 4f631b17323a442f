/**
 * Works out what a short straight piece of machine code stores, without running it: the slow path of a loop check.
 * Knows the few instructions the compilers use there; at any other one it gives up. Source: Intel SDM volume 2.
 */
import { limits } from '../../limits.ts';
import type { PagedMemory } from '../memory/paged.ts';
import type { Address } from '../memory/source.ts';

/** Words of user_regs_struct in the order of x86 register numbers: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 … r15. */
const registerWords = [10, 11, 12, 5, 19, 4, 13, 14, 9, 8, 7, 6, 3, 2, 1, 0];
const rsp = 4;
const rbp = 5;
const xmmOffset = 160;
const xmmBytes = 16;
const noRegisters = Buffer.alloc(27 * 8);
const noVectors = Buffer.alloc(512);
const lowWord = (1n << 64n) - 1n;

export interface Store {
  readonly address: Address;
  readonly bytes: Buffer;
}

/** ModRM with what follows it: a register, or memory relative to rbp or rsp, or memory we do not look at. */
interface Operand {
  readonly register: number;
  /** The other side: a register number, an address, or null for memory elsewhere. */
  readonly target:
    | { readonly kind: 'register'; readonly number: number }
    | { readonly kind: 'frame'; readonly address: Address }
    | { readonly kind: 'elsewhere' };
  readonly length: number;
}

export class SlowPath {
  readonly stores: Store[] = [];
  readonly #memory: PagedMemory;
  /** Null: not known any more. */
  readonly #registers: (bigint | null)[];
  readonly #vectors: (Buffer | null)[];

  constructor(memory: PagedMemory, registers: Buffer, vectors: Buffer) {
    this.#memory = memory;
    this.#registers = registerWords.map((word) => registers.readBigUInt64LE(word * 8));
    this.#vectors = registerWords.map((_, i) =>
      vectors.subarray(xmmOffset + i * xmmBytes, xmmOffset + i * xmmBytes + 8),
    );
  }

  /** Without registers: only to see where the code leads. */
  static dry(memory: PagedMemory): SlowPath {
    return new SlowPath(memory, noRegisters, noVectors);
  }

  /** Follows plain moves to a check. @returns the check, or null. @throws UnreadableMemory */
  runToCheck<Check>(start: Address, checks: ReadonlyMap<Address, Check>): Check | null {
    let at = start;
    for (let count = 0; count < limits.maxMovesToCheck; count++) {
      const check = checks.get(at);
      if (check !== undefined) return check;
      const next = this.#step(at, this.#memory.bytes(at, 16));
      if (next === null) return null;
      at = next;
    }
    return null;
  }

  /** Follows the code to its first call. @returns the call's return address, or null. @throws UnreadableMemory */
  runToCall(start: Address): Address | null {
    let at = start;
    for (let count = 0; count < limits.maxSlowPathInstructions; count++) {
      const bytes = this.#memory.bytes(at, 16);
      const callLength = lengthOfCall(bytes);
      if (callLength > 0) return at + callLength;
      const next = this.#step(at, bytes);
      if (next === null) return null;
      at = next;
    }
    return null;
  }

  /** @returns the address of the next instruction, or null for one not known */
  #step(at: Address, bytes: Buffer): Address | null {
    if (bytes[0] === 0xe9) return at + 5 + bytes.readInt32LE(1);
    if (bytes[0] === 0xeb) return at + 2 + bytes.readInt8(1);
    const isVex = bytes[0] === 0xc5 || bytes[0] === 0xc4;
    const length = isVex ? this.#vex(bytes) : this.#integer(bytes);
    return length === 0 ? null : at + length;
  }

  /** One instruction on general registers or with legacy SSE. @returns its length, 0 for one not known */
  #integer(bytes: Buffer): number {
    let at = 0;
    const isScalarDouble = bytes[at] === 0xf2;
    if (isScalarDouble) at++;
    const rex = ((bytes[at] ?? 0) & 0xf0) === 0x40 ? (bytes[at++] ?? 0) : 0;
    const opcode = bytes[at++] ?? 0;
    const isWide = (rex & 8) !== 0;
    if (opcode === 0x0f) return this.#twoByte(bytes, at, rex, isScalarDouble);
    if (isScalarDouble) return 0;
    if (opcode >= 0x50 && opcode <= 0x57) {
      this.#push(opcode - 0x50 + ((rex & 1) << 3));
      return at;
    }
    if (opcode >= 0xb8 && opcode <= 0xbf) {
      const register = opcode - 0xb8 + ((rex & 1) << 3);
      this.#registers[register] = isWide
        ? bytes.readBigUInt64LE(at)
        : BigInt(bytes.readUInt32LE(at));
      return at + (isWide ? 8 : 4);
    }
    if (opcode === 0x90) return at;
    return this.#modRm(bytes, at, rex, opcode);
  }

  #modRm(bytes: Buffer, at: number, rex: number, opcode: number): number {
    const operand = this.#operand(bytes, at, rex);
    if (operand === null) return 0;
    const { register, target } = operand;
    const end = at + operand.length;
    const isWide = (rex & 8) !== 0;
    switch (opcode) {
      case 0x89: // mov r/m, r
        return this.#move(target, this.#registers[register] ?? null, isWide) ? end : 0;
      case 0x8b: // mov r, r/m
        this.#registers[register] = this.#load(target, isWide);
        return end;
      case 0x8d: // lea
        this.#registers[register] = null;
        return end;
      case 0x31: // xor
      case 0x33:
        if (target.kind !== 'register') return 0;
        this.#registers[opcode === 0x33 ? register : target.number] =
          register === target.number ? 0n : null;
        return end;
      case 0xc7: {
        // mov r/m, imm32, sign-extended
        const value = BigInt.asUintN(64, BigInt(bytes.readInt32LE(end)));
        return this.#move(target, value, isWide) ? end + 4 : 0;
      }
      default:
        return 0;
    }
  }

  /** 0f xx: movsd to and from memory, xor of a vector register, nop. */
  #twoByte(bytes: Buffer, at: number, rex: number, isScalarDouble: boolean): number {
    const opcode = bytes[at];
    const operand = this.#operand(bytes, at + 1, rex);
    if (operand === null) return 0;
    const end = at + 1 + operand.length;
    if (opcode === 0x1f) return end;
    if (opcode === 0x57) {
      this.#vectors[operand.register] = null;
      return end;
    }
    return isScalarDouble && this.#vectorMove(opcode ?? 0, operand) ? end : 0;
  }

  /** VEX forms of the same, and vmovq between general and vector registers. */
  #vex(bytes: Buffer): number {
    const isShort = bytes[0] === 0xc5;
    const first = bytes[1] ?? 0;
    const map = isShort ? 1 : first & 31;
    const prefixBits = (isShort ? first : (bytes[2] ?? 0)) & 3;
    const rex = ((first & 0x80) === 0 ? 4 : 0) | (!isShort && (first & 0x20) === 0 ? 1 : 0);
    const opcode = bytes[isShort ? 2 : 3] ?? 0;
    const at = isShort ? 3 : 4;
    const operand = map === 1 ? this.#operand(bytes, at, rex) : null;
    if (operand === null) return 0;
    const end = at + operand.length;
    const isScalarDouble = prefixBits === 3;
    if (isScalarDouble && (opcode === 0x10 || opcode === 0x11))
      return this.#vectorMove(opcode, operand) ? end : 0;
    // vxorpd, vmovapd, vmovq xmm, r64, vmovups: loads of constants for after the call; they only spoil a register.
    if ([0x57, 0x28, 0x6e, 0x10].includes(opcode)) {
      this.#vectors[operand.register] = null;
      return end;
    }
    return 0;
  }

  #vectorMove(opcode: number, { register, target }: Operand): boolean {
    if (opcode === 0x10) {
      this.#vectors[register] = null;
      return true;
    }
    if (opcode !== 0x11 || target.kind !== 'frame') return false;
    const bytes = this.#vectors[register] ?? null;
    if (bytes === null) return false;
    this.stores.push({ address: target.address, bytes: Buffer.from(bytes) });
    return true;
  }

  #push(register: number): void {
    const pointer = this.#registers[rsp] ?? null;
    if (pointer === null) return;
    this.#registers[rsp] = pointer - 8n;
    const value = this.#registers[register] ?? null;
    if (value !== null)
      this.stores.push({ address: Number(pointer - 8n), bytes: wordBytes(value) });
  }

  #move(target: Operand['target'], value: bigint | null, isWide: boolean): boolean {
    if (target.kind === 'elsewhere') return false;
    if (target.kind === 'register') {
      this.#registers[target.number] = value === null || isWide ? value : value & 0xffffffffn;
      return true;
    }
    // A store of something unknown would leave a wrong value in the frame.
    if (value === null) return false;
    this.stores.push({
      address: target.address,
      bytes: wordBytes(value).subarray(0, isWide ? 8 : 4),
    });
    return true;
  }

  #load(target: Operand['target'], isWide: boolean): bigint | null {
    if (target.kind === 'register') {
      const value = this.#registers[target.number] ?? null;
      return value === null || isWide ? value : value & 0xffffffffn;
    }
    if (target.kind === 'elsewhere' || this.stores.length > 0) return null;
    return isWide
      ? this.#memory.bytes(target.address, 8).readBigUInt64LE(0)
      : BigInt(this.#memory.u32(target.address));
  }

  #operand(bytes: Buffer, at: number, rex: number): Operand | null {
    const modRm = bytes[at] ?? 0;
    const mode = modRm >> 6;
    const register = ((modRm >> 3) & 7) | ((rex & 4) << 1);
    const base = (modRm & 7) | ((rex & 1) << 3);
    if (mode === 3) return { register, target: { kind: 'register', number: base }, length: 1 };
    const hasSib = (modRm & 7) === 4;
    const isRipRelative = mode === 0 && (modRm & 7) === 5;
    const displacementBytes = isRipRelative || mode === 2 ? 4 : mode === 1 ? 1 : 0;
    const displacementAt = at + 1 + (hasSib ? 1 : 0);
    // SIB without base: a displacement follows whatever the mode says. Not used on a slow path.
    if (hasSib && mode === 0 && ((bytes[at + 1] ?? 0) & 7) === 5) return null;
    const length = displacementAt + displacementBytes - at;
    if (base !== rbp || hasSib || isRipRelative)
      return { register, target: { kind: 'elsewhere' }, length };
    const pointer = this.#registers[rbp] ?? null;
    if (pointer === null) return null;
    const displacement =
      mode === 1 ? bytes.readInt8(displacementAt) : bytes.readInt32LE(displacementAt);
    return { register, target: { kind: 'frame', address: Number(pointer) + displacement }, length };
  }
}

/** call rel32; call reg; call [r13 + disp]. 0: no call. */
function lengthOfCall(bytes: Buffer): number {
  if (bytes[0] === 0xe8) return 5;
  const at = bytes[0] === 0x41 ? 1 : 0;
  if (bytes[at] !== 0xff || ((bytes[at + 1] ?? 0) & 0x38) !== 0x10) return 0;
  const mode = (bytes[at + 1] ?? 0) >> 6;
  return at + 2 + (mode === 1 ? 1 : mode === 2 ? 4 : 0);
}

function wordBytes(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value & lowWord);
  return bytes;
}
