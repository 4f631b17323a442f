/** Instructions that move the program counter or the stack, and those that do nothing. */
import type { Row } from './decode.ts';
import { countOperand } from './integer.ts';
import { rbp, rsp } from './machine.ts';
import { loadOperand, storeOperand, Table } from './operands.ts';
import { EmulationEnd } from './words.ts';

const table = new Table();
export const controlRows = table.rows;

/** Jumps and calls carry where they lead as an immediate. */
const near = { hasModRm: false, immediate: 'full' } as const;
const short = { hasModRm: false, immediate: 1 } as const;

for (let condition = 0; condition < 16; condition++) {
  const run: Row['run'] = (machine, { next, immediate }) =>
    machine.flags.test(condition) ? next + Number(immediate) : undefined;
  table.add(0, 0x70 + condition, { ...short, run }, [0]);
  table.add(1, 0x80 + condition, { ...near, run }, [0]);
}
const jump: Row['run'] = (_, { next, immediate }) => next + Number(immediate);
table.add(0, 0xeb, { ...short, run: jump }, [0]);
table.add(0, 0xe9, { ...near, run: jump }, [0]);
table.add(
  0,
  0xe8,
  {
    ...near,
    run: (machine, { next, immediate }) => {
      machine.push(BigInt(next));
      return next + Number(immediate);
    },
  },
  [0],
);
table.plain(0, 0xc3, (machine) => Number(machine.pop()));
table.plain(
  0,
  0xc2,
  (machine, { immediate }) => {
    const to = machine.pop();
    machine.general[rsp] = machine.register(rsp, 8) + BigInt.asUintN(16, immediate);
    return Number(to);
  },
  { immediate: 2 },
);

for (let low = 0; low < 8; low++) {
  table.add(
    0,
    0x50 + low,
    {
      hasModRm: false,
      immediate: 0,
      run: (machine, { register }) => {
        machine.push(machine.register(register, 8));
      },
    },
    [0],
  );
  table.add(
    0,
    0x58 + low,
    {
      hasModRm: false,
      immediate: 0,
      run: (machine, { register }) => {
        machine.setRegister(register, 8, machine.pop());
      },
    },
    [0],
  );
}
for (const [opcode, immediate] of [
  [0x68, 'full'],
  [0x6a, 1],
] as const)
  table.add(
    0,
    opcode,
    {
      hasModRm: false,
      immediate,
      run: (machine, i) => {
        machine.push(i.immediate);
      },
    },
    [0],
  );
table.add(
  0,
  0x8f,
  {
    hasModRm: true,
    immediate: 0,
    run: (machine, instruction) => {
      if (instruction.other === null) throw new EmulationEnd('pop to memory');
      storeOperand(machine, instruction, 8, machine.pop());
    },
  },
  [0],
);
// leave
table.plain(0, 0xc9, (machine) => {
  machine.general[rsp] = machine.register(rbp, 8);
  machine.general[rbp] = machine.pop();
});

// Groups 4 and 5.
table.modRm(
  0,
  0xfe,
  (machine, instruction) => {
    if ((instruction.register & 7) > 1) throw new EmulationEnd('unknown operation on a byte');
    countOperand(machine, instruction, 1);
  },
  { bytes: 'other' },
);
table.modRm(0, 0xff, (machine, instruction) => {
  const operation = instruction.register & 7;
  if (operation < 2) {
    countOperand(machine, instruction, instruction.size);
    return undefined;
  }
  if (operation !== 2 && operation !== 4 && operation !== 6)
    throw new EmulationEnd('a far jump or call');
  const value = loadOperand(machine, instruction, 8);
  if (operation !== 4) machine.push(operation === 2 ? BigInt(instruction.next) : value);
  return operation === 6 ? undefined : Number(value);
});

// nop in its many lengths; endbr64 is one of them. f3 90 is pause.
table.plain(0, 0x90, (_, { register }) => {
  if (register !== 0) throw new EmulationEnd('xchg with r8');
});
table.add(0, 0x90, { hasModRm: false, immediate: 0, run: () => undefined }, [2]);
table.modRm(1, 0x1f, () => undefined);
