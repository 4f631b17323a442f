/** Where optimised frames keep their values: frozen pieces of real processes of all five V8 versions. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { suite, test } from 'node:test';
import {
  findDeoptimizationPoint,
  safepointHeaderBytes,
  safepointTableBytes,
} from '#dist/reader/frames/deoptimization-point.js';
import type { TranslatedInterpretedFrame } from '#dist/reader/frames/translated-frame.js';
import { decodeTranslation } from '#dist/reader/frames/translation.js';
import {
  deoptimizationEntry,
  findTranslationEncoding,
  translationEncodings,
} from '#dist/reader/layout/translation-opcodes.js';
import { nodeBinary } from '../harness/node-versions.ts';
import { expectedFrames, type ExpectedFrame } from './expected.ts';
import {
  decodeVector,
  elementsOf,
  encodingOf,
  loadVectors,
  parameterCountIn,
  preview,
  safepointsOf,
  type Vector,
  vectorNodes,
} from './vector.ts';

function describe(vector: Vector, frame: TranslatedInterpretedFrame): ExpectedFrame {
  const literal = vector.literals[frame.functionLiteral];
  const registers = frame.registers.map((value, i) => [i, preview(vector, value)] as const);
  return {
    function: typeof literal === 'object' ? literal.function : '?',
    receiver: preview(vector, frame.receiver),
    parameters: frame.parameters.map((value) => preview(vector, value)),
    registers: Object.fromEntries(registers),
  };
}

function interpretedFrames(vector: Vector): ExpectedFrame[] {
  return decodeVector(vector)
    .frames.filter((frame) => frame.kind === 'interpreted')
    .map((frame) => describe(vector, frame));
}

/** Of the wanted frame only the registers that hold a local are named. */
function pickRegisters(found: ExpectedFrame, wanted: ExpectedFrame | undefined): ExpectedFrame {
  const names = Object.keys(wanted?.registers ?? {}).map(Number);
  const registers = Object.fromEntries(names.map((name) => [name, found.registers[name] ?? '?']));
  return { ...found, registers };
}

for (const node of vectorNodes) {
  suite(`translations of node ${node}`, () => {
    for (const vector of loadVectors(node)) {
      test(`${vector.scenario}, ${vector.tier}: the values the program holds`, () => {
        const expected = expectedFrames[vector.scenario];
        assert.ok(expected !== undefined);
        const found = interpretedFrames(vector);
        assert.deepEqual(
          found.map((frame, i) => pickRegisters(frame, expected[i])),
          expected,
        );
      });

      test(`${vector.scenario}, ${vector.tier}: every row of the code decodes to its very end`, () => {
        const { data } = encodingOf(vector);
        const rows = vector.deoptimizationData.slice(data.firstEntry);
        assert.ok(rows.length >= deoptimizationEntry.size);
        for (let row = 0; row < rows.length; row += deoptimizationEntry.size) {
          const start = rows[row + deoptimizationEntry.translation] ?? -1;
          const bytes = Buffer.from(vector.translations, 'hex');
          const result = decodeTranslation(
            bytes,
            start,
            encodingOf(vector),
            parameterCountIn(vector),
          );
          assert.ok(result.isDecoded, JSON.stringify(result));
        }
      });
    }
  });
}

function vectorOf(node: (typeof vectorNodes)[number], scenario: string, tier: string): Vector {
  const found = loadVectors(node).find((v) => v.scenario === scenario && v.tier === tier);
  assert.ok(found !== undefined);
  return found;
}

function helperFrames(vector: Vector): string[] {
  return decodeVector(vector).frames.flatMap((frame) =>
    frame.kind === 'interpreted'
      ? []
      : `${frame.kind}: ${frame.values.map((value) => preview(vector, value)).join(', ')}`,
  );
}

suite('frames that are no function of the program', () => {
  for (const node of vectorNodes) {
    test(`node ${node}: surplus arguments stand before the function they were passed to`, () => {
      assert.deepEqual(helperFrames(vectorOf(node, 'surplus', 'turbofan')), [
        'inlined-arguments: [Function sumAll], undefined, 20, 1000000000, 30, 40',
      ]);
    });

    test(`node ${node}: forEach stands between caller and callback`, () => {
      const [continuation] = helperFrames(vectorOf(node, 'each', 'turbofan'));
      assert.match(
        continuation ?? '',
        /^js-builtin-continuation: \[Function forEach\], \(3\)\[4, 5, 6\]/,
      );
    });
  }

  test('new is one frame before 12.x and holds the object alone from then on', () => {
    assert.deepEqual(helperFrames(vectorOf('20', 'construct', 'turbofan')), [
      'construct-stub: [Function Square], <hole>, 5, 1000000000, <context>',
      'construct-stub: [Function Shape], Shape {width: 5}, 5, 1000000000, <context>',
    ]);
    assert.deepEqual(helperFrames(vectorOf('24', 'construct', 'turbofan')), [
      'construct-invoke-stub: <hole>, <context>',
      'construct-invoke-stub: Shape {width: 5}, <context>',
    ]);
  });
});

suite('deoptimisation points', () => {
  for (const node of vectorNodes) {
    test(`node ${node}: rows and safepoint table agree on every return address of TurboFan code`, () => {
      for (const vector of loadVectors(node)) {
        if (vector.tier !== 'turbofan') continue;
        const elements = elementsOf(vector);
        const encoding = encodingOf(vector);
        let points = 0;
        for (let i = encoding.data.firstEntry; i < elements.length; i += deoptimizationEntry.size) {
          const pc = elements.smi(i + deoptimizationEntry.pc) ?? -1;
          if (pc < 0) continue;
          points++;
          const byRow = findDeoptimizationPoint(elements, encoding, pc, null);
          const bySafepoint = findDeoptimizationPoint(elements, encoding, pc, safepointsOf(vector));
          assert.deepEqual(bySafepoint, byRow);
        }
        assert.ok(points > 0);
      }
    });

    test(`node ${node}: code given up while it ran is found by its trampoline`, () => {
      const vector = vectorOf(node, 'abandoned', 'turbofan');
      const elements = elementsOf(vector);
      const encoding = encodingOf(vector);
      const { pcOffset } = vector;
      assert.equal(findDeoptimizationPoint(elements, encoding, pcOffset, null), null);
      const point = findDeoptimizationPoint(elements, encoding, pcOffset, safepointsOf(vector));
      assert.ok(point !== null && point.returnOffset < pcOffset);
    });

    test(`node ${node}: a table tells its length, and no place outside it has a point`, () => {
      for (const vector of loadVectors(node)) {
        const table = safepointsOf(vector);
        const head = table.bytes.subarray(0, safepointHeaderBytes);
        const encoding = encodingOf(vector);
        assert.equal(safepointTableBytes(table.tier, head, encoding), table.bytes.length);
        assert.equal(findDeoptimizationPoint(elementsOf(vector), encoding, 7, table), null);
      }
    });
  }

  test('Maglev code has no return addresses in its rows', () => {
    const vector = vectorOf('24', 'inlined', 'maglev');
    const { pcOffset } = vector;
    const elements = elementsOf(vector);
    assert.equal(findDeoptimizationPoint(elements, encodingOf(vector), pcOffset, null), null);
  });
});

suite('encodings', () => {
  for (const node of vectorNodes) {
    test(`node ${node}: operand counts are those in the binary`, () => {
      const [vector] = loadVectors(node);
      assert.ok(vector !== undefined);
      const counts = encodingOf(vector).opcodes.map((opcode) => opcode.operands.length);
      const table = Buffer.from(Int32Array.from(counts).buffer);
      assert.notEqual(fs.readFileSync(nodeBinary(node)).indexOf(table), -1);
    });
  }

  test('a version without a row has none', () => {
    assert.equal(findTranslationEncoding([9, 4]), null);
    assert.equal(findTranslationEncoding([13, 6]), translationEncodings['13.6']);
  });
});
