/**
 * Looks over MessagePack bytes before anything is built from them.
 *
 * A report file is hostile. Five bytes can announce an array of four thousand million elements, and a decoder
 * that believes them runs out of memory before it finds the end of the file. This walk allocates nothing,
 * is bounded by the length of the input, and accepts only what a report is written with: maps with string
 * keys, arrays, strings, binaries, numbers, booleans, nil. https://github.com/msgpack/msgpack/blob/master/spec.md
 */
import { limits } from '../limits.ts';

/** Where and why the walk ended. `offset` counts bytes from the start of the input. */
export class ScanFault extends Error {
  readonly offset: number;
  /** True: the bytes end too early, so that the file was cut. */
  readonly cut: boolean;
  constructor(message: string, offset: number, cut = false) {
    super(message);
    this.offset = offset;
    this.cut = cut;
  }
}

/** One entry of the outermost map: its value occupies bytes `start` to `end`. */
export interface EntrySpan {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Walks the entries of the outermost map, one after the other, so that a caller may stop early.
 * @throws ScanFault when the bytes are not such a map, or go on behind it
 */
export function* scanEntries(bytes: Buffer): Generator<EntrySpan, void> {
  const token = new Token();
  token.read(bytes, 0);
  if (!token.isMap) {
    throw new ScanFault('it does not begin with a MessagePack map', 0);
  }
  const budget = { nodes: limits.maxReportNodes };
  const entries = token.children / 2;
  let offset = token.next;
  for (let entry = 0; entry < entries; entry++) {
    token.read(bytes, offset);
    if (!token.isString) {
      throw new ScanFault('a map has a key that is not a string', offset);
    }
    const start = token.next;
    const key = bytes.toString('utf8', start - token.payloadBytes, start);
    const end = scanValue(bytes, start, budget);
    yield { key, start, end };
    offset = end;
  }
  if (offset < bytes.length) {
    throw new ScanFault('bytes follow the end of the report', offset);
  }
}

/** Values that may still be met; shared by the values of one file. */
export interface ScanBudget {
  nodes: number;
}

/**
 * Walks one value.
 * @returns the offset behind the value that starts at `start`
 * @throws ScanFault
 */
export function scanValue(bytes: Buffer, start: number, budget: ScanBudget): number {
  /** For each open map or array: how many tokens are left, and whether every other one is a key. */
  const left: number[] = [];
  const isMap: boolean[] = [];
  const token = new Token();
  let depth = 0;
  let offset = start;
  do {
    token.read(bytes, offset);
    if (depth > 0) {
      const tokensLeft = left[depth - 1] ?? 0;
      if (isMap[depth - 1] === true && tokensLeft % 2 === 0 && !token.isString) {
        throw new ScanFault('a map has a key that is not a string', offset);
      }
      left[depth - 1] = tokensLeft - 1;
    }
    if (--budget.nodes < 0) {
      throw new ScanFault(`it holds more than ${limits.maxReportNodes} values`, offset);
    }
    if (token.children > 0) {
      if (depth === limits.maxReportDepth) {
        throw new ScanFault(`it is nested deeper than ${limits.maxReportDepth} levels`, offset);
      }
      left[depth] = token.children;
      isMap[depth] = token.isMap;
      depth++;
    }
    offset = token.next;
    while (depth > 0 && left[depth - 1] === 0) depth--;
  } while (depth > 0);
  return offset;
}

/** One head byte with its length field and, for strings and binaries, the payload. One object for all tokens of a walk: there are a million. */
class Token {
  /** Offset behind the token; a container's children follow there. */
  next = 0;
  /** Tokens that belong to a container: twice the entries of a map. */
  children = 0;
  isMap = false;
  isString = false;
  payloadBytes = 0;

  read(bytes: Buffer, offset: number): void {
    const head = bytes[offset];
    if (head === undefined) throw cutAt(bytes);
    if (head <= 0x7f || head >= 0xe0) this.#payload(bytes, offset + 1, 0, false);
    else if (head <= 0x8f) this.#container(bytes, offset + 1, head & 0x0f, true);
    else if (head <= 0x9f) this.#container(bytes, offset + 1, head & 0x0f, false);
    else if (head <= 0xbf) this.#payload(bytes, offset + 1, head & 0x1f, true);
    else this.#wide(bytes, offset, head);
  }

  #wide(bytes: Buffer, offset: number, head: number): void {
    const at = offset + 1;
    if (head === 0xc0 || head === 0xc2 || head === 0xc3) this.#payload(bytes, at, 0, false);
    else if (head >= 0xca && head <= 0xd3) {
      this.#payload(bytes, at + (numberBytes[head - 0xca] ?? 0), 0, false);
    } else if (head >= 0xc4 && head <= 0xc6) {
      const width = 1 << (head - 0xc4);
      this.#payload(bytes, at + width, readLength(bytes, at, width), false);
    } else if (head >= 0xd9 && head <= 0xdb) {
      const width = 1 << (head - 0xd9);
      this.#payload(bytes, at + width, readLength(bytes, at, width), true);
    } else if (head >= 0xdc) {
      const width = head % 2 === 0 ? 2 : 4;
      this.#container(bytes, at + width, readLength(bytes, at, width), head >= 0xde);
    } else {
      throw new ScanFault(`the byte 0x${head.toString(16)} begins no value of a report`, offset);
    }
  }

  #payload(bytes: Buffer, start: number, length: number, isString: boolean): void {
    const next = start + length;
    if (next > bytes.length) throw cutAt(bytes);
    this.next = next;
    this.children = 0;
    this.isMap = false;
    this.isString = isString;
    this.payloadBytes = length;
  }

  #container(bytes: Buffer, next: number, count: number, isMap: boolean): void {
    const children = isMap ? count * 2 : count;
    if (next + children > bytes.length) throw cutAt(bytes); // every child takes a byte at least
    this.next = next;
    this.children = children;
    this.isMap = isMap;
    this.isString = false;
    this.payloadBytes = 0;
  }
}

/** Sizes of the numbers 0xca to 0xd3: float 32, float 64, uint 8 to 64, int 8 to 64. */
const numberBytes = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8];

function readLength(bytes: Buffer, offset: number, width: number): number {
  if (offset + width > bytes.length) {
    throw cutAt(bytes);
  }
  return bytes.readUIntBE(offset, width);
}

function cutAt(bytes: Buffer): ScanFault {
  return new ScanFault('it ends in the middle', bytes.length, true);
}
