/**
 * Builtins of a binary without `.symtab` (stripped, as distributions do it). V8's builtins are one block of machine code
 * in `.text`, described by a table in `.rodata` (src/snapshot/embedded/embedded-data.h, EmbeddedData::LayoutDescription):
 *
 *     { u32 offset in the block, u32 length, … }     one for each builtin, in the order of their ids
 *
 * Neither has a symbol then, but both can be known by their looks. The table: as many rows as the version has builtins, of
 * ascending offsets that leave no gaps but for alignment. The block: `JSEntry` begins with a sequence of instructions that
 * nothing else has, and its two siblings must stand where the table says. Names come by id from builtin-names.ts. A table
 * with another number of rows is not believed: then its ids mean something else.
 */
import type { ElfFile, Segment } from '../memory/elf.ts';
import type { Address } from '../memory/source.ts';
import { builtinNamesOf } from './builtin-names.ts';
import type { KnownV8Version } from './constants.ts';
import type { Builtin } from './node-binary.ts';

/** Bytes of a row. */
const rowBytes: Record<KnownV8Version, number> = {
  '10.2': 28,
  '11.3': 32,
  '12.4': 12,
  '13.6': 12,
  '14.6': 12,
};
/** kCodeAlignment is 64; a builtin may be followed by padding up to that, and by as much again. */
const maxGapBytes = 128;
/** push rbp; mov rbp,rsp; push ENTRY*2; sub rsp,8; push r12 … rbx (Generate_JSEntryVariant). */
const entryCode = Buffer.from('554889e56a024883ec08415441554156415753', 'hex');
/** The frame type differs between JSEntry and JSConstructEntry. */
const entryPrefix = entryCode.subarray(0, 5);
const executableFlag = 1;
/** Read at once; a table across the border of two blocks is found in the second one, which begins before it ends. */
const blockBytes = 16 << 20;

/** @returns the builtins at addresses of the file, sorted; null when they cannot be told with certainty */
export function findEmbeddedBuiltins(elf: ElfFile, version: KnownV8Version): Builtin[] | null {
  const names = builtinNamesOf(version);
  const entryId = names.indexOf('JSEntry');
  const table = findTable(elf, rowBytes[version], names.length);
  if (table === null || entryId < 0) return null;
  const siblings = ['JSConstructEntry', 'JSRunMicrotasksEntry'].map((name) => names.indexOf(name));
  const entryOffset = table[entryId]?.offset ?? 0;
  for (const entry of findCode(elf, entryCode)) {
    const block = entry - entryOffset;
    const areInPlace = siblings.every((id) =>
      elf.readAddress(block + (table[id]?.offset ?? 0), entryPrefix.length)?.equals(entryPrefix),
    );
    if (areInPlace)
      return names.map((name, id) => {
        const { offset, length } = table[id] ?? { offset: 0, length: 0 };
        return { name, start: block + offset, end: block + offset + length };
      });
  }
  return null;
}

/** True when the file holds these bytes as constants. */
export function holdsConstant(elf: ElfFile, bytes: Buffer): boolean {
  return elf.loadSegments.some((segment) =>
    someBlock(elf, segment, bytes.length, (block) => block.includes(bytes)),
  );
}

interface Row {
  readonly offset: number;
  readonly length: number;
}

function findTable(elf: ElfFile, stride: number, count: number): Row[] | null {
  let found: Row[] | null = null;
  // Where the linker keeps constants apart from code, they are in a segment before or behind it.
  const byKind = elf.loadSegments.toSorted(
    (a, b) => (a.flags & executableFlag) - (b.flags & executableFlag),
  );
  byKind.some((segment) =>
    someBlock(elf, segment, stride * (count + 1), (block) => {
      found = findRows(block, stride / 4, count);
      return found !== null;
    }),
  );
  return found;
}

function findRows(block: Buffer, stride: number, count: number): Row[] | null {
  // Large buffers are not from the pool, and begin at a multiple of 8.
  if (block.byteOffset % 4 !== 0) return null;
  const words = new Uint32Array(block.buffer, block.byteOffset, block.length >> 2);
  const last = words.length - stride * count;
  for (let start = 0; start <= last; start++) {
    // The first builtin stands at the start of the block, and the second not far behind it.
    if (words[start] !== 0 || words[start + 1] === 0) continue;
    const rows = countRows(words, start, stride, count + 1);
    if (rows !== count) continue;
    return Array.from({ length: count }, (_, id) => ({
      offset: words[start + id * stride] ?? 0,
      length: words[start + id * stride + 1] ?? 0,
    }));
  }
  return null;
}

/** Rows that go on where the one before ends; stops behind `most`. */
function countRows(words: Uint32Array, start: number, stride: number, most: number): number {
  let rows = 0;
  let end = 0;
  for (let at = start; at + 1 < words.length && rows < most; at += stride) {
    const offset = words[at] ?? 0;
    const length = words[at + 1] ?? 0;
    if (length === 0 || offset < end || offset > end + maxGapBytes) break;
    end = offset + length;
    rows++;
  }
  return rows;
}

function findCode(elf: ElfFile, code: Buffer): Address[] {
  const found: Address[] = [];
  for (const segment of elf.loadSegments)
    if ((segment.flags & executableFlag) !== 0)
      someBlock(elf, segment, code.length, (block, address) => {
        for (let at = block.indexOf(code); at >= 0; at = block.indexOf(code, at + 1))
          found.push(address + at);
        return false;
      });
  return found;
}

/** Goes through a segment block by block; blocks overlap by `overlap` bytes. Ends when `test` says true. */
function someBlock(
  elf: ElfFile,
  { fileOffset, fileBytes, address }: Segment,
  overlap: number,
  test: (block: Buffer, address: Address) => boolean,
): boolean {
  for (let at = 0; at < fileBytes; at += blockBytes) {
    const length = Math.min(blockBytes + overlap, fileBytes - at);
    if (test(elf.readFile(fileOffset + at, length), address + at)) return true;
  }
  return false;
}
