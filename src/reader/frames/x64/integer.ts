/** Arithmetic and bits of general registers and memory. */
import {
  binary,
  binaryOperations,
  count,
  divide,
  logical,
  multiply,
  multiplyWide,
  shift,
  shifts,
} from './arithmetic.ts';
import type { Instruction } from './decode.ts';
import type { Machine } from './machine.ts';
import { loadOperand, modRm, storeOperand, Table, unsignedImmediate } from './operands.ts';
import { EmulationEnd, type WordBytes } from './words.ts';

const table = new Table();
export const integerRows = table.rows;

binaryOperations.forEach((operation, number) => {
  const opcode = number * 8;
  const isKept = operation !== 'compare';
  table.sizes(opcode, modRm, (machine, instruction, size) => {
    const a = loadOperand(machine, instruction, size);
    const result = binary(
      machine,
      operation,
      a,
      machine.register(instruction.register, size),
      size,
    );
    if (isKept) storeOperand(machine, instruction, size, result);
  });
  table.sizes(opcode + 2, modRm, (machine, instruction, size) => {
    const a = machine.register(instruction.register, size);
    const result = binary(machine, operation, a, loadOperand(machine, instruction, size), size);
    if (isKept) machine.setRegister(instruction.register, size, result);
  });
  table.sizes(
    opcode + 4,
    { hasModRm: false, immediate: 'full', bytes: 'other' },
    (machine, instruction, size) => {
      const b = unsignedImmediate(instruction, size);
      const result = binary(machine, operation, machine.register(0, size), b, size);
      if (isKept) machine.setRegister(0, size, result);
    },
  );
});

/** Group 1: the operation's number is in ModRM, the second operand behind. */
function binaryImmediate(machine: Machine, instruction: Instruction, size: WordBytes): void {
  const operation = binaryOperations[instruction.register & 7] ?? 'compare';
  const a = loadOperand(machine, instruction, size);
  const result = binary(machine, operation, a, unsignedImmediate(instruction, size), size);
  if (operation !== 'compare') storeOperand(machine, instruction, size, result);
}

table.sizes(0x80, { hasModRm: true, immediate: 'full', bytes: 'other' }, binaryImmediate);
table.modRm(
  0,
  0x83,
  (machine, i) => {
    binaryImmediate(machine, i, i.size);
  },
  { immediate: 1 },
);

table.sizes(0x84, modRm, (machine, instruction, size) => {
  const a = loadOperand(machine, instruction, size);
  logical(machine, a & machine.register(instruction.register, size), size);
});
table.sizes(
  0xa8,
  { hasModRm: false, immediate: 'full', bytes: 'other' },
  (machine, instruction, size) => {
    logical(machine, machine.register(0, size) & unsignedImmediate(instruction, size), size);
  },
);

for (const [opcode, immediate] of [
  [0xc0, 1],
  [0xd0, 0],
  [0xd2, 0],
] as const)
  table.sizes(
    opcode,
    { hasModRm: true, immediate, bytes: 'other' },
    (machine, instruction, size) => {
      const operation = shifts[instruction.register & 7];
      if (operation === undefined) throw new EmulationEnd('a rotation through the carry');
      const by =
        immediate === 1 ? instruction.immediate : opcode === 0xd0 ? 1n : machine.register(1, 1);
      const a = loadOperand(machine, instruction, size);
      storeOperand(machine, instruction, size, shift(machine, operation, a, by & 0xffn, size));
    },
  );

for (const [opcode, immediate] of [
  [0x69, 'full'],
  [0x6b, 1],
] as const)
  table.modRm(
    0,
    opcode,
    (machine, instruction) => {
      const { size } = instruction;
      const a = loadOperand(machine, instruction, size);
      const result = multiply(machine, a, unsignedImmediate(instruction, size), size);
      machine.setRegister(instruction.register, size, result);
    },
    { immediate },
  );
table.modRm(1, 0xaf, (machine, instruction) => {
  const { size, register } = instruction;
  const a = machine.register(register, size);
  machine.setRegister(
    register,
    size,
    multiply(machine, a, loadOperand(machine, instruction, size), size),
  );
});

/** Group 3. */
function unary(machine: Machine, instruction: Instruction, size: WordBytes): void {
  const operation = instruction.register & 7;
  const a = loadOperand(machine, instruction, size);
  if (operation < 2) logical(machine, a & unsignedImmediate(instruction, size), size);
  else if (operation === 2) storeOperand(machine, instruction, size, ~a);
  else if (operation === 3)
    storeOperand(machine, instruction, size, binary(machine, 'sub', 0n, a, size));
  else if (size < 4) throw new EmulationEnd('a product of less than 32 bits');
  else if (operation < 6) multiplyWide(machine, a, operation === 5, size === 8 ? 8 : 4);
  else divide(machine, a, operation === 7, size === 8 ? 8 : 4);
}

table.sizes(
  0xf6,
  {
    hasModRm: true,
    immediate: (operation) => (operation < 2 ? 'full' : 0),
    bytes: 'other',
  },
  unary,
);

/** inc and dec of group 5; its jumps and calls are in control.ts. */
export function countOperand(machine: Machine, instruction: Instruction, size: WordBytes): void {
  const step = (instruction.register & 7) === 0 ? 'add' : 'sub';
  const a = loadOperand(machine, instruction, size);
  storeOperand(machine, instruction, size, count(machine, a, step, size));
}

for (let operation = 0; operation < 4; operation++) {
  // bt, bts, btr, btc with a register; with memory they reach beyond it.
  table.modRm(1, 0xa3 + operation * 8, (machine, instruction) => {
    if (instruction.other === null) throw new EmulationEnd('a bit of memory');
    testBit(machine, instruction, operation, machine.register(instruction.register, 8));
  });
}
table.modRm(
  1,
  0xba,
  (machine, instruction) => {
    const operation = (instruction.register & 7) - 4;
    if (operation < 0) throw new EmulationEnd('unknown bit instruction');
    testBit(machine, instruction, operation, instruction.immediate);
  },
  { immediate: 1 },
);

function testBit(machine: Machine, i: Instruction, operation: number, index: bigint): void {
  const bit = 1n << (index & BigInt(i.size * 8 - 1));
  const value = loadOperand(machine, i, i.size);
  const { zero } = machine.flags;
  machine.flags.forget();
  machine.flags.zero = zero;
  machine.flags.carry = (value & bit) !== 0n;
  if (operation === 1) storeOperand(machine, i, i.size, value | bit);
  if (operation === 2) storeOperand(machine, i, i.size, value & ~bit);
  if (operation === 3) storeOperand(machine, i, i.size, value ^ bit);
}
