/**
 * Walks the sections of a report file. Whatever the bytes hold, it comes to their end: a section that was damaged is passed over,
 * a file that was cut ends early, and both are told.
 */
import { limits } from '../limits.ts';
import { ScanFault, type ScanBudget, scanValue } from './scan.ts';
import { type SectionHead, checksumBytes, checksumOf, headMark, maxHeadBytes } from './sections.ts';
import { unpack } from './unpack.ts';

/** One section whose checksum is right. */
export interface Section {
  readonly head: SectionHead;
  /** Undefined when nobody wants it. */
  readonly value: unknown;
}

/** What the walk could not read. */
export interface Damage {
  /** `cut`: the bytes end · `damaged`: they are not what was written. */
  readonly kind: 'cut' | 'damaged';
  /** Name of the section when it is known. */
  readonly section?: string;
  readonly offset: number;
}

/** A walk over one file. */
export class SectionReader {
  readonly damages: Damage[] = [];
  /** True when the end mark was read. */
  isEnded = false;
  readonly #bytes: Buffer;
  #triesLeft = maxTries;
  readonly #budget: ScanBudget = { nodes: limits.maxReportNodes };

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Sections in the order of the file. */
  *sections(): Generator<Section, void> {
    const bytes = this.#bytes;
    let offset = 0;
    let left = maxSections;
    while (offset < bytes.length && !this.isEnded && left-- > 0) {
      const head = this.#readHead(offset);
      if (head === 'cut') {
        this.#note({ kind: 'cut', offset: bytes.length });
        return;
      }
      if (head === null) {
        this.#note({ kind: 'damaged', offset });
        offset = this.#nextHead(offset + 1);
        continue;
      }
      const { section } = head.fields;
      const end = head.end + head.fields.bytes;
      if (end > bytes.length) {
        const next = this.#nextHead(head.end);
        // A length that points behind the end is a cut, unless there is a section where its value should be.
        const isCut = next === bytes.length;
        this.#note({ kind: isCut ? 'cut' : 'damaged', section, offset: isCut ? end : offset });
        offset = next;
        continue;
      }
      const value = this.#readValue(head, offset, end);
      if (value === null) {
        this.#note({ kind: 'damaged', section, offset });
        offset = this.#nextHead(head.end);
        continue;
      }
      if (section === 'end') this.isEnded = true;
      yield { head: head.fields, value: value.value };
      offset = end;
    }
    if (!this.isEnded) this.#note({ kind: 'cut', offset: bytes.length });
  }

  #note(damage: Damage): void {
    if (this.damages.length < maxDamages) this.damages.push(damage);
  }

  /** @returns null when there is no head, `cut` when it may go on behind the bytes */
  #readHead(offset: number): { readonly fields: SectionHead; readonly end: number } | 'cut' | null {
    const window = this.#bytes.subarray(offset, offset + maxHeadBytes);
    if (!headMark.subarray(0, window.length - 1).equals(window.subarray(1, 1 + headMark.length))) {
      return null;
    }
    try {
      const length = scanValue(window, 0, { nodes: maxHeadNodes });
      const fields = unpack(window.subarray(0, length));
      return isHead(fields) ? { fields, end: offset + length } : null;
    } catch (error) {
      if (!(error instanceof ScanFault)) throw error;
      return error.cut && window.length < maxHeadBytes ? 'cut' : null;
    }
  }

  /** @returns null when the value is not what was written */
  #readValue(
    head: { readonly fields: SectionHead; readonly end: number },
    start: number,
    end: number,
  ): { readonly value: unknown } | null {
    const value = this.#bytes.subarray(head.end, end);
    const checked = this.#bytes.subarray(start, head.end - checksumBytes);
    if (checksumOf(checked, value) !== head.fields.crc32) return null;
    try {
      if (scanValue(value, 0, this.#budget) !== value.length) return null;
    } catch (error) {
      if (error instanceof ScanFault && this.#budget.nodes >= 0) return null;
      throw error;
    }
    return { value: unpack(value) };
  }

  /** Where the next head may begin; the end when there is none. */
  #nextHead(from: number): number {
    let mark = this.#bytes.indexOf(headMark, from + 1);
    // The word may stand in a value as well.
    while (mark !== -1 && this.#triesLeft > 0 && this.#readHead(mark - 1) === null) {
      this.#triesLeft -= 1;
      mark = this.#bytes.indexOf(headMark, mark + 1);
    }
    return mark === -1 || this.#triesLeft === 0 ? this.#bytes.length : mark - 1;
  }
}

/** Sections of one file; ours have some hundred. */
const maxSections = 200_000;
/** Places looked at for a section behind a damaged one. */
const maxTries = 100_000;
/** Damages told of one file; a file of nothing but heads would have a million. */
const maxDamages = 100;
/** Values in a head: five entries, and a path. */
const maxHeadNodes = 24;

/** Stands at the front of a file of format 1, which was one map. */
const firstKeyOfFormat1 = 'formatVersion';

/** True for the bytes of a file of sections, however early it ends and even when its first bytes are damaged. */
export function hasSections(bytes: Buffer): boolean {
  const [first] = bytes;
  if (first === undefined) return true;
  const start = bytes.subarray(1, 1 + headMark.length);
  if (first >= 0x80 && first <= 0x8f && headMark.subarray(0, start.length).equals(start))
    return true;
  return !bytes.subarray(0, 32).includes(firstKeyOfFormat1) && bytes.includes(headMark);
}

function isHead(value: unknown): value is SectionHead {
  if (typeof value !== 'object' || value === null) return false;
  const { section, into, from, bytes, crc32 } = value as Record<string, unknown>;
  return (
    typeof section === 'string' &&
    isCount(bytes) &&
    isCount(crc32) &&
    (from === undefined || (isCount(from) && from < limits.maxReportNodes)) &&
    (into === undefined || isPath(into))
  );
}

function isPath(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= 8 &&
    value.every((key) => isCount(key) || (typeof key === 'string' && key !== '__proto__'))
  );
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
