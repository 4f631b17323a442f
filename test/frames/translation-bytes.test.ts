/** Translations made by hand for what the vectors lack, and bytes that are none: the decoder ends and says so. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  findDeoptimizationPoint,
  safepointTableBytes,
} from '#dist/reader/frames/deoptimization-point.js';
import type { TranslatedInterpretedFrame } from '#dist/reader/frames/translated-frame.js';
import { decodeTranslation, type TranslationResult } from '#dist/reader/frames/translation.js';
import {
  type TranslationEncoding,
  translationEncodings,
  type TranslationOpcodeName,
} from '#dist/reader/layout/translation-opcodes.js';
import { encodingOf, loadVectors, parameterCountIn, vectorNodes } from './vector.ts';

const encodings = Object.values(translationEncodings);
const v13 = translationEncodings['13.6'];

type Written = readonly [TranslationOpcodeName, ...number[]];

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return [...bytes, value];
}

function signed(value: number): number[] {
  return unsigned(Math.abs(value) * 2 + (value < 0 ? 1 : 0));
}

function write(encoding: TranslationEncoding, instructions: readonly Written[]): Uint8Array {
  return Uint8Array.from(
    instructions.flatMap(([name, ...operands]) => {
      const number = encoding.opcodes.findIndex((opcode) => opcode.name === name);
      const names = encoding.opcodes[number]?.operands ?? [];
      assert.equal(operands.length, names.length, name);
      const isUnsigned = names.map((operand) => encoding.unsignedOperands.has(operand));
      return [
        ...(encoding.hasSignedOpcodes ? signed(number) : [number]),
        ...operands.flatMap((value, i) =>
          isUnsigned[i] === true ? unsigned(value) : signed(value),
        ),
      ];
    }),
  );
}

/** One function without parameters. */
function decodeOne(bytes: Uint8Array, start = 0): TranslatedInterpretedFrame {
  const result = decodeTranslation(bytes, start, v13, () => 1);
  assert.ok(result.isDecoded, JSON.stringify(result));
  const [frame] = result.frames;
  assert.ok(frame?.kind === 'interpreted' && result.frames.length === 1);
  return frame;
}

function faultOf(instructions: readonly Written[], start = 0): string {
  const result = decodeTranslation(write(v13, instructions), start, v13, () => 1);
  return result.isDecoded ? 'decoded' : result.fault;
}

const values = (count: number): Written[] => Array.from({ length: count }, () => ['OPTIMIZED_OUT']);

suite('translations written by hand', () => {
  test('slots lie below the frame pointer, arguments above it', () => {
    const frame = decodeOne(
      write(v13, [
        ['BEGIN', 0, 1, 1],
        ['INTERPRETED', 12, 3, 0, 1],
        ['TAGGED_SLOT', 3],
        ['TAGGED_SLOT', -1],
        ['LITERAL', 2],
        ['HOLEY_DOUBLE_SLOT', 300],
        ['DOUBLE_REGISTER', 4],
      ]),
    );
    assert.deepEqual(frame.closure, { kind: 'tagged-slot', slot: 3, fpOffset: -16 });
    assert.deepEqual(frame.receiver, { kind: 'tagged-slot', slot: -1, fpOffset: 16 });
    assert.deepEqual(frame.registers, [{ kind: 'holey-double-slot', slot: 300, fpOffset: -2392 }]);
    assert.deepEqual(frame.accumulator, { kind: 'register', representation: 'double', code: 4 });
    assert.equal(frame.bytecodeOffset, 12);
    assert.equal(frame.functionLiteral, 3);
  });

  test('registers that a running call will fill are named', () => {
    const begin: Written = ['BEGIN', 0, 1, 1];
    const pair = write(v13, [begin, ['INTERPRETED_WITH_RETURN', 0, 0, 0, 5, 3, 2], ...values(9)]);
    assert.deepEqual(decodeOne(pair).pendingRegisters, { first: 2, count: 2 });
    const plain = write(v13, [begin, ['INTERPRETED_WITH_RETURN', 0, 0, 0, 5, 0, 1], ...values(9)]);
    assert.equal(decodeOne(plain).pendingRegisters, null);
  });
});

suite('what instructions refer to', () => {
  test('repetitions take the instructions at their own places of the earlier translation', () => {
    const basis = write(v13, [
      ['BEGIN_WITH_FEEDBACK', 0, 1, 1],
      ['UPDATE_FEEDBACK', 1, 1],
      ['INTERPRETED', 7, 1, 0, 2],
      ['LITERAL', 10],
      ['LITERAL', 11],
      ['LITERAL', 12],
      ['LITERAL', 13],
      ['LITERAL', 14],
      ['LITERAL', 15],
    ]);
    const repeating = write(v13, [
      ['BEGIN_WITH_FEEDBACK', basis.length, 1, 1],
      ['UPDATE_FEEDBACK', 1, 2],
      ['MATCH_PREVIOUS', 2],
      ['LITERAL', 99],
    ]);
    const short = v13.opcodes.length + 4;
    const frame = decodeOne(Uint8Array.from([...basis, ...repeating, short]), basis.length);
    assert.deepEqual(
      [frame.closure, frame.receiver, frame.context, ...frame.registers, frame.accumulator].map(
        (value) => (value.kind === 'literal' ? value.index : value.kind),
      ),
      [10, 99, 12, 13, 14, 15],
    );
  });

  test('objects are numbered as V8 numbers them: duplicates take a number too', () => {
    const bytes = write(v13, [
      ['BEGIN', 0, 1, 1],
      ['INTERPRETED', 0, 0, 0, 3],
      ...values(3),
      ['CAPTURED_OBJECT', 2],
      ['LITERAL', 1],
      ['DUPLICATED_OBJECT', 0],
      ['STRING_CONCAT'],
      ['LITERAL', 2],
      ['STRING_CONCAT'],
      ['LITERAL', 3],
      ['LITERAL', 4],
      ['DUPLICATED_OBJECT', 1],
      ...values(1),
    ]);
    const [object, text, again] = decodeOne(bytes).registers;
    assert.deepEqual(object, {
      kind: 'captured-object',
      id: 0,
      fields: [
        { kind: 'literal', index: 1 },
        { kind: 'duplicated-object', id: 0 },
      ],
    });
    assert.ok(
      text?.kind === 'string-concat' && text.id === 2 && text.right.kind === 'string-concat',
    );
    assert.deepEqual(again, { kind: 'duplicated-object', id: 0 });
  });
});

suite('bytes that are no translation', () => {
  const frame: Written = ['INTERPRETED', 0, 0, 0, 0];
  test('each kind of nonsense has its name', () => {
    assert.equal(faultOf([['LITERAL', 1]]), 'unexpected-opcode');
    assert.equal(faultOf([['BEGIN', 0, 1, 1], frame]), 'truncated');
    assert.equal(faultOf([['BEGIN', 9, 1, 1]]), 'bad-reference');
    assert.equal(
      faultOf([
        ['BEGIN', 0, 1, 1],
        ['MATCH_PREVIOUS', 1],
      ]),
      'bad-reference',
    );
    assert.equal(faultOf([['BEGIN', 0, -1, 1]]), 'bad-reference');
    assert.equal(faultOf([['BEGIN', 0, 1e6, 1]]), 'over-limit');
    assert.equal(faultOf([['BEGIN', 0, 1, 1], frame, ...values(5)]), 'unexpected-opcode');
    const unknown = decodeTranslation(Uint8Array.of(120), 0, translationEncodings['10.2'], () => 1);
    assert.deepEqual(unknown, { isDecoded: false, fault: 'unknown-opcode', offset: 1 });
    assert.equal(decodeTranslation(new Uint8Array(), 0, v13, () => 1).isDecoded, false);
    for (const start of [-1, 1e9, 0.5, Number.NaN])
      assert.equal(decodeTranslation(write(v13, [frame]), start, v13, () => 1).isDecoded, false);
  });

  test('counts and nesting beyond all sense end early', () => {
    const huge: Written = ['INTERPRETED', 0, 0, 0, 4e9];
    assert.equal(faultOf([['BEGIN', 0, 1, 1], huge, ...values(30)]), 'over-limit');
    const deep = Array.from({ length: 5_000 }, (): Written => ['CAPTURED_OBJECT', 1]);
    assert.equal(faultOf([['BEGIN', 0, 1, 1], frame, ...deep]), 'over-limit');
    const count = decodeTranslation(
      write(v13, [['BEGIN', 0, 1, 1], frame, ...values(4)]),
      0,
      v13,
      () => Number.NaN,
    );
    assert.ok(!count.isDecoded && count.fault === 'bad-reference');
  });
});

/** Mulberry32. */
function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function randomBytes(random: () => number, length: number, below = 256): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random() * below));
}

/** Either frames, or a fault inside the bytes. */
function checkResult(result: TranslationResult, bytes: Uint8Array): void {
  if (result.isDecoded) assert.ok(result.frames.length >= 0);
  else assert.ok(result.offset >= 0 && result.offset <= bytes.length);
}

suite('garbage', () => {
  for (const encoding of encodings) {
    test(`random bytes as V8 ${encoding.version}`, () => {
      const random = seeded(0x5eed);
      let faults = 0;
      for (let round = 0; round < 3_000; round++) {
        // Small bytes are opcodes more often than not.
        const bytes = randomBytes(random, Math.floor(random() * 160), round % 2 === 0 ? 256 : 50);
        const begin = encoding.opcodes.findIndex((opcode) => opcode.name === 'BEGIN');
        bytes.set([encoding.hasSignedOpcodes ? begin * 2 : begin].slice(0, bytes.length));
        const result = decodeTranslation(bytes, 0, encoding, () => 1 + Math.floor(random() * 4));
        checkResult(result, bytes);
        if (!result.isDecoded) faults++;
      }
      assert.ok(faults > 2_000);
    });
  }

  for (const node of vectorNodes) {
    test(`node ${node}: real translations cut short or with one byte changed`, () => {
      const random = seeded(Number(node));
      let faults = 0;
      for (const vector of loadVectors(node)) {
        const whole = Buffer.from(vector.translations, 'hex');
        const encoding = encodingOf(vector);
        for (let at = 0; at < whole.length; at++) {
          const changed = Buffer.from(whole);
          changed[at] = Math.floor(random() * 256);
          for (const bytes of [whole.subarray(0, at), changed]) {
            const start = Math.floor(random() * Math.max(at, 1));
            for (const from of [0, start]) {
              const result = decodeTranslation(bytes, from, encoding, parameterCountIn(vector));
              checkResult(result, bytes);
              if (!result.isDecoded) faults++;
            }
          }
        }
      }
      assert.ok(faults > 100);
    });
  }

  test('random safepoint tables and deoptimisation data', () => {
    const random = seeded(7);
    for (let round = 0; round < 5_000; round++) {
      const encoding = encodings[round % encodings.length] ?? v13;
      const bytes = randomBytes(random, Math.floor(random() * 80), round % 3 === 0 ? 256 : 12);
      const tier = round % 2 === 0 ? 'maglev' : 'turbofan';
      const elements = {
        length: Math.floor(random() * 60),
        smi: () => (random() < 0.2 ? null : Math.floor(random() * 40) - 5),
      };
      const point = findDeoptimizationPoint(elements, encoding, Math.floor(random() * 40), {
        tier,
        bytes,
      });
      if (point !== null) assert.ok(point.translationIndex >= 0);
      const size = safepointTableBytes(tier, bytes, encoding);
      assert.ok(size === null || size >= 0);
    }
  });
});
