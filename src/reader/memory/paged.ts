/**
 * Typed reads over a memory source, through a cache of pages.
 *
 * The cache is also what makes a reading consistent. Pages copied while the target stood still are put in with
 * `preload`; a page that was not among them is fetched from the running target and remembered in `lateReads`, so
 * that the caller knows whether everything it saw belongs to one moment.
 */
import { pageBytes } from '../../native.ts';
import { type Address, type MemorySource, UnreadableMemory } from './source.ts';

const addressLimit = 2 ** 47;

export class PagedMemory {
  /** Pages used so far, in order of first use. Also the wish list for the next look. */
  readonly usedPages = new Set<Address>();
  /** Pages that were read after the target ran on. */
  readonly lateReads = new Set<Address>();
  readonly #source: MemorySource;
  readonly #pages = new Map<Address, Buffer | null>();
  #lastPage: Address = -1;
  #lastBytes: Buffer | null = null;

  readonly #maxPages: number;

  /** @param maxPages pages kept; beyond it those read first are dropped and read again when needed */
  constructor(source: MemorySource, maxPages = Infinity) {
    this.#source = source;
    this.#maxPages = maxPages;
  }

  /** Puts in a page copied while the target stood still; null: it was unreadable then. */
  preload(page: Address, bytes: Buffer | null): void {
    this.#pages.set(page, bytes);
  }

  /** Changes our copy, never the target. @throws UnreadableMemory */
  patch(address: Address, bytes: Uint8Array): void {
    bytes.forEach((byte, i) => {
      this.#require(address + i)[(address + i) % pageBytes] = byte;
    });
  }

  isReadable(address: Address): boolean {
    if (!(address >= pageBytes && address < addressLimit)) return false;
    return this.#page(address - (address % pageBytes)) !== null;
  }

  u8(address: Address): number {
    return this.#require(address).readUInt8(address % pageBytes);
  }

  u16(address: Address): number {
    const offset = address % pageBytes;
    if (offset > pageBytes - 2) return this.u8(address) | (this.u8(address + 1) << 8);
    return this.#require(address).readUInt16LE(offset);
  }

  u32(address: Address): number {
    const offset = address % pageBytes;
    if (offset > pageBytes - 4) return this.u16(address) + this.u16(address + 2) * 0x10000;
    return this.#require(address).readUInt32LE(offset);
  }

  i32(address: Address): number {
    return this.u32(address) | 0;
  }

  /** A 64-bit word. Exact below 2^53, and for Smis (their low half is zero): all that is compared is exact. */
  u64(address: Address): number {
    return this.u32(address) + this.u32(address + 4) * 2 ** 32;
  }

  /** A 64-bit word with every bit. */
  word(address: Address): bigint {
    const offset = address % pageBytes;
    if (offset <= pageBytes - 8) return this.#require(address).readBigUInt64LE(offset);
    return BigInt(this.u32(address)) | (BigInt(this.u32(address + 4)) << 32n);
  }

  f64(address: Address): number {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeUInt32LE(this.u32(address), 0);
    bytes.writeUInt32LE(this.u32(address + 4), 4);
    return bytes.readDoubleLE(0);
  }

  /**
   * Copies `length` bytes. Up to a page they come from the cache; more is read past it, straight from the source,
   * because source texts and buffers of megabytes must not be copied again at every stop.
   * @throws UnreadableMemory
   */
  bytes(address: Address, length: number): Buffer {
    const out = Buffer.allocUnsafe(length);
    if (length > pageBytes) {
      if (this.#source.read(address, out) < length) throw new UnreadableMemory(address);
      return out;
    }
    for (let done = 0; done < length;) {
      const offset = (address + done) % pageBytes;
      const count = Math.min(length - done, pageBytes - offset);
      this.#require(address + done).copy(out, done, offset, offset + count);
      done += count;
    }
    return out;
  }

  #require(address: Address): Buffer {
    if (!(address >= 0 && address < addressLimit)) throw new UnreadableMemory(address);
    const bytes = this.#page(address - (address % pageBytes));
    if (bytes === null) throw new UnreadableMemory(address);
    return bytes;
  }

  #page(page: Address): Buffer | null {
    if (page === this.#lastPage) return this.#lastBytes;
    let bytes = this.#pages.get(page);
    if (bytes === undefined) {
      bytes = Buffer.allocUnsafe(pageBytes);
      if (this.#source.read(page, bytes) < pageBytes) bytes = null;
      this.#makeRoom();
      this.#pages.set(page, bytes);
      this.lateReads.add(page);
    }
    this.usedPages.add(page);
    this.#lastPage = page;
    this.#lastBytes = bytes;
    return bytes;
  }

  #makeRoom(): void {
    if (this.#pages.size < this.#maxPages) return;
    for (const oldest of this.#pages.keys()) {
      this.#pages.delete(oldest);
      return;
    }
  }
}
