/**
 * .eh_frame by address: the description (FDE) of the function that holds a program counter, found by binary search in
 * .eh_frame_hdr. Source: Linux Standard Base Core 5.0, 10.6; DWARF 5, 6.4.1.
 *
 *   .eh_frame_hdr   version 1, three encodings, pointer to .eh_frame, count, then sorted pairs (function, FDE),
 *                   each two signed 32-bit distances from the header itself
 *   FDE             length, distance back to its CIE, first address, length in bytes, augmentation, program
 *   CIE             length, 0, version, augmentation text, alignment factors, return register, augmentation, program
 *
 * Both lie in loaded segments, so they are read from the target's memory: it does not matter whether the file is still
 * there, or in which mount namespace.
 */
import { limits } from '../../limits.ts';
import type { PagedMemory } from '../memory/paged.ts';
import type { Address } from '../memory/source.ts';
import { MalformedTable, omitted, TableBytes } from './table-bytes.ts';

/** What all functions of one compilation share. */
export interface CommonEntry {
  readonly codeAlignment: number;
  readonly dataAlignment: number;
  readonly returnRegister: number;
  /** DW_EH_PE encoding of addresses in its functions' entries. */
  readonly pointerEncoding: number;
  /** The kernel built this frame to deliver a signal: what it interrupted is not a call. */
  readonly isSignalFrame: boolean;
  /** Augmentation begins with z: entries carry a length to skip by. */
  readonly hasAugmentation: boolean;
  readonly program: TableBytes;
}

/** One function. */
export interface FunctionEntry {
  readonly start: Address;
  readonly end: Address;
  readonly common: CommonEntry;
  readonly program: TableBytes;
}

/** Data-relative, signed 32 bits: the only form linkers write, and the only one that can be searched. */
const searchableEncoding = 0x3b;
const pairBytes = 8;
const extendedLength = 0xffffffff;

export class FrameTable {
  readonly #memory: PagedMemory;
  readonly #header: Address;
  readonly #pairs: Address;
  readonly #count: number;
  readonly #commonEntries = new Map<Address, CommonEntry>();

  /** @throws UnreadableMemory, MalformedTable */
  constructor(memory: PagedMemory, header: Address) {
    this.#memory = memory;
    this.#header = header;
    const bytes = new TableBytes(memory.bytes(header, 32), header, header);
    const version = bytes.u8();
    const [tableEncoding, countEncoding, pairEncoding] = [bytes.u8(), bytes.u8(), bytes.u8()];
    if (version !== 1 || countEncoding === omitted || pairEncoding !== searchableEncoding)
      throw new MalformedTable('its unwind table has no index');
    bytes.pointer(tableEncoding);
    this.#count = Math.min(bytes.extent(countEncoding), limits.maxUnwindEntries);
    this.#pairs = bytes.address;
  }

  /** Null when no entry covers `pc`. @throws UnreadableMemory, MalformedTable */
  find(pc: Address): FunctionEntry | null {
    let low = 0;
    let high = this.#count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (this.#header + this.#memory.i32(this.#pairs + middle * pairBytes) <= pc) low = middle + 1;
      else high = middle - 1;
    }
    if (high < 0) return null;
    const entry = this.#readFunction(
      this.#header + this.#memory.i32(this.#pairs + high * pairBytes + 4),
    );
    return pc >= entry.start && pc < entry.end ? entry : null;
  }

  #readFunction(address: Address): FunctionEntry {
    const bytes = this.#readEntry(address);
    const back = bytes.address;
    const distance = bytes.u32();
    if (distance === 0) throw new MalformedTable('the index of the unwind table names no function');
    const common = this.#readCommon(back - distance);
    const start = bytes.pointer(common.pointerEncoding);
    const end = start + bytes.extent(common.pointerEncoding);
    if (common.hasAugmentation) bytes.take(bytes.uleb());
    return { start, end, common, program: bytes };
  }

  #readCommon(address: Address): CommonEntry {
    let common = this.#commonEntries.get(address);
    if (common === undefined) {
      common = parseCommon(this.#readEntry(address));
      this.#commonEntries.set(address, common);
    }
    return common;
  }

  #readEntry(address: Address): TableBytes {
    const length = this.#memory.u32(address);
    if (length === extendedLength || length > limits.maxUnwindEntryBytes || length < 4)
      throw new MalformedTable(`an entry of ${length} bytes in the unwind table`);
    return new TableBytes(this.#memory.bytes(address + 4, length), address + 4, this.#header);
  }
}

function parseCommon(bytes: TableBytes): CommonEntry {
  if (bytes.u32() !== 0)
    throw new MalformedTable('an unwind table entry refers to no common entry');
  const version = bytes.u8();
  if (version !== 1 && version !== 3 && version !== 4)
    throw new MalformedTable(`version ${version} of the unwind table`);
  const augmentation = bytes.text();
  if (version === 4) bytes.u16(); // sizes of addresses and of segment selectors
  const codeAlignment = bytes.uleb();
  const dataAlignment = bytes.sleb();
  const returnRegister = version === 1 ? bytes.u8() : bytes.uleb();
  let pointerEncoding = 0;
  let isSignalFrame = false;
  const hasAugmentation = augmentation.startsWith('z');
  if (!hasAugmentation && augmentation !== '')
    throw new MalformedTable(`augmentation "${augmentation.slice(0, 8)}" of the unwind table`);
  if (hasAugmentation) {
    const end = bytes.uleb() + bytes.position;
    // A letter we do not know may carry data, so nothing behind it can be read; the length leads past all of it.
    letters: for (const letter of augmentation.slice(1)) {
      switch (letter) {
        case 'R':
          pointerEncoding = bytes.u8();
          break;
        case 'L':
          bytes.u8();
          break;
        case 'P':
          bytes.extent(bytes.u8());
          break;
        case 'S':
          isSignalFrame = true;
          break;
        default:
          break letters;
      }
    }
    bytes.seek(end);
  }
  return {
    codeAlignment,
    dataAlignment,
    returnRegister,
    pointerEncoding,
    isSignalFrame,
    hasAugmentation,
    program: bytes,
  };
}
