/**
 * Frozen pieces of real processes: deoptimisation data, safepoint table and stack of one optimised frame each, with the
 * known values of the program that ran. `vectors/program.cjs` is that program; docs/v8-deoptimization.md tells how the
 * pieces were taken.
 */
import fs from 'node:fs';
import path from 'node:path';
import { root } from '../harness/paths.ts';
import {
  type DeoptimizationElements,
  findDeoptimizationPoint,
  type SafepointTable,
} from '#dist/reader/frames/deoptimization-point.js';
import type { TranslatedSlot, TranslatedValue } from '#dist/reader/frames/translated-frame.js';
import { decodeTranslation, type TranslationResult } from '#dist/reader/frames/translation.js';
import {
  findTranslationEncoding,
  type TranslationEncoding,
} from '#dist/reader/layout/translation-opcodes.js';

interface FunctionLiteral {
  readonly function: string;
  /** With the receiver. */
  readonly parameterCount: number;
}

/** A tagged slot stands as the preview of its value, the others as their eight bytes in hex. */
type StackSlot = string | { readonly raw: string };

export interface Vector {
  readonly scenario: string;
  readonly tier: SafepointTable['tier'];
  readonly v8Version: string;
  readonly pcOffset: number;
  /** Small integers only; null for objects. */
  readonly deoptimizationData: readonly (number | null)[];
  readonly translations: string;
  readonly safepoints: string;
  readonly literals: Readonly<Record<string, string | FunctionLiteral>>;
  /** By distance from the frame pointer. */
  readonly stack: Readonly<Record<string, StackSlot>>;
}

export const vectorNodes = ['18', '20', '22', '24', '26'] as const;

export function loadVectors(node: (typeof vectorNodes)[number]): Vector[] {
  const file = path.join(root, 'test/frames/vectors', `node-${node}.json`);
  return JSON.parse(fs.readFileSync(file, 'utf8')) as Vector[];
}

export function encodingOf(vector: Vector): TranslationEncoding {
  const [major = 0, minor = 0] = vector.v8Version.split('.').map(Number);
  const encoding = findTranslationEncoding([major, minor]);
  if (encoding === null) throw new Error(`no row for V8 ${vector.v8Version}`);
  return encoding;
}

export function elementsOf(vector: Vector): DeoptimizationElements {
  const { deoptimizationData } = vector;
  return { length: deoptimizationData.length, smi: (index) => deoptimizationData[index] ?? null };
}

export function safepointsOf(vector: Vector): SafepointTable {
  return { tier: vector.tier, bytes: Buffer.from(vector.safepoints, 'hex') };
}

export function parameterCountIn(vector: Vector): (literal: number) => number {
  return (literal) => {
    const found = vector.literals[literal];
    return typeof found === 'object' ? found.parameterCount : 0;
  };
}

/** The translation of the place where the frame stands. */
export function decodeVector(vector: Vector): Extract<TranslationResult, { isDecoded: true }> {
  const encoding = encodingOf(vector);
  const elements = elementsOf(vector);
  const point = findDeoptimizationPoint(elements, encoding, vector.pcOffset, safepointsOf(vector));
  if (point === null) throw new Error('no deoptimisation point');
  const bytes = Buffer.from(vector.translations, 'hex');
  const start = point.translationIndex;
  const result = decodeTranslation(bytes, start, encoding, parameterCountIn(vector));
  if (!result.isDecoded) throw new Error(`${result.fault} at ${result.offset}`);
  return result;
}

/** The value in words: what a person would read. */
export function preview(vector: Vector, value: TranslatedValue): string {
  if ('fpOffset' in value) return slotPreview(value, vector.stack[value.fpOffset]);
  switch (value.kind) {
    case 'literal': {
      const literal = vector.literals[value.index];
      if (typeof literal !== 'string') throw new Error(`literal ${value.index} is no value`);
      return literal;
    }
    case 'captured-object':
      return `#${value.id}{${value.fields.map((field) => preview(vector, field)).join(' ')}}`;
    case 'duplicated-object':
      return `#${value.id}`;
    case 'arguments-elements':
      return `#${value.id}<${value.arguments} arguments>`;
    case 'string-concat':
      return `#${value.id}(${preview(vector, value.left)} + ${preview(vector, value.right)})`;
    case 'optimized-out':
      return '<optimized out>';
    case 'arguments-length':
    case 'rest-length':
      return `<${value.kind}>`;
    case 'register':
      return `<register ${value.code}>`;
  }
}

function slotPreview(value: TranslatedSlot, slot: StackSlot | undefined): string {
  const kind: string = value.kind;
  if (slot === undefined) throw new Error(`the stack has no such slot for ${kind}`);
  if (typeof slot === 'string') return slot;
  const bytes = Buffer.from(slot.raw, 'hex');
  switch (kind) {
    case 'int32-slot':
      return String(bytes.readInt32LE());
    case 'bool-slot':
      return String(bytes.readUInt32LE() !== 0);
    case 'double-slot':
      return String(bytes.readDoubleLE());
    case 'signed-bigint64-slot':
      return `${bytes.readBigInt64LE().toString()}n`;
    case 'unsigned-bigint64-slot':
      return `${bytes.readBigUInt64LE().toString()}n`;
    default:
      throw new Error(`no vector has a ${kind}`);
  }
}
