/**
 * The program of an unwind table entry, run up to one program counter: where the caller's registers are.
 * Source: DWARF 5, 6.4.2 and 7.24; DW_CFA_GNU_args_size from GCC.
 */
import { limits } from '../../limits.ts';
import type { Address } from '../memory/source.ts';
import type { CommonEntry, FunctionEntry } from './frame-table.ts';
import { MalformedTable, type TableBytes } from './table-bytes.ts';

/** How one register of the caller is found. CFA: the caller's stack pointer. */
export type RegisterRule =
  | { readonly kind: 'undefined' | 'same' }
  | { readonly kind: 'at-offset' | 'is-offset'; readonly offset: number }
  | { readonly kind: 'register'; readonly register: number }
  | { readonly kind: 'at-expression' | 'is-expression'; readonly expression: Buffer };

/** How the CFA itself is found. */
export type CfaRule =
  | { readonly kind: 'offset'; readonly register: number; readonly offset: number }
  | { readonly kind: 'expression'; readonly expression: Buffer };

/** The row of the table for one program counter. */
export interface FrameRules {
  readonly cfa: CfaRule;
  readonly registers: ReadonlyMap<number, RegisterRule>;
  readonly returnRegister: number;
  readonly isSignalFrame: boolean;
  /** First address of the function. */
  readonly start: Address;
}

interface Row {
  cfa: CfaRule | null;
  registers: Map<number, RegisterRule>;
}

const op = {
  nop: 0x00,
  setLocation: 0x01,
  advance1: 0x02,
  advance2: 0x03,
  advance4: 0x04,
  offsetExtended: 0x05,
  restoreExtended: 0x06,
  undefined: 0x07,
  sameValue: 0x08,
  register: 0x09,
  rememberState: 0x0a,
  restoreState: 0x0b,
  defineCfa: 0x0c,
  defineCfaRegister: 0x0d,
  defineCfaOffset: 0x0e,
  defineCfaExpression: 0x0f,
  expression: 0x10,
  offsetExtendedSigned: 0x11,
  defineCfaSigned: 0x12,
  defineCfaOffsetSigned: 0x13,
  valueOffset: 0x14,
  valueOffsetSigned: 0x15,
  valueExpression: 0x16,
  argumentsSize: 0x2e,
  negativeOffsetExtended: 0x2f,
} as const;

/** @throws MalformedTable */
export function runFrameProgram(entry: FunctionEntry, pc: Address): FrameRules {
  const { common, start } = entry;
  const machine = new FrameProgram(common, start, pc);
  machine.run(common.program);
  machine.keepInitial();
  machine.run(entry.program);
  const { cfa, registers } = machine.row;
  if (cfa === null) throw new MalformedTable('an unwind table entry does not define the frame');
  const { returnRegister, isSignalFrame } = common;
  return { cfa, registers, returnRegister, isSignalFrame, start };
}

class FrameProgram {
  row: Row = { cfa: null, registers: new Map() };
  readonly #common: CommonEntry;
  readonly #pc: Address;
  #location: Address;
  #initial: ReadonlyMap<number, RegisterRule> = new Map();
  readonly #remembered: Row[] = [];

  constructor(common: CommonEntry, start: Address, pc: Address) {
    this.#common = common;
    this.#location = start;
    this.#pc = pc;
  }

  keepInitial(): void {
    this.#initial = new Map(this.row.registers);
  }

  run(program: TableBytes): void {
    const begin = program.position;
    try {
      while (!program.isAtEnd && this.#location <= this.#pc) this.#step(program);
    } finally {
      // Entries are kept, and run again for another pc.
      program.seek(begin);
    }
  }

  #step(program: TableBytes): void {
    const code = program.u8();
    const operand = code & 0x3f;
    switch (code & 0xc0) {
      case 0x40:
        this.#advance(operand);
        return;
      case 0x80:
        this.#setOffset(operand, program.uleb() * this.#common.dataAlignment);
        return;
      case 0xc0:
        this.#restore(operand);
        return;
      default:
        if (!this.#stepLocation(code, program) && !this.#stepCfa(code, program))
          this.#stepRegister(code, program);
    }
  }

  #stepLocation(code: number, program: TableBytes): boolean {
    switch (code) {
      case op.nop:
        return true;
      case op.argumentsSize:
        program.uleb();
        return true;
      case op.setLocation:
        this.#location = program.pointer(this.#common.pointerEncoding);
        return true;
      case op.advance1:
        this.#advance(program.u8());
        return true;
      case op.advance2:
        this.#advance(program.u16());
        return true;
      case op.advance4:
        this.#advance(program.u32());
        return true;
      case op.rememberState:
        if (this.#remembered.length >= limits.maxUnwindDepth)
          throw new MalformedTable('an unwind program remembers without end');
        this.#remembered.push({ cfa: this.row.cfa, registers: new Map(this.row.registers) });
        return true;
      case op.restoreState: {
        const row = this.#remembered.pop();
        if (row === undefined) throw new MalformedTable('an unwind program restores nothing');
        this.row = row;
        return true;
      }
      default:
        return false;
    }
  }

  #stepCfa(code: number, program: TableBytes): boolean {
    const scale = this.#common.dataAlignment;
    switch (code) {
      case op.defineCfa:
        this.#defineCfa(program.uleb(), program.uleb());
        return true;
      case op.defineCfaSigned:
        this.#defineCfa(program.uleb(), program.sleb() * scale);
        return true;
      case op.defineCfaRegister:
        this.#defineCfa(program.uleb(), this.#plainCfa().offset);
        return true;
      case op.defineCfaOffset:
        this.#defineCfa(this.#plainCfa().register, program.uleb());
        return true;
      case op.defineCfaOffsetSigned:
        this.#defineCfa(this.#plainCfa().register, program.sleb() * scale);
        return true;
      case op.defineCfaExpression:
        this.row.cfa = { kind: 'expression', expression: program.take(program.uleb()) };
        return true;
      default:
        return false;
    }
  }

  #stepRegister(code: number, program: TableBytes): void {
    const scale = this.#common.dataAlignment;
    const register = program.uleb();
    const set = (rule: RegisterRule) => this.row.registers.set(register, rule);
    switch (code) {
      case op.offsetExtended:
        this.#setOffset(register, program.uleb() * scale);
        return;
      case op.offsetExtendedSigned:
        this.#setOffset(register, program.sleb() * scale);
        return;
      case op.negativeOffsetExtended:
        this.#setOffset(register, -program.uleb() * scale);
        return;
      case op.valueOffset:
        set({ kind: 'is-offset', offset: program.uleb() * scale });
        return;
      case op.valueOffsetSigned:
        set({ kind: 'is-offset', offset: program.sleb() * scale });
        return;
      case op.restoreExtended:
        this.#restore(register);
        return;
      case op.undefined:
        set({ kind: 'undefined' });
        return;
      case op.sameValue:
        set({ kind: 'same' });
        return;
      case op.register:
        set({ kind: 'register', register: program.uleb() });
        return;
      case op.expression:
        set({ kind: 'at-expression', expression: program.take(program.uleb()) });
        return;
      case op.valueExpression:
        set({ kind: 'is-expression', expression: program.take(program.uleb()) });
        return;
      default:
        throw new MalformedTable(`operation 0x${code.toString(16)} of an unwind program`);
    }
  }

  #advance(delta: number): void {
    this.#location += delta * this.#common.codeAlignment;
  }

  #setOffset(register: number, offset: number): void {
    this.row.registers.set(register, { kind: 'at-offset', offset });
  }

  #restore(register: number): void {
    const rule = this.#initial.get(register);
    if (rule === undefined) this.row.registers.delete(register);
    else this.row.registers.set(register, rule);
  }

  #defineCfa(register: number, offset: number): void {
    this.row.cfa = { kind: 'offset', register, offset };
  }

  #plainCfa(): Extract<CfaRule, { kind: 'offset' }> {
    if (this.row.cfa?.kind !== 'offset')
      throw new MalformedTable('an unwind program changes a frame it has not defined');
    return this.row.cfa;
  }
}
