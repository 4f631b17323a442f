/** Instructions on vector registers: doubles mostly, one at a time. Legacy and VEX forms have the same rows. */
import type { Instruction, Row } from './decode.ts';
import {
  choose,
  doubleArithmetic,
  fromDouble,
  fromSingle,
  type Operation,
  roundDouble,
  roundToEven,
  singleArithmetic,
  toDouble,
  toInteger,
  toSingle,
} from './floats.ts';
import type { Machine } from './machine.ts';
import { loadOperand, storeOperand, Table } from './operands.ts';
import { EmulationEnd, masks, signed } from './words.ts';

const table = new Table();
export const vectorRows = table.rows;

const lowHalf = masks[4];

/** The second source: half of a vector register, or 8 bytes of memory. */
function loadHalf(machine: Machine, { other, address }: Instruction, half: 0 | 1): bigint {
  return other === null ? machine.load(address + BigInt(half * 8), 8) : machine.vector(other, half);
}

function loadSingle(machine: Machine, { other, address }: Instruction): bigint {
  return other === null ? machine.load(address, 4) : machine.vector(other, 0) & lowHalf;
}

/** A scalar result: the rest of the register is that of the first source. */
function setDouble(machine: Machine, { register, first }: Instruction, low: bigint): void {
  machine.setVector(register, low, machine.vector(first, 1));
}

function setSingle(machine: Machine, i: Instruction, low: bigint): void {
  setDouble(machine, i, (machine.vector(i.first, 0) & ~lowHalf) | low);
}

// Moves of a scalar. From memory they clear the rest.
table.vector(1, 0x10, 'xf2', (machine, i) => {
  if (i.other === null) machine.setVector(i.register, loadHalf(machine, i, 0), 0n);
  else setDouble(machine, i, loadHalf(machine, i, 0));
});
table.vector(1, 0x10, 'xf3', (machine, i) => {
  if (i.other === null) machine.setVector(i.register, loadSingle(machine, i), 0n);
  else setSingle(machine, i, loadSingle(machine, i));
});
table.vector(1, 0x11, 'xf2', (machine, i) => {
  if (i.other === null) machine.store(i.address, 8, machine.vector(i.register, 0));
  else if (i.isVex)
    machine.setVector(i.other, machine.vector(i.register, 0), machine.vector(i.first, 1));
  else machine.setVector(i.other, machine.vector(i.register, 0), machine.vector(i.other, 1));
});
table.vector(1, 0x11, 'xf3', (machine, i) => {
  if (i.other !== null) throw new EmulationEnd('movss between registers');
  machine.store(i.address, 4, machine.vector(i.register, 0) & lowHalf);
});

// Moves of whole registers: movups, movupd, movaps, movapd, movdqa, movdqu.
const loadWhole: Row['run'] = (machine, i) => {
  machine.setVector(i.register, loadHalf(machine, i, 0), loadHalf(machine, i, 1));
};
const storeWhole: Row['run'] = (machine, { register, other, address }) => {
  const low = machine.vector(register, 0);
  const high = machine.vector(register, 1);
  if (other !== null) machine.setVector(other, low, high);
  else {
    machine.store(address, 8, low);
    machine.store(address + 8n, 8, high);
  }
};
for (const prefix of ['none', 'x66'] as const) {
  for (const opcode of [0x10, 0x28]) table.vector(1, opcode, prefix, loadWhole);
  for (const opcode of [0x11, 0x29]) table.vector(1, opcode, prefix, storeWhole);
}
for (const prefix of ['x66', 'xf3'] as const) {
  table.vector(1, 0x6f, prefix, loadWhole);
  table.vector(1, 0x7f, prefix, storeWhole);
}

// movd and movq between general and vector registers, and movq of a half.
table.vector(1, 0x6e, 'x66', (machine, i) => {
  machine.setVector(i.register, loadOperand(machine, i, generalBytes(i)), 0n);
});
table.vector(1, 0x7e, 'x66', (machine, i) => {
  storeOperand(machine, i, generalBytes(i), machine.vector(i.register, 0));
});
table.vector(1, 0x7e, 'xf3', (machine, i) => {
  machine.setVector(i.register, loadHalf(machine, i, 0), 0n);
});
table.vector(1, 0xd6, 'x66', (machine, { register, other, address }) => {
  const low = machine.vector(register, 0);
  if (other === null) machine.store(address, 8, low);
  else machine.setVector(other, low, 0n);
});

/** Of the general register: the prefix 66 belongs to the opcode. */
function generalBytes({ size }: Instruction): 4 | 8 {
  return size === 8 ? 8 : 4;
}

const operations: readonly (readonly [number, Operation])[] = [
  [0x58, (a, b) => a + b],
  [0x59, (a, b) => a * b],
  [0x5c, (a, b) => a - b],
  [0x5e, (a, b) => a / b],
];
for (const [opcode, operation] of operations) {
  table.vector(1, opcode, 'xf2', (machine, i) => {
    const a = machine.vector(i.first, 0);
    setDouble(machine, i, doubleArithmetic(operation, a, loadHalf(machine, i, 0)));
  });
  table.vector(1, opcode, 'xf3', (machine, i) => {
    const a = machine.vector(i.first, 0);
    setSingle(machine, i, singleArithmetic(operation, a, loadSingle(machine, i)));
  });
}
table.vector(1, 0x51, 'xf2', (machine, i) => {
  const a = loadHalf(machine, i, 0);
  setDouble(machine, i, doubleArithmetic(Math.sqrt, a, a));
});
table.vector(1, 0x51, 'xf3', (machine, i) => {
  const a = loadSingle(machine, i);
  setSingle(machine, i, singleArithmetic(Math.sqrt, a, a));
});
for (const [opcode, isFirst] of [
  [0x5d, (a: number, b: number) => a < b],
  [0x5f, (a: number, b: number) => a > b],
] as const)
  table.vector(1, opcode, 'xf2', (machine, i) => {
    setDouble(machine, i, choose(isFirst, machine.vector(i.first, 0), loadHalf(machine, i, 0)));
  });

// ucomisd, comisd, ucomiss, comiss.
function compare(machine: Machine, a: number, b: number): void {
  const { flags } = machine;
  const isUnordered = Number.isNaN(a) || Number.isNaN(b);
  flags.zero = isUnordered || a === b;
  flags.carry = isUnordered || a < b;
  flags.parity = isUnordered;
  flags.sign = false;
  flags.overflow = false;
}
for (const opcode of [0x2e, 0x2f]) {
  table.vector(1, opcode, 'x66', (machine, i) => {
    compare(machine, toDouble(machine.vector(i.register, 0)), toDouble(loadHalf(machine, i, 0)));
  });
  table.vector(1, opcode, 'none', (machine, i) => {
    compare(machine, toSingle(machine.vector(i.register, 0)), toSingle(loadSingle(machine, i)));
  });
}

// Conversions.
table.vector(1, 0x2a, 'xf2', (machine, i) => {
  setDouble(machine, i, fromDouble(Number(signed(loadOperand(machine, i, i.size), i.size))));
});
table.vector(1, 0x2a, 'xf3', (machine, i) => {
  const value = signed(loadOperand(machine, i, i.size), i.size);
  if (BigInt.asIntN(53, value) !== value) throw new EmulationEnd('an integer rounded twice');
  setSingle(machine, i, fromSingle(Number(value)));
});
for (const [opcode, round] of [
  [0x2c, Math.trunc],
  [0x2d, roundToEven],
] as const) {
  table.vector(1, opcode, 'xf2', (machine, i) => {
    const value = round(toDouble(loadHalf(machine, i, 0)));
    machine.setRegister(i.register, i.size, toInteger(value, generalBytes(i)));
  });
  table.vector(1, opcode, 'xf3', (machine, i) => {
    const value = round(toSingle(loadSingle(machine, i)));
    machine.setRegister(i.register, i.size, toInteger(value, generalBytes(i)));
  });
}
table.vector(1, 0x5a, 'xf2', (machine, i) => {
  setSingle(machine, i, fromSingle(toDouble(loadHalf(machine, i, 0))));
});
table.vector(1, 0x5a, 'xf3', (machine, i) => {
  const value = toSingle(loadSingle(machine, i));
  if (Number.isNaN(value)) throw new EmulationEnd('a NaN of single precision');
  setDouble(machine, i, fromDouble(value));
});
table.vector(
  3,
  0x0b,
  'x66',
  (machine, i) => {
    setDouble(machine, i, roundDouble(loadHalf(machine, i, 0), Number(i.immediate) & 7));
  },
  1,
);
