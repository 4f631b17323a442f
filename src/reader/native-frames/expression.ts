/**
 * DWARF expressions as unwind tables use them: the procedure linkage table (where in a 16-byte stub is the pc?), signal
 * frames (the registers the kernel saved), functions that realign their stack. Source: DWARF 5, 2.5 and 7.7.1.
 */
import { limits } from '../../limits.ts';
import type { PagedMemory } from '../memory/paged.ts';
import { MalformedTable, TableBytes } from './table-bytes.ts';
import type { NativeRegisters } from './step.ts';

const op = {
  address: 0x03,
  dereference: 0x06,
  const1u: 0x08,
  const1s: 0x09,
  const2u: 0x0a,
  const2s: 0x0b,
  const4u: 0x0c,
  const4s: 0x0d,
  const8u: 0x0e,
  const8s: 0x0f,
  constUleb: 0x10,
  constSleb: 0x11,
  duplicate: 0x12,
  drop: 0x13,
  over: 0x14,
  pick: 0x15,
  swap: 0x16,
  negate: 0x1f,
  not: 0x20,
  plusUleb: 0x23,
  branch: 0x28,
  skip: 0x2f,
  literal: 0x30,
  register: 0x70,
  registerExtended: 0x92,
  dereferenceSize: 0x94,
  nop: 0x96,
} as const;
const literals = 32;

const binary: Readonly<Record<number, (left: bigint, right: bigint) => bigint>> = {
  0x1a: (left, right) => left & right,
  0x1c: (left, right) => left - right,
  0x1e: (left, right) => left * right,
  0x21: (left, right) => left | right,
  0x22: (left, right) => left + right,
  0x24: (left, right) => (right > 63n ? 0n : left << right),
  0x25: (left, right) => (right > 63n ? 0n : left >> right),
  0x26: (left, right) => BigInt.asIntN(64, left) >> (right > 63n ? 63n : right),
  0x27: (left, right) => left ^ right,
  0x29: (left, right) => compare(left, right, (a, b) => a === b),
  0x2a: (left, right) => compare(left, right, (a, b) => a >= b),
  0x2b: (left, right) => compare(left, right, (a, b) => a > b),
  0x2c: (left, right) => compare(left, right, (a, b) => a <= b),
  0x2d: (left, right) => compare(left, right, (a, b) => a < b),
  0x2e: (left, right) => compare(left, right, (a, b) => a !== b),
};

function compare(
  left: bigint,
  right: bigint,
  holds: (left: bigint, right: bigint) => boolean,
): bigint {
  return holds(BigInt.asIntN(64, left), BigInt.asIntN(64, right)) ? 1n : 0n;
}

/**
 * @param start what is on the stack before: the CFA for rules of registers, nothing for the rule of the CFA
 * @throws UnreadableMemory, MalformedTable
 */
export function evaluateExpression(
  expression: Buffer,
  start: number | null,
  registers: NativeRegisters,
  memory: PagedMemory,
): number {
  const machine = new ExpressionMachine(expression, registers, memory);
  return machine.run(start);
}

class ExpressionMachine {
  readonly #code: TableBytes;
  readonly #registers: NativeRegisters;
  readonly #memory: PagedMemory;
  readonly #stack: bigint[] = [];

  constructor(expression: Buffer, registers: NativeRegisters, memory: PagedMemory) {
    this.#code = new TableBytes(expression, 0, 0);
    this.#registers = registers;
    this.#memory = memory;
  }

  run(start: number | null): number {
    if (start !== null) this.#push(start);
    for (let steps = 0; !this.#code.isAtEnd; steps++) {
      if (steps >= limits.maxExpressionSteps)
        throw new MalformedTable('an expression of the unwind table does not end');
      this.#step(this.#code.u8());
    }
    return Number(this.#pop());
  }

  #step(code: number): void {
    const combine = binary[code];
    if (combine !== undefined) {
      const right = this.#pop();
      this.#push(combine(this.#pop(), right));
    } else if (code >= op.literal && code < op.literal + literals) this.#push(code - op.literal);
    else if (code >= op.register && code < op.register + literals)
      this.#push(this.#register(code - op.register) + this.#code.sleb());
    else if (!this.#stepConstant(code) && !this.#stepStack(code)) this.#stepControl(code);
  }

  #stepConstant(code: number): boolean {
    const read = this.#constants[code];
    if (read === undefined) return false;
    this.#push(read());
    return true;
  }

  readonly #constants: Readonly<Record<number, () => number>> = {
    [op.address]: () => this.#code.i64(),
    [op.const1u]: () => this.#code.u8(),
    [op.const1s]: () => this.#code.i8(),
    [op.const2u]: () => this.#code.u16(),
    [op.const2s]: () => this.#code.i16(),
    [op.const4u]: () => this.#code.u32(),
    [op.const4s]: () => this.#code.i32(),
    [op.const8u]: () => this.#code.i64(),
    [op.const8s]: () => this.#code.i64(),
    [op.constUleb]: () => this.#code.uleb(),
    [op.constSleb]: () => this.#code.sleb(),
    [op.registerExtended]: () => this.#register(this.#code.uleb()) + this.#code.sleb(),
  };

  #stepStack(code: number): boolean {
    switch (code) {
      case op.duplicate:
        this.#push(this.#peek(0));
        return true;
      case op.drop:
        this.#pop();
        return true;
      case op.over:
        this.#push(this.#peek(1));
        return true;
      case op.pick:
        this.#push(this.#peek(this.#code.u8()));
        return true;
      case op.swap: {
        const [top, below] = [this.#pop(), this.#pop()];
        this.#push(top);
        this.#push(below);
        return true;
      }
      default:
        return false;
    }
  }

  #stepControl(code: number): void {
    switch (code) {
      case op.nop:
        return;
      case op.dereference:
        this.#push(this.#memory.u64(Number(this.#pop())));
        return;
      case op.dereferenceSize:
        this.#push(this.#dereference(this.#code.u8(), Number(this.#pop())));
        return;
      case op.negate:
        this.#push(-this.#pop());
        return;
      case op.not:
        this.#push(~this.#pop());
        return;
      case op.plusUleb:
        this.#push(this.#pop() + BigInt(this.#code.uleb()));
        return;
      case op.skip:
      case op.branch: {
        const distance = this.#code.i16();
        if (code === op.skip || this.#pop() !== 0n) this.#code.seek(this.#code.position + distance);
        return;
      }
      default:
        throw new MalformedTable(`operation 0x${code.toString(16)} in an unwind expression`);
    }
  }

  #dereference(bytes: number, address: number): number {
    switch (bytes) {
      case 1:
        return this.#memory.u8(address);
      case 2:
        return this.#memory.u16(address);
      case 4:
        return this.#memory.u32(address);
      default:
        return this.#memory.u64(address);
    }
  }

  #register(register: number): number {
    const value = this.#registers[register];
    if (value === undefined || value === null)
      throw new MalformedTable(`an unwind expression needs register ${register}, which is lost`);
    return value;
  }

  #push(value: number | bigint): void {
    if (this.#stack.length >= limits.maxUnwindDepth)
      throw new MalformedTable('an unwind expression piles up values');
    this.#stack.push(BigInt.asUintN(64, BigInt(value)));
  }

  #pop(): bigint {
    const value = this.#stack.pop();
    if (value === undefined) throw new MalformedTable('an unwind expression has too few values');
    return value;
  }

  #peek(depth: number): bigint {
    const value = this.#stack.at(-1 - depth);
    if (value === undefined) throw new MalformedTable('an unwind expression has too few values');
    return value;
  }
}
