/** The copy of a report that is written: only what MessagePack knows, and nothing that another reader chokes on. */
import { limits } from '../limits.ts';

export interface CopyBounds {
  /** Keys whose values become empty (arrays, maps) or absent (the rest), wherever they stand. */
  readonly dropped?: readonly string[];
  readonly maxElements?: number;
  readonly maxStringChars?: number;
}

/** Fields that make the format recursive; beyond the depth limit they are cut. */
const recursiveKeys = ['properties', 'cause', 'errors'];
/** Below a recursive field stand a few levels more: variable, value, its texts. */
const recursionLimit = limits.maxReportDepth - 8;
const loneSurrogate = /\p{Cs}/gu;

/**
 * Copies a value without what has no place in a report: absent fields, functions, numbers that are none. Strings
 * become well-formed Unicode: a torn surrogate pair would be invalid UTF-8 in the file.
 * @returns the copy and the number of values in it
 */
export function copyPlain(value: unknown, bounds: CopyBounds): { value: unknown; nodes: number } {
  let nodes = 0;
  const visit = (item: unknown, depth: number): unknown => {
    nodes++;
    if (typeof item === 'string') {
      return item.slice(0, bounds.maxStringChars).replace(loneSurrogate, '\ufffd');
    }
    if (typeof item === 'bigint') {
      return String(item);
    }
    if (typeof item !== 'object' || item === null) {
      return isPlain(item) ? item : null;
    }
    if (depth > limits.maxReportDepth) {
      return null;
    }
    if (Array.isArray(item)) {
      return (item as unknown[])
        .slice(0, bounds.maxElements)
        .map((element) => visit(element, depth + 1));
    }
    const copy: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(item as Record<string, unknown>)) {
      const kept = isKept(key, depth, bounds) ? field : emptied(field);
      if (isPlain(kept) && key !== '__proto__') {
        nodes++;
        copy[key.replace(loneSurrogate, '\ufffd')] = visit(kept, depth + 1);
      }
    }
    return copy;
  };
  return { value: visit(value, 0), nodes };
}

function isKept(key: string, depth: number, bounds: CopyBounds): boolean {
  if (bounds.dropped?.includes(key) === true) {
    return false;
  }
  return depth < recursionLimit || !recursiveKeys.includes(key);
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
