/**
 * A cursor over bytes of an unwind table: fixed-size numbers, LEB128, and the encoded pointers of .eh_frame.
 * Source: Linux Standard Base Core 5.0, 10.5 (DWARF extensions); DWARF 5, 7.6.
 */
import type { Address } from '../memory/source.ts';

/** Thrown when a table is not what the format allows. Whoever unwinds turns it into a reason. */
export class MalformedTable extends Error {
  override readonly name = 'MalformedTable';
}

/** Low four bits of a DW_EH_PE byte: the form of the number. */
const forms = { pointer: 0, uleb: 1, u16: 2, u32: 3, u64: 4, sleb: 9, i16: 10, i32: 11, i64: 12 };
/** Bits 4 to 6: what it counts from. */
const bases = { absolute: 0x00, pcRelative: 0x10, dataRelative: 0x30 };
const indirect = 0x80;
/** DW_EH_PE_omit: there is no pointer at all. */
export const omitted = 0xff;
/** LEB128 numbers longer than this have no meaning in 64 bits. */
const maxLebBytes = 10;

export class TableBytes {
  readonly #bytes: Buffer;
  /** Where the first byte lies in the target. */
  readonly #address: Address;
  /** What data-relative pointers count from: the start of .eh_frame_hdr. */
  readonly #dataBase: Address;
  #at = 0;

  constructor(bytes: Buffer, address: Address, dataBase: Address) {
    this.#bytes = bytes;
    this.#address = address;
    this.#dataBase = dataBase;
  }

  get position(): number {
    return this.#at;
  }

  get address(): Address {
    return this.#address + this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#take(2));
  }

  i16(): number {
    return this.#bytes.readInt16LE(this.#take(2));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  i32(): number {
    return this.#bytes.readInt32LE(this.#take(4));
  }

  /** Exact below 2^53. */
  i64(): number {
    return Number(this.#bytes.readBigInt64LE(this.#take(8)));
  }

  i8(): number {
    return this.#bytes.readInt8(this.#take(1));
  }

  uleb(): number {
    return this.#leb(false);
  }

  sleb(): number {
    return this.#leb(true);
  }

  /** The next `length` bytes, shared with the table. */
  take(length: number): Buffer {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** Characters up to a zero byte. */
  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw new MalformedTable('a name in the unwind table has no end');
    const text = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  seek(position: number): void {
    if (!(position >= 0 && position <= this.#bytes.length))
      throw new MalformedTable('an unwind table points out of itself');
    this.#at = position;
  }

  /** A pointer in a DW_EH_PE encoding. An indirect one gives the place where the pointer lies. */
  pointer(encoding: number): Address {
    const from = this.address;
    const value = this.#number(encoding & 0x0f);
    switch (encoding & 0x70) {
      case bases.absolute:
        return value;
      case bases.pcRelative:
        return from + value;
      case bases.dataRelative:
        return this.#dataBase + value;
      default:
        throw new MalformedTable(`pointer encoding 0x${encoding.toString(16)} of the unwind table`);
    }
  }

  /** A length: the form of the encoding without its base. */
  extent(encoding: number): number {
    return this.#number(encoding & 0x0f & ~indirect);
  }

  #number(form: number): number {
    switch (form) {
      case forms.pointer:
      case forms.u64:
      case forms.i64:
        return this.i64();
      case forms.uleb:
        return this.uleb();
      case forms.sleb:
        return this.sleb();
      case forms.u16:
        return this.u16();
      case forms.i16:
        return this.i16();
      case forms.u32:
        return this.u32();
      case forms.i32:
        return this.i32();
      default:
        throw new MalformedTable(`number form ${form} of the unwind table`);
    }
  }

  #leb(isSigned: boolean): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < maxLebBytes; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return isSigned && (byte & 0x40) !== 0 ? value - scale : value;
    }
    throw new MalformedTable('a number in the unwind table has no end');
  }

  #take(length: number): number {
    const from = this.#at;
    if (!(length >= 0 && from + length <= this.#bytes.length))
      throw new MalformedTable('the unwind table ends in the middle of an entry');
    this.#at = from + length;
    return from;
  }
}
