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
  const map = readToken(bytes, 0);
  if (!map.isMap) {
    throw new ScanFault('it does not begin with a MessagePack map', 0);
  }
  const budget = { nodes: limits.maxReportNodes };
  let offset = map.next;
  for (let entry = 0; entry < map.children / 2; entry++) {
    const key = readToken(bytes, offset);
    if (!key.isString) {
      throw new ScanFault('a map has a key that is not a string', offset);
    }
    const start = key.next;
    const end = scanValue(bytes, start, budget);
    yield { key: bytes.toString('utf8', start - key.payloadBytes, start), start, end };
    offset = end;
  }
  if (offset < bytes.length) {
    throw new ScanFault('bytes follow the end of the report', offset);
  }
}

/** @returns the offset behind the value that starts at `start` */
function scanValue(bytes: Buffer, start: number, budget: { nodes: number }): number {
  /** For each open map or array: how many tokens are left, and whether the next one is a key. */
  const open: { left: number; readonly isMap: boolean }[] = [];
  let offset = start;
  do {
    const parent = open.at(-1);
    const isKey = parent?.isMap === true && parent.left % 2 === 0;
    const token = readToken(bytes, offset);
    if (isKey && !token.isString) {
      throw new ScanFault('a map has a key that is not a string', offset);
    }
    if (--budget.nodes < 0) {
      throw new ScanFault(`it holds more than ${limits.maxReportNodes} values`, offset);
    }
    if (parent !== undefined) {
      parent.left--;
    }
    if (token.children > 0) {
      open.push({ left: token.children, isMap: token.isMap });
      if (open.length > limits.maxReportDepth) {
        throw new ScanFault(`it is nested deeper than ${limits.maxReportDepth} levels`, offset);
      }
    }
    offset = token.next;
    while (open.at(-1)?.left === 0) {
      open.pop();
    }
  } while (open.length > 0);
  return offset;
}

/** One head byte with its length field and, for strings and binaries, the payload. */
interface Token {
  /** Offset behind the token; a container's children follow there. */
  readonly next: number;
  /** Tokens that belong to a container: twice the entries of a map. */
  readonly children: number;
  readonly isMap: boolean;
  readonly isString: boolean;
  readonly payloadBytes: number;
}

function readToken(bytes: Buffer, offset: number): Token {
  const head = bytes[offset];
  if (head === undefined) {
    throw cutAt(bytes);
  }
  if (head <= 0x7f || head >= 0xe0) {
    return scalar(bytes, offset + 1);
  }
  if (head <= 0x8f) {
    return container(bytes, offset + 1, head & 0x0f, true);
  }
  if (head <= 0x9f) {
    return container(bytes, offset + 1, head & 0x0f, false);
  }
  if (head <= 0xbf) {
    return payload(bytes, offset + 1, head & 0x1f, true);
  }
  return readWideToken(bytes, offset, head);
}

/** Sizes of the numbers 0xca to 0xd3: float 32, float 64, uint 8 to 64, int 8 to 64. */
const numberBytes = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8];

function readWideToken(bytes: Buffer, offset: number, head: number): Token {
  const at = offset + 1;
  if (head === 0xc0 || head === 0xc2 || head === 0xc3) {
    return scalar(bytes, at);
  }
  if (head >= 0xca && head <= 0xd3) {
    return scalar(bytes, at + (numberBytes[head - 0xca] ?? 0));
  }
  if (head >= 0xc4 && head <= 0xc6) {
    const width = 1 << (head - 0xc4);
    return payload(bytes, at + width, readLength(bytes, at, width), false);
  }
  if (head >= 0xd9 && head <= 0xdb) {
    const width = 1 << (head - 0xd9);
    return payload(bytes, at + width, readLength(bytes, at, width), true);
  }
  if (head >= 0xdc) {
    const width = head % 2 === 0 ? 2 : 4;
    return container(bytes, at + width, readLength(bytes, at, width), head >= 0xde);
  }
  throw new ScanFault(`the byte 0x${head.toString(16)} begins no value of a report`, offset);
}

function readLength(bytes: Buffer, offset: number, width: number): number {
  if (offset + width > bytes.length) {
    throw cutAt(bytes);
  }
  return bytes.readUIntBE(offset, width);
}

function scalar(bytes: Buffer, next: number): Token {
  return payload(bytes, next, 0, false);
}

function payload(bytes: Buffer, start: number, length: number, isString: boolean): Token {
  const next = start + length;
  if (next > bytes.length) {
    throw cutAt(bytes);
  }
  return { next, children: 0, isMap: false, isString, payloadBytes: length };
}

function container(bytes: Buffer, next: number, count: number, isMap: boolean): Token {
  const children = isMap ? count * 2 : count;
  if (next + children > bytes.length) {
    throw cutAt(bytes); // every child takes a byte at least
  }
  return { next, children, isMap, isString: false, payloadBytes: 0 };
}

function cutAt(bytes: Buffer): ScanFault {
  return new ScanFault('it ends in the middle', bytes.length, true);
}
