/** The unwind tables: every operation that compilers and the C library use, and garbage in place of tables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveMemory } from '#dist/reader/memory/live.js';
import { type Mapping, readMaps } from '#dist/reader/memory/maps.js';
import { PagedMemory } from '#dist/reader/memory/paged.js';
import type { Address, MemorySource } from '#dist/reader/memory/source.js';
import { livePlaces } from '#dist/reader/memory/symbol-file.js';
import { evaluateExpression } from '#dist/reader/native-frames/expression.js';
import { runFrameProgram } from '#dist/reader/native-frames/frame-rules.js';
import { NativeModules } from '#dist/reader/native-frames/native-module.js';
import { NativeUnwinder } from '#dist/reader/native-frames/native-unwinder.js';
import { MalformedTable, TableBytes } from '#dist/reader/native-frames/table-bytes.js';

const none: MemorySource = { read: () => 0 };

function rulesAt(program: readonly number[], pc: number): ReturnType<typeof runFrameProgram> {
  const common = {
    codeAlignment: 1,
    dataAlignment: -8,
    returnRegister: 16,
    pointerEncoding: 0x1b,
    isSignalFrame: false,
    hasAugmentation: true,
    // def_cfa rsp+8; return address at CFA-8
    program: new TableBytes(Buffer.from([0x0c, 7, 8, 0x90, 1]), 0, 0),
  };
  const bytes = new TableBytes(Buffer.from(program), 0, 0);
  return runFrameProgram({ start: 1000, end: 2000, common, program: bytes }, pc);
}

test('a function that pushes rbp, uses it as frame pointer, and returns twice', () => {
  // push rbp; mov rbp, rsp; pop rbp; ret; the other way
  const program = [
    0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x50, 0x0a, 0x0c, 7, 8, 0xc6, 0x41, 0x0b,
  ];
  assert.deepEqual(rulesAt(program, 1000).cfa, { kind: 'offset', register: 7, offset: 8 });
  assert.deepEqual(rulesAt(program, 1001).cfa, { kind: 'offset', register: 7, offset: 16 });
  assert.deepEqual(rulesAt(program, 1004).cfa, { kind: 'offset', register: 6, offset: 16 });
  assert.deepEqual(rulesAt(program, 1004).registers.get(6), { kind: 'at-offset', offset: -16 });
  assert.deepEqual(rulesAt(program, 1020).cfa, { kind: 'offset', register: 7, offset: 8 });
  assert.equal(rulesAt(program, 1020).registers.has(6), false);
  assert.deepEqual(rulesAt(program, 1021).cfa, { kind: 'offset', register: 6, offset: 16 });
  assert.deepEqual(rulesAt(program, 1021).registers.get(16), { kind: 'at-offset', offset: -8 });
});

test('every other rule', () => {
  const program = [
    0x07, 16, 0x08, 3, 0x09, 12, 13, 0x05, 14, 3, 0x11, 15, 0x7e, 0x14, 3, 2, 0x10, 6, 1, 0x30, 0x16, 7, 1, 0x31,
    0x02, 200, 0x03, 0, 1, 0x04, 0, 0, 0, 0, 0x2e, 16, 0x13, 0x7e, 0x12, 7, 0x7f, 0x0f, 2, 0x77, 8,
  ]; // prettier-ignore
  const { registers, cfa } = rulesAt(program, 1999);
  assert.deepEqual(Object.fromEntries(registers), {
    3: { kind: 'is-offset', offset: -16 },
    6: { kind: 'at-expression', expression: Buffer.from([0x30]) },
    7: { kind: 'is-expression', expression: Buffer.from([0x31]) },
    12: { kind: 'register', register: 13 },
    14: { kind: 'at-offset', offset: -24 },
    15: { kind: 'at-offset', offset: 16 },
    16: { kind: 'undefined' },
  });
  assert.deepEqual(cfa, { kind: 'expression', expression: Buffer.from([0x77, 8]) });
});

test('wrong programs are refused', () => {
  for (const program of [[0x0b], [0x0d], [0x3f, 1], [0x0f, 200, 1], [0x80], Array(200).fill(0x0a)])
    assert.throws(() => rulesAt(program as number[], 1999), MalformedTable);
});

test('expressions: the stub of the procedure linkage table, memory, arithmetic, endless loops', () => {
  const registers = Array.from({ length: 17 }, (_, i) => i * 1000);
  const memory = new PagedMemory(none);
  const value = (...code: number[]): number =>
    evaluateExpression(Buffer.from(code), null, registers, memory);
  // rsp + 8 + (rip % 16 >= 11) * 8, as linkers write it for .plt
  const plt = [0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22];
  registers[16] = 16_010;
  assert.equal(value(...plt), 7008);
  registers[16] = 16_011;
  assert.equal(value(...plt), 7016);
  assert.equal(value(0x09, 0xfe, 0x1f), 2); // negate
  assert.equal(value(0x31, 0x12, 0x22, 0x35, 0x16, 0x1c), 3); // dup, plus, swap, minus
  assert.equal(value(0x92, 6, 0x78), 5992); // bregx rbp - 8
  assert.equal(value(0x31, 0x28, 1, 0, 0x96, 0x35), 5); // bra over a nop
  for (const code of [[0x2f, 0xfd, 0xff], [0x22], [0xff], [0x06], Array(100).fill(0x30)])
    assert.throws(() => value(...(code as number[])));
});

test('garbage in headers, tables and stacks: the walk ends, with a reason, and never throws', () => {
  const live = new LiveMemory(process.pid);
  const mappings = readMaps(process.pid);
  const code = mappings.filter(({ executable, path }) => executable && path.startsWith('/'));
  const ends = new Map<string, number>();
  for (let seed = 1; seed <= 1_500; seed++) {
    const dice = new Dice(seed);
    const modules = new NativeModules(new TornMemory(live, dice, code), livePlaces(process.pid));
    const memory = new PagedMemory(new TornMemory(live, dice, []));
    const isJavaScript = (): boolean => false;
    const unwinder = new NativeUnwinder({ modules, mappings, memory, isJavaScript });
    const mapping = code[dice.below(code.length)];
    assert.ok(mapping);
    const registers = Array.from({ length: 17 }, () => anywhere(dice, mappings));
    registers[16] = mapping.start + dice.below(mapping.end - mapping.start);
    const { frames, end } = unwinder.unwind(registers, dice.below(2) === 0, 64);
    assert.ok(frames.length <= 64);
    if (seed % 50 === 0)
      for (const { module, pc, functionStart } of frames) module?.symbolAt(pc, functionStart);
    const words = typeof end === 'string' ? end : end.reason.replace(/\d[\da-fx]*/g, '#');
    ends.set(words, (ends.get(words) ?? 0) + 1);
  }
  assert.ok(ends.size >= 8, JSON.stringify([...ends]));
});

function anywhere(dice: Dice, mappings: readonly Mapping[]): number {
  const mapping = mappings[dice.below(mappings.length)];
  if (mapping === undefined || dice.below(4) === 0)
    return dice.below(2 ** 31) * 2 ** dice.below(32);
  return mapping.start + dice.below(mapping.end - mapping.start);
}

/** Linear congruential: the same for the same seed. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }
}

/** Real memory in which some words are wrong and some pages gone; code is never looked at, so it is left alone. */
class TornMemory implements MemorySource {
  readonly #source: MemorySource;
  readonly #dice: Dice;
  readonly #code: readonly Mapping[];

  constructor(source: MemorySource, dice: Dice, code: readonly Mapping[]) {
    this.#source = source;
    this.#dice = dice;
    this.#code = code;
  }

  read(address: Address, out: Uint8Array): number {
    const copied = this.#source.read(address, out);
    if (this.#code.some(({ start, end }) => address >= start && address < end)) return copied;
    const dice = this.#dice.below(12);
    if (dice === 0) return 0;
    const wrong = dice < 4 ? this.#dice.below(40) : dice < 6 ? 1 : 0;
    for (let i = 0; i < wrong; i++) out[this.#dice.below(out.length)] = this.#dice.below(256);
    return copied;
  }
}
