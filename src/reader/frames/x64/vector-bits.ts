/** Instructions on the bits of vector registers: masks for signs, halves of doubles. */
import type { Instruction } from './decode.ts';
import type { Machine } from './machine.ts';
import { loadOperand, storeOperand, Table } from './operands.ts';
import { EmulationEnd, masks } from './words.ts';

const table = new Table();
export const vectorBitRows = table.rows;

type Combine = (a: bigint, b: bigint) => bigint;

function loadHalf(machine: Machine, { other, address }: Instruction, half: 0 | 1): bigint {
  return other === null ? machine.load(address + BigInt(half * 8), 8) : machine.vector(other, half);
}

/** The same for both halves of two vectors. */
function addHalves(opcode: number, prefix: 'none' | 'x66', combine: Combine): void {
  table.vector(1, opcode, prefix, (machine, i) => {
    const low = combine(machine.vector(i.first, 0), loadHalf(machine, i, 0));
    const high = combine(machine.vector(i.first, 1), loadHalf(machine, i, 1));
    machine.setVector(i.register, low, high);
  });
}

const and: Combine = (a, b) => a & b;
const andNot: Combine = (a, b) => ~a & b & masks[8];
const or: Combine = (a, b) => a | b;
const xor: Combine = (a, b) => a ^ b;
[and, andNot, or, xor].forEach((combine, n) => {
  for (const prefix of ['none', 'x66'] as const) addHalves(0x54 + n, prefix, combine);
});
addHalves(0xdb, 'x66', and);
addHalves(0xdf, 'x66', andNot);
addHalves(0xeb, 'x66', or);
addHalves(0xef, 'x66', xor);
addHalves(0xd4, 'x66', (a, b) => (a + b) & masks[8]);
addHalves(0xfb, 'x66', (a, b) => (a - b) & masks[8]);
// pcmpeqd: all ones where 32 bits are equal. Of a register with itself it makes all ones.
addHalves(0x76, 'x66', (a, b) => {
  const differing = a ^ b;
  const low = (differing & masks[4]) === 0n ? masks[4] : 0n;
  const high = differing >> 32n === 0n ? masks[4] : 0n;
  return (high << 32n) | low;
});

// psrlq and psllq by an immediate.
table.vector(
  1,
  0x73,
  'x66',
  (machine, { register, other, immediate, first, isVex }) => {
    const operation = register & 7;
    if (other === null || (operation !== 2 && operation !== 6))
      throw new EmulationEnd('unknown vector shift');
    const by = BigInt.asUintN(8, immediate);
    const shift = (word: bigint) =>
      by > 63n ? 0n : operation === 2 ? word >> by : (word << by) & masks[8];
    const destination = isVex ? first : other;
    machine.setVector(
      destination,
      shift(machine.vector(other, 0)),
      shift(machine.vector(other, 1)),
    );
  },
  1,
);

// movmskpd: the two signs.
table.vector(1, 0x50, 'x66', (machine, { register, other }) => {
  if (other === null) throw new EmulationEnd('movmskpd of memory');
  const signs = (machine.vector(other, 0) >> 63n) | ((machine.vector(other, 1) >> 63n) << 1n);
  machine.setRegister(register, 8, signs);
});
// unpcklpd
table.vector(1, 0x14, 'x66', (machine, i) => {
  machine.setVector(i.register, machine.vector(i.first, 0), loadHalf(machine, i, 0));
});

// pinsrd, pinsrq, pextrd, pextrq: one part of a vector.
table.vector(
  3,
  0x22,
  'x66',
  (machine, i) => {
    const { size, index, half, shift } = part(i);
    const value = loadOperand(machine, i, size);
    const before = machine.vector(i.first, half);
    const after = (before & ~(masks[size] << shift) & masks[8]) | (value << shift);
    if (index * size < 8) machine.setVector(i.register, after, machine.vector(i.first, 1));
    else machine.setVector(i.register, machine.vector(i.first, 0), after);
  },
  1,
);
table.vector(
  3,
  0x16,
  'x66',
  (machine, i) => {
    const { size, half, shift } = part(i);
    storeOperand(machine, i, size, (machine.vector(i.register, half) >> shift) & masks[size]);
  },
  1,
);

function part({ size, immediate }: Instruction) {
  const bytes = size === 8 ? 8 : 4;
  const index = Number(immediate) & (16 / bytes - 1);
  const half: 0 | 1 = index * bytes < 8 ? 0 : 1;
  return { size: bytes, index, half, shift: BigInt((index * bytes) % 8) * 8n } as const;
}
