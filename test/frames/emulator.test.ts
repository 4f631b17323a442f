/** Single instructions with results worked out by hand from the processor's manual. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { registerSetBytes } from '#dist/native.js';
import { execute, fetch } from '#dist/reader/frames/x64/emulator.js';
import { toDouble } from '#dist/reader/frames/x64/floats.js';
import { Machine } from '#dist/reader/frames/x64/machine.js';
import { EmulationEnd } from '#dist/reader/frames/x64/words.js';
import { PagedMemory } from '#dist/reader/memory/paged.js';
import { UnreadableMemory } from '#dist/reader/memory/source.js';

const codeAt = 0x10000;
const dataAt = 0x20000;
const rax = 0;
const rcx = 1;
const rdx = 2;
const rsp = 4;
const minusOne = 0xffffffffffffffffn;

/** Two pages: code, and zeros. */
function machineWith(code: string): Machine {
  const bytes = Buffer.alloc(4096);
  Buffer.from(code.replaceAll(' ', ''), 'hex').copy(bytes);
  const memory = new PagedMemory({
    read: (address, out) => {
      if (address !== codeAt && address !== dataAt) return 0;
      if (address === codeAt) out.set(bytes);
      else out.fill(0);
      return out.byteLength;
    },
  });
  const machine = new Machine(memory, Buffer.alloc(registerSetBytes));
  machine.rip = codeAt;
  return machine;
}

function run(code: string, registers: Record<number, bigint> = {}, doubles: number[] = []) {
  const machine = machineWith(code);
  for (const [number, value] of Object.entries(registers)) machine.general[Number(number)] = value;
  doubles.forEach((value, i) => {
    machine.vectors[i * 2] = bitsOf(value);
  });
  const end = codeAt + code.replaceAll(' ', '').length / 2;
  while (machine.rip >= codeAt && machine.rip < end) execute(machine, fetch(machine));
  return machine;
}

function bitsOf(value: number): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes.readBigUInt64LE();
}

/** Letters of the flags that are set; those not defined in brackets. */
function flagsOf({ flags }: Machine): string {
  const all = { C: flags.carry, P: flags.parity, Z: flags.zero, S: flags.sign, O: flags.overflow };
  return Object.entries(all)
    .map(([letter, flag]) => (flag === null ? `(${letter})` : flag ? letter : ''))
    .join('');
}

suite('integers', () => {
  const cases: [string, string, Record<number, bigint>, bigint, string][] = [
    ['add eax, ecx wraps at 32 bits', '01 c8', { 0: minusOne, 1: 1n }, 0n, 'CPZ'],
    ['add rax, rcx overflows', '48 01 c8', { 0: (1n << 63n) - 1n, 1: 1n }, 1n << 63n, 'PSO'],
    ['add al, cl keeps the rest', '00 c8', { 0: 0x1234ffn, 1: 2n }, 0x123401n, 'C'],
    ['sub eax, 1 borrows', '83 e8 01', { 0: 0n }, 0xffffffffn, 'CPS'],
    ['cmp keeps the register', '48 39 c8', { 0: 5n, 1: 7n }, 5n, 'CS'],
    ['neg of the smallest', 'f7 d8', { 0: 0x80000000n }, 0x80000000n, 'CPSO'],
    ['inc keeps the carry', '01 c8 ff c0', { 0: 0xffffffffn, 1: 1n }, 1n, 'C'],
    ['sar rax, 32', '48 c1 f8 20', { 0: 0xfffffffe80000000n }, 0xfffffffffffffffen, 'CS(O)'],
    ['shl eax, cl', 'd3 e0', { 0: 0x80000001n, 1: 33n }, 2n, 'C(O)'],
    ['shift by nothing clears the upper half', 'd3 e0', { 0: minusOne, 1: 32n }, 0xffffffffn, ''],
    ['rol eax, 8', 'c1 c0 08', { 0: 0x12345678n }, 0x34567812n, '(O)'],
    ['imul eax, ecx overflows', '0f af c1', { 0: 0x10000n, 1: 0x10000n }, 0n, 'C(P)(Z)(S)O'],
    ['imul rax, rcx, -3', '48 6b c1 fd', { 1: 5n }, minusOne - 14n, '(P)(Z)(S)'],
    ['movsxd', '48 63 c1', { 1: 0x80000000n }, 0xffffffff80000000n, ''],
    ['movzx of a byte', '0f b6 c1', { 0: minusOne, 1: 0x1ffn }, 0xffn, ''],
    ['mov ax keeps the rest', '66 b8 34 12', { 0: minusOne }, 0xffffffffffff1234n, ''],
    ['lea does no more than add', '48 8d 44 48 ff', { 0: 10n, 1: 3n }, 15n, ''],
    ['lea rip-relative', '48 8d 05 10 00 00 00', {}, BigInt(codeAt + 7 + 16), ''],
    ['cmovl clears the upper half when not moved', '0f 4c c1', { 0: minusOne }, 0xffffffffn, ''],
    ['cmp, setg', '39 c8 0f 9f c0', { 0: 1n, 1: 0xffffffffn }, 1n, 'C'],
    ['bt rax, 33', '48 0f ba e0 21', { 0: 1n << 33n }, 1n << 33n, 'C(P)(S)(O)'],
    ['jump over', 'eb 05 b8 01 00 00 00', { 0: 9n }, 9n, ''],
  ];
  for (const [name, code, before, result, flags] of cases)
    test(name, () => {
      const machine = run(code, before);
      assert.equal(machine.general[rax], result);
      assert.equal(flagsOf(machine), flags);
    });

  test('idiv rounds towards zero', () => {
    const machine = run('99 f7 f9', { 0: 0xfffffff9n, 1: 2n });
    assert.equal(machine.register(rax, 8), 0xfffffffdn);
    assert.equal(machine.register(rdx, 8), 0xffffffffn);
  });
  test('mul has its upper half in rdx', () => {
    const machine = run('48 f7 e1', { 0: minusOne, 1: 3n });
    assert.deepEqual([machine.general[rax], machine.general[rdx]], [minusOne - 2n, 2n]);
  });
  test('push, pop, call and ret', () => {
    // call over a jump to the end, to a move and ret
    const code = '51 5a e8 02 00 00 00 eb 04 48 89 c8 c3';
    const machine = run(code, { 1: 77n, 4: BigInt(dataAt + 64) });
    assert.deepEqual([machine.general[rax], machine.general[rdx]], [77n, 77n]);
    assert.equal(machine.memory.word(dataAt + 56), BigInt(codeAt + 7));
    assert.equal(machine.general[rsp], BigInt(dataAt + 64));
  });
  test('memory with base, index and displacement, our copy only', () => {
    const machine = run('48 89 4c c2 10 48 8b 44 c2 10', { 0: 2n, 1: 0xabcdn, 2: BigInt(dataAt) });
    assert.equal(machine.memory.word(dataAt + 32), 0xabcdn);
  });
  test('a word across the border of 32-bit parts', () => {
    const machine = run('c7 42 03 78 56 34 12 8b 42 01', { 2: BigInt(dataAt) });
    assert.equal(machine.general[rax], 0x56780000n);
  });
});

suite('doubles', () => {
  const nan = 0x7ff8000000000000n;
  const cases: [string, string, number[], number][] = [
    ['vaddsd xmm0, xmm1, xmm2', 'c5 f3 58 c2', [0, 0.1, 0.2], 0.1 + 0.2],
    ['divsd xmm0, xmm1', 'f2 0f 5e c1', [1, 3], 1 / 3],
    ['vsqrtsd', 'c5 fb 51 c1', [0, 2], Math.SQRT2],
    ['maxsd of two zeros is the second', 'f2 0f 5f c1', [0, -0], -0],
    ['vroundsd down', 'c4 e3 79 0b c1 09', [0, -0.5], -1],
    ['vroundsd to even', 'c4 e3 79 0b c1 08', [0, 2.5], 2],
    ['vxorpd with itself', 'c5 f9 57 c0', [5], 0],
    ['a mask for the sign', 'c4 41 01 76 ff c4 c1 01 73 d7 01 c4 c1 79 54 c7', [-7.5], 7.5],
    ['cvtsd2ss and back', 'f2 0f 5a c1 f3 0f 5a c0', [0, 0.1], Math.fround(0.1)],
  ];
  for (const [name, code, before, result] of cases)
    test(name, () => {
      const machine = run(code, {}, before);
      assert.ok(Object.is(toDouble(machine.vector(0, 0)), result));
    });

  test('comparison of numbers and of NaN', () => {
    assert.equal(flagsOf(run('c5 f9 2e c1', {}, [1, 2])), 'C');
    assert.equal(flagsOf(run('c5 f9 2e c1', {}, [2, 1])), '');
    assert.equal(flagsOf(run('c5 f9 2e c1', {}, [2, 2])), 'Z');
    assert.equal(flagsOf(run('c5 f9 2e c1', {}, [NaN, 2])), 'CPZ');
  });
  test('a NaN keeps its bits, an invalid operation gives the negative one', () => {
    const machine = machineWith('f2 0f 58 c1');
    machine.vectors[2] = nan | 42n;
    execute(machine, fetch(machine));
    assert.equal(machine.vector(0, 0), nan | 42n);
    assert.equal(run('f2 0f 5e c1', {}, [0, 0]).vector(0, 0), nan | (1n << 63n));
  });
  test('a remainder on the float stack', () => {
    // fld [rdx]; fld [rdx+8]; fprem; fnstsw ax; sahf; jp -7; fstp st1; fstp [rdx]
    const code = 'dd 02 dd 42 08 d9 f8 df e0 9e 7a f9 dd d9 dd 1a';
    for (const [a, b] of [
      [1e300, 7],
      [-5.5, 2],
      [5e-324 * 12345, 5e-324 * 100],
      [-6, 3],
      [0.5, 1e308],
    ] as const) {
      const machine = machineWith(code);
      machine.general[rdx] = BigInt(dataAt);
      machine.store(BigInt(dataAt), 8, bitsOf(b));
      machine.store(BigInt(dataAt + 8), 8, bitsOf(a));
      while (machine.rip < codeAt + code.split(' ').length) execute(machine, fetch(machine));
      assert.equal(machine.memory.word(dataAt), bitsOf(a % b), `${a} % ${b}`);
    }
  });
  test('to integers and from them', () => {
    assert.equal(run('f2 0f 2c c0', {}, [-3.9]).general[rax], 0xfffffffdn);
    assert.equal(run('f2 48 0f 2c c0', {}, [1e300]).general[rax], 1n << 63n);
    const machine = run('c4 e1 fb 2a c1', { 1: (1n << 53n) + 1n });
    assert.equal(toDouble(machine.vector(0, 0)), 2 ** 53);
    assert.equal(machine.register(rcx, 8), (1n << 53n) + 1n);
  });
});

suite('what is not known for certain ends it', () => {
  const cases: [string, string][] = [
    ['a system call', '0f 05'],
    ['an atomic instruction', 'f0 48 0f b1 0a'],
    ['an illegal instruction', '0f 0b'],
    ['a breakpoint', 'cc'],
    ['256-bit vectors', 'c5 fd 58 c0'],
    ['thread-local memory', '64 48 8b 04 25 28 00 00 00'],
    ['ah', '00 e0'],
    ['a jump on an undefined flag', '0f af c1 74 00'],
    ['a division by zero', '99 f7 f9'],
    ['a bit of memory by a register', '48 0f a3 0a'],
  ];
  for (const [name, code] of cases)
    test(name, () => {
      assert.throws(() => run(code), EmulationEnd);
    });
  test('memory that cannot be read or is beyond user space', () => {
    assert.throws(() => run('48 8b 01', { 1: 0x30000n }), UnreadableMemory);
    assert.throws(() => run('48 89 01', { 1: 0x30000n }), UnreadableMemory);
    assert.throws(() => run('48 8b 01', { 1: minusOne }), UnreadableMemory);
  });
  test('unusual floating-point modes', () => {
    const registers = Buffer.alloc(registerSetBytes);
    registers.writeUInt32LE(0x8000, 27 * 8 + 24);
    const memory = new PagedMemory({ read: () => 0 });
    assert.throws(() => new Machine(memory, registers), EmulationEnd);
  });
});
