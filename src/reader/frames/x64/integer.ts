/** Instructions on general registers and memory. */
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
import type { Instruction, Row } from './decode.ts';
import type { Machine } from './machine.ts';
import { loadOperand, storeOperand, Table } from './operands.ts';
import { EmulationEnd, signed, type WordBytes } from './words.ts';

const table = new Table();
export const integerRows = table.rows;

/** An instruction that has a form for bytes, at an even opcode, and one for words, behind it. */
function addSizes(
  opcode: number,
  row: Omit<Row, 'run'>,
  run: (machine: Machine, instruction: Instruction, size: WordBytes) => void,
): void {
  const { immediate } = row;
  table.add(0, opcode, {
    ...row,
    immediate: (operation) => (immediateOf(immediate, operation) === 0 ? 0 : 1),
    bytes: row.bytes ?? 'both',
    run: (machine, instruction) => void run(machine, instruction, 1),
  });
  const { bytes: _, ...word } = row;
  table.add(0, opcode + 1, {
    ...word,
    run: (machine, instruction) => void run(machine, instruction, instruction.size),
  });
}

function immediateOf(immediate: Row['immediate'], operation: number): Row['immediate'] {
  return typeof immediate === 'function' ? immediate(operation) : immediate;
}

const modRm = { hasModRm: true, immediate: 0 } as const;

function unsignedImmediate({ immediate }: Instruction, size: WordBytes): bigint {
  return BigInt.asUintN(size * 8, immediate);
}

binaryOperations.forEach((operation, number) => {
  const opcode = number * 8;
  const isKept = operation !== 'compare';
  addSizes(opcode, modRm, (machine, instruction, size) => {
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
  addSizes(opcode + 2, modRm, (machine, instruction, size) => {
    const a = machine.register(instruction.register, size);
    const result = binary(machine, operation, a, loadOperand(machine, instruction, size), size);
    if (isKept) machine.setRegister(instruction.register, size, result);
  });
  addSizes(
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

addSizes(0x80, { hasModRm: true, immediate: 'full', bytes: 'other' }, binaryImmediate);
table.modRm(0, 0x83, (machine, i) => void binaryImmediate(machine, i, i.size), { immediate: 1 });

addSizes(0x84, modRm, (machine, instruction, size) => {
  const a = loadOperand(machine, instruction, size);
  logical(machine, a & machine.register(instruction.register, size), size);
});
addSizes(
  0xa8,
  { hasModRm: false, immediate: 'full', bytes: 'other' },
  (machine, instruction, size) => {
    logical(machine, machine.register(0, size) & unsignedImmediate(instruction, size), size);
  },
);

addSizes(0x86, modRm, (machine, instruction, size) => {
  const a = loadOperand(machine, instruction, size);
  storeOperand(machine, instruction, size, machine.register(instruction.register, size));
  machine.setRegister(instruction.register, size, a);
});
addSizes(0x88, modRm, (machine, instruction, size) => {
  storeOperand(machine, instruction, size, machine.register(instruction.register, size));
});
addSizes(0x8a, modRm, (machine, instruction, size) => {
  machine.setRegister(instruction.register, size, loadOperand(machine, instruction, size));
});
addSizes(
  0xc6,
  { hasModRm: true, immediate: 'full', bytes: 'other' },
  (machine, instruction, size) => {
    if ((instruction.register & 7) !== 0) throw new EmulationEnd('unknown move');
    storeOperand(machine, instruction, size, unsignedImmediate(instruction, size));
  },
);
for (let low = 0; low < 8; low++) {
  table.plain(
    0,
    0xb0 + low,
    (machine, { register, immediate }) => void machine.setRegister(register, 1, immediate),
    { immediate: 1, bytes: 'register' },
  );
  table.plain(
    0,
    0xb8 + low,
    (machine, { register, size, immediate }) => void machine.setRegister(register, size, immediate),
    { immediate: 'word' },
  );
}
for (let low = 1; low < 8; low++)
  table.plain(0, 0x90 + low, (machine, { register, size }) => {
    const a = machine.register(0, size);
    machine.setRegister(0, size, machine.register(register, size));
    machine.setRegister(register, size, a);
  });

table.modRm(0, 0x8d, (machine, { register, size, other, address }) => {
  if (other !== null) throw new EmulationEnd('lea of a register');
  machine.setRegister(register, size, address);
});
table.modRm(0, 0x63, (machine, instruction) => {
  const value = signed(loadOperand(machine, instruction, 4), 4);
  machine.setRegister(instruction.register, instruction.size, value);
});
for (const [opcode, size] of [
  [0xb6, 1],
  [0xb7, 2],
  [0xbe, 1],
  [0xbf, 2],
] as const)
  table.modRm(
    1,
    opcode,
    (machine, instruction) => {
      const value = loadOperand(machine, instruction, size);
      const wide = opcode >= 0xbe ? signed(value, size) : value;
      machine.setRegister(instruction.register, instruction.size, wide);
    },
    size === 1 ? { bytes: 'other' } : {},
  );

// cdqe, cwde; cdq, cqo
table.plain(0, 0x98, (machine, { size }) => {
  if (size === 2) throw new EmulationEnd('cbw');
  machine.setRegister(
    0,
    size,
    size === 8 ? signed(machine.register(0, 4), 4) : signed(machine.register(0, 2), 2),
  );
});
table.plain(0, 0x99, (machine, { size }) => {
  machine.setRegister(2, size, signed(machine.register(0, size), size) < 0n ? -1n : 0n);
});

for (const [opcode, immediate] of [
  [0xc0, 1],
  [0xd0, 0],
  [0xd2, 0],
] as const)
  addSizes(opcode, { hasModRm: true, immediate, bytes: 'other' }, (machine, instruction, size) => {
    const operation = shifts[instruction.register & 7];
    if (operation === undefined) throw new EmulationEnd('a rotation through the carry');
    const by =
      immediate === 1 ? instruction.immediate : opcode === 0xd0 ? 1n : machine.register(1, 1);
    const a = loadOperand(machine, instruction, size);
    storeOperand(machine, instruction, size, shift(machine, operation, a, by & 0xffn, size));
  });

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

addSizes(
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

for (let condition = 0; condition < 16; condition++) {
  table.modRm(1, 0x40 + condition, (machine, instruction) => {
    const { size, register } = instruction;
    const value = loadOperand(machine, instruction, size);
    const isMoved = machine.flags.test(condition);
    machine.setRegister(register, size, isMoved ? value : machine.register(register, size));
  });
  table.modRm(
    1,
    0x90 + condition,
    (machine, instruction) => {
      storeOperand(machine, instruction, 1, machine.flags.test(condition) ? 1n : 0n);
    },
    { bytes: 'other' },
  );
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
