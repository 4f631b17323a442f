/** One step outwards: from the registers of a frame, and the rules for its program counter, to those of its caller. */
import type { PagedMemory } from '../memory/paged.ts';
import type { Registers } from '../memory/registers.ts';
import type { Address } from '../memory/source.ts';
import { evaluateExpression } from './expression.ts';
import type { CfaRule, FrameRules, RegisterRule } from './frame-rules.ts';
import { MalformedTable } from './table-bytes.ts';

/**
 * The registers of a frame by DWARF number (System V ABI, AMD64 supplement, figure 3.36): 0 rax, 1 rdx, 2 rcx, 3 rbx,
 * 4 rsi, 5 rdi, 6 rbp, 7 rsp, 8 to 15 r8 to r15, 16 the return address, here the program counter. Null: lost.
 */
export type NativeRegisters = readonly (number | null)[];

const dwarfNames = [
  'rax', 'rdx', 'rcx', 'rbx', 'rsi', 'rdi', 'rbp', 'rsp', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15', 'rip',
] as const; // prettier-ignore
export const framePointerRegister = 6;
export const stackPointerRegister = 7;
export const pcRegister = 16;
const registerCount = 17;
/** What a called function must hand back unchanged; the others are lost across a call. */
const calleeSaved = new Set([3, 6, 12, 13, 14, 15]);

export function nativeRegisters(registers: Registers): NativeRegisters {
  return dwarfNames.map((name) => registers[name]);
}

/**
 * The registers of JavaScript below C++ frames, as the thread would have them had it stopped there.
 * @param found    what the walk found; a lost register is 0
 * @param stopped  those of the thread, for what no walk changes
 */
export function threadRegisters(found: NativeRegisters, stopped: Registers): Registers {
  const entries = dwarfNames.map((name, register) => [name, found[register] ?? 0]);
  return { ...stopped, ...(Object.fromEntries(entries) as Partial<Registers>) };
}

/**
 * @returns null at the outermost frame: its return address is undefined
 * @throws UnreadableMemory, MalformedTable
 */
export function stepOut(
  rules: FrameRules,
  registers: NativeRegisters,
  memory: PagedMemory,
): NativeRegisters | null {
  if (rules.registers.get(rules.returnRegister)?.kind === 'undefined') return null;
  const cfa = findCfa(rules.cfa, registers, memory);
  const caller: (number | null)[] = [];
  for (let register = 0; register < registerCount; register++) {
    const rule = rules.registers.get(register);
    const isKept = calleeSaved.has(register) || rules.isSignalFrame;
    if (rule !== undefined) caller[register] = applyRule(rule, register, cfa, registers, memory);
    else if (register === stackPointerRegister) caller[register] = cfa;
    else caller[register] = isKept ? (registers[register] ?? null) : null;
  }
  caller[pcRegister] = caller[rules.returnRegister] ?? null;
  return caller;
}

function findCfa(rule: CfaRule, registers: NativeRegisters, memory: PagedMemory): Address {
  if (rule.kind === 'expression')
    return evaluateExpression(rule.expression, null, registers, memory);
  const base = registers[rule.register];
  if (base === undefined || base === null)
    throw new MalformedTable(`the frame is found by register ${rule.register}, which is lost`);
  return base + rule.offset;
}

function applyRule(
  rule: RegisterRule,
  register: number,
  cfa: Address,
  registers: NativeRegisters,
  memory: PagedMemory,
): number | null {
  switch (rule.kind) {
    case 'undefined':
      return null;
    case 'same':
      return registers[register] ?? null;
    case 'at-offset':
      return memory.u64(cfa + rule.offset);
    case 'is-offset':
      return cfa + rule.offset;
    case 'register':
      return registers[rule.register] ?? null;
    case 'at-expression':
      return memory.u64(evaluateExpression(rule.expression, cfa, registers, memory));
    case 'is-expression':
      return evaluateExpression(rule.expression, cfa, registers, memory);
  }
}
