/**
 * Runs machine code on a Machine: exactly as the processor would, or not at all. At an instruction that is not known it
 * ends; it never guesses. Known is what the compilers of V8 use for the code of functions, table by table. Source of all
 * tables: Intel SDM volume 2.
 */
import { controlRows } from './control.ts';
import { decode, type Decoded, type Rows } from './decode.ts';
import { floatStackRows } from './float-stack.ts';
import { integerRows } from './integer.ts';
import type { Machine } from './machine.ts';
import { moveRows } from './moves.ts';
import { vectorBitRows } from './vector-bits.ts';
import { vectorRows } from './vector.ts';

const rows: Rows = new Map([
  ...moveRows,
  ...integerRows,
  ...controlRows,
  ...floatStackRows,
  ...vectorRows,
  ...vectorBitRows,
]);

/** The instruction at rip, with where its operands are. @throws EmulationEnd, UnreadableMemory */
export function fetch(machine: Machine): Decoded {
  return decode(machine, rows);
}

/** @throws EmulationEnd, UnreadableMemory: then the machine is of no use any more */
export function execute(machine: Machine, { row, instruction }: Decoded): void {
  machine.rip = row.run(machine, instruction) ?? instruction.next;
}

export function isCall({ instruction: { opcode, register } }: Decoded): boolean {
  return opcode === 0xe8 || (opcode === 0xff && (register & 7) === 2);
}
