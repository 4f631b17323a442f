/** The copy of a part of a report that is written: only what MessagePack knows, nothing that another reader chokes on, and no more than was allowed. */
import { limits } from '../limits.ts';

/** How much of a part is copied. */
export interface CopyBounds {
  /** Keys whose values become empty (arrays) or absent (the rest), wherever they stand. */
  readonly dropped?: readonly string[];
  readonly maxElements?: number;
  readonly maxStringChars?: number;
}

/** A copy with what it takes. */
export interface PlainCopy {
  readonly value: unknown;
  /** Not fewer than it takes in the file. */
  readonly bytes: number;
  /** Values in it, itself and keys included. */
  readonly nodes: number;
}

/** Fields that make the format recursive; beyond the depth limit they are cut. */
const recursiveKeys = ['properties', 'cause', 'errors'];
/** Below a recursive field stand a few levels more: variable, value, its texts. */
const recursionLimit = limits.maxReportDepth - 8;
/** Thrown inside, when the copy would take more than it may. */
class TooLarge extends Error {}

/**
 * Copies a value without what has no place in a report: absent fields, functions, numbers that are none. Strings
 * become well-formed Unicode: a torn surrogate pair would be invalid UTF-8 in the file.
 * @param depth nesting at which the copy will stand in the report
 * @returns null when the copy would take more bytes or values than allowed; found out without making it whole
 */
export function copyPlain(
  value: unknown,
  bounds: CopyBounds,
  allowed: { readonly bytes: number; readonly nodes: number },
  depth = 0,
): PlainCopy | null {
  const copy = new Copy(bounds, allowed);
  try {
    return { value: copy.visit(value, depth), bytes: copy.bytes, nodes: copy.nodes };
  } catch (error) {
    if (error instanceof TooLarge) return null;
    throw error;
  }
}

class Copy {
  bytes = 0;
  nodes = 0;
  readonly #bounds: CopyBounds;
  readonly #allowed: { readonly bytes: number; readonly nodes: number };

  constructor(bounds: CopyBounds, allowed: { readonly bytes: number; readonly nodes: number }) {
    this.#bounds = bounds;
    this.#allowed = allowed;
  }

  visit(item: unknown, depth: number): unknown {
    this.#spend(headBytes(item));
    if (typeof item === 'string') return this.#text(item);
    if (typeof item === 'bigint') return this.#text(String(item));
    if (typeof item !== 'object' || item === null) return isPlain(item) ? item : null;
    if (depth > limits.maxReportDepth) return null;
    return Array.isArray(item) ? this.#list(item, depth) : this.#map(item, depth);
  }

  #list(list: readonly unknown[], depth: number): unknown[] {
    const length = Math.min(list.length, this.#bounds.maxElements ?? list.length);
    const copy: unknown[] = [];
    for (let index = 0; index < length; index++) copy.push(this.visit(list[index], depth + 1));
    return copy;
  }

  #map(map: object, depth: number): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(map) as [string, unknown][]) {
      const kept = this.#isKept(key, depth) ? field : emptied(field);
      if (!isPlain(kept) || key === '__proto__') continue;
      this.#spend(headBytes(key));
      copy[this.#text(key)] = this.visit(kept, depth + 1);
    }
    return copy;
  }

  #text(text: string): string {
    const max = this.#bounds.maxStringChars ?? text.length;
    const cut = text.length > max ? `${text.slice(0, max)}…` : text;
    if (cut.length > this.#allowed.bytes) throw new TooLarge();
    const whole = cut.isWellFormed() ? cut : cut.toWellFormed();
    this.bytes += Buffer.byteLength(whole);
    return whole;
  }

  #spend(bytes: number): void {
    this.bytes += bytes;
    this.nodes += 1;
    if (this.bytes > this.#allowed.bytes || this.nodes > this.#allowed.nodes) throw new TooLarge();
  }

  #isKept(key: string, depth: number): boolean {
    if (this.#bounds.dropped?.includes(key) === true) return false;
    return depth < recursionLimit || !recursiveKeys.includes(key);
  }
}

/** What MessagePack takes for an item, without characters and elements. */
function headBytes(item: unknown): number {
  if (typeof item === 'string') return item.length < 11 ? 1 : item.length < 86 ? 2 : 5;
  if (typeof item === 'number') {
    if (!Number.isInteger(item)) return 9;
    const size = Math.abs(item);
    return size < 32 ? 1 : size < 0x8000 ? 3 : size < 0x8000_0000 ? 5 : 9;
  }
  if (Array.isArray(item)) return item.length < 16 ? 1 : 5;
  return typeof item === 'object' && item !== null ? 3 : typeof item === 'bigint' ? 5 : 1;
}

function emptied(field: unknown): unknown {
  return Array.isArray(field) ? [] : undefined;
}

function isPlain(item: unknown): boolean {
  return (
    item !== undefined &&
    typeof item !== 'function' &&
    typeof item !== 'symbol' &&
    (typeof item !== 'number' || Number.isFinite(item))
  );
}
