/** Moves between general registers and memory, of whatever width, with or without a condition. */
import { loadOperand, modRm, storeOperand, Table, unsignedImmediate } from './operands.ts';
import { EmulationEnd, signed } from './words.ts';

const table = new Table();
export const moveRows = table.rows;

table.sizes(0x86, modRm, (machine, instruction, size) => {
  const a = loadOperand(machine, instruction, size);
  storeOperand(machine, instruction, size, machine.register(instruction.register, size));
  machine.setRegister(instruction.register, size, a);
});
table.sizes(0x88, modRm, (machine, instruction, size) => {
  storeOperand(machine, instruction, size, machine.register(instruction.register, size));
});
table.sizes(0x8a, modRm, (machine, instruction, size) => {
  machine.setRegister(instruction.register, size, loadOperand(machine, instruction, size));
});
table.sizes(
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
    (machine, { register, immediate }) => {
      machine.setRegister(register, 1, immediate);
    },
    { immediate: 1, bytes: 'register' },
  );
  table.plain(
    0,
    0xb8 + low,
    (machine, { register, size, immediate }) => {
      machine.setRegister(register, size, immediate);
    },
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
