/**
 * From a program counter in optimised code to the translation that describes the frame there. The safepoint table,
 * right behind the machine code, has the row number; it also knows the frames whose code was given up while they
 * were running: V8 has then replaced their return addresses by those of trampolines.
 */
import { limits } from '../../limits.ts';
import { deoptimizationEntry, type TranslationEncoding } from '../layout/translation-opcodes.ts';

/** The DeoptimizationData array, as far as it is read. */
export interface DeoptimizationElements {
  readonly length: number;
  /** Null when the element is not a small integer, or cannot be read. */
  smi(index: number): number | null;
}

export interface DeoptimizationPoint {
  /** Where the translation starts: for decodeTranslation(). */
  readonly translationIndex: number;
  /** Of the innermost function; -1 and below for continuations. */
  readonly bytecodeOffset: number;
  /** Offset of the return address proper; differs from the pc when that is a trampoline. */
  readonly returnOffset: number;
}

export interface SafepointTable {
  readonly tier: 'maglev' | 'turbofan';
  /** From the end of the machine code on; may be longer than the table. */
  readonly bytes: Uint8Array;
}

/**
 * @param pcOffset return address, or trampoline, less the start of the machine code
 * @param safepoints null: only the rows are searched, which finds no point in Maglev code
 * @returns null for a place that the code cannot be left at, such as a call of a builtin that never deoptimises
 */
export function findDeoptimizationPoint(
  elements: DeoptimizationElements,
  encoding: TranslationEncoding,
  pcOffset: number,
  safepoints: SafepointTable | null,
): DeoptimizationPoint | null {
  const safepoint = safepoints === null ? null : findSafepoint(safepoints, encoding, pcOffset);
  if (safepoint !== null)
    return safepoint.row < 0 ? null : readRow(elements, encoding, safepoint.row, safepoint.pc);
  const rows = Math.floor((elements.length - encoding.data.firstEntry) / deoptimizationEntry.size);
  for (let row = 0; row < Math.min(rows, limits.maxDeoptimizationRows); row++) {
    const first = encoding.data.firstEntry + row * deoptimizationEntry.size;
    // Maglev's rows hold the trampoline here: equal only when the code was given up.
    if (elements.smi(first + deoptimizationEntry.pc) === pcOffset)
      return readRow(elements, encoding, row, pcOffset);
  }
  return null;
}

function readRow(
  elements: DeoptimizationElements,
  encoding: TranslationEncoding,
  row: number,
  returnOffset: number,
): DeoptimizationPoint | null {
  const first = encoding.data.firstEntry + row * deoptimizationEntry.size;
  if (first + deoptimizationEntry.size > elements.length) return null;
  const translationIndex = elements.smi(first + deoptimizationEntry.translation);
  const bytecodeOffset = elements.smi(first + deoptimizationEntry.bytecodeOffset);
  if (translationIndex === null || bytecodeOffset === null || translationIndex < 0) return null;
  return { translationIndex, bytecodeOffset, returnOffset };
}

/** Bytes of the header, enough to tell how long the table is. */
export const safepointHeaderBytes = 16;

/**
 * How long the safepoint table is, by its first bytes.
 * @param head at least `safepointHeaderBytes`
 * @returns null when they are no header of a table
 */
export function safepointTableBytes(
  tier: SafepointTable['tier'],
  head: Uint8Array,
  encoding: TranslationEncoding,
): number | null {
  const shape = readShape({ tier, bytes: head }, encoding);
  return shape === null ? null : shape.firstEntry + shape.length * shape.entryBytes;
}

interface Safepoint {
  readonly pc: number;
  /** Row of DeoptimizationData; -1: none. */
  readonly row: number;
}

interface SafepointShape {
  readonly length: number;
  readonly firstEntry: number;
  readonly entryBytes: number;
  readonly pcBytes: number;
  /** Of the row number; null when no entry has one. */
  readonly rowBytes: number | null;
}

function readShape(table: SafepointTable, encoding: TranslationEncoding): SafepointShape | null {
  const { bytes, tier } = table;
  const header = encoding.safepoints[tier];
  if (bytes.length < header.bytes) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getInt32(header.length, true);
  const configuration = view.getUint32(header.configuration, true);
  const hasRows = (configuration & 1) === 1;
  const registerBytes = (configuration >>> 1) & 7;
  const pcBytes = (configuration >>> 4) & 7;
  const rowBytes = (configuration >>> 7) & 7;
  const isPlausible = registerBytes <= 4 && pcBytes <= 4 && rowBytes <= 4;
  if (length < 0 || length > limits.maxDeoptimizationRows || !isPlausible) return null;
  const rowData = hasRows ? rowBytes + pcBytes : 0;
  return {
    length,
    firstEntry: header.bytes,
    entryBytes: pcBytes + rowData + header.extraBytes + registerBytes,
    pcBytes,
    rowBytes: hasRows ? rowBytes : null,
  };
}

/** Null when the table has no such entry, or makes no sense. */
function findSafepoint(
  table: SafepointTable,
  encoding: TranslationEncoding,
  pcOffset: number,
): Safepoint | null {
  const shape = readShape(table, encoding);
  if (shape === null) return null;
  const { bytes } = table;
  const { pcBytes, rowBytes } = shape;
  for (let entry = 0; entry < shape.length; entry++) {
    const at = shape.firstEntry + entry * shape.entryBytes;
    if (at + shape.entryBytes > bytes.length) return null;
    const pc = unsigned(bytes, at, pcBytes);
    if (rowBytes === null) {
      if (pc === pcOffset) return { pc, row: -1 };
      continue;
    }
    // Both were stored plus one, so that "none" is zero.
    const row = unsigned(bytes, at + pcBytes, rowBytes) - 1;
    const trampoline = unsigned(bytes, at + pcBytes + rowBytes, pcBytes) - 1;
    if (pc === pcOffset || trampoline === pcOffset) return { pc, row };
  }
  return null;
}

function unsigned(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let index = size - 1; index >= 0; index--) value = value * 256 + (bytes[at + index] ?? 0);
  return value;
}
