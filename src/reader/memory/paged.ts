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
/** A buffer for each page would cost more than reading it; a few pages at first, because many memories use no more. */
const firstSlabPages = 4;
const largestSlabPages = 64;

/** Hands out the buffers of pages from larger ones. */
class PageSlabs {
  #slab = Buffer.alloc(0);
  #used = 0;
  #slabPages = firstSlabPages / 2;

  /** The next free page; the same one again until keep() is called. */
  next(): Buffer {
    if (this.#used === this.#slab.length) {
      this.#slabPages = Math.min(this.#slabPages * 2, largestSlabPages);
      this.#slab = Buffer.allocUnsafeSlow(this.#slabPages * pageBytes);
      this.#used = 0;
    }
    return this.#slab.subarray(this.#used, this.#used + pageBytes);
  }

  keep(): void {
    this.#used += pageBytes;
  }
}

/** A 32-bit word. Buffer's own methods look at every argument; this is called a million times in a reading. */
function wordAt(bytes: Buffer, offset: number): number {
  const low =
    (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8) | ((bytes[offset + 2] ?? 0) << 16);
  return low + (bytes[offset + 3] ?? 0) * 0x1000000;
}

export class PagedMemory {
  /** Pages used so far, in order of first use. Also the wish list for the next look. */
  readonly usedPages = new Set<Address>();
  /** Pages that were read after the target ran on. */
  readonly lateReads = new Set<Address>();
  readonly #source: MemorySource;
  readonly #pages = new Map<Address, Buffer | null>();
  #lastPage: Address = -1;
  #lastBytes: Buffer | null = null;

  readonly #slabs = new PageSlabs();
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

  /** Reads pages that will be asked for, all at once where the source can do that. */
  prefetch(pages: readonly Address[]): void {
    const wanted = pages.filter((page) => !this.#pages.has(page));
    if (wanted.length === 0 || this.#source.readPages === undefined) return;
    const bytes = Buffer.allocUnsafeSlow(wanted.length * pageBytes);
    const readable = this.#source.readPages(wanted, bytes);
    wanted.forEach((page, i) => {
      const own = readable[i] === 1 ? bytes.subarray(i * pageBytes, (i + 1) * pageBytes) : null;
      this.#makeRoom();
      this.#pages.set(page, own);
      this.lateReads.add(page);
    });
  }

  /** Reads the pages of some ranges, all in one call where the source can do that. */
  prefetchRanges(ranges: readonly { readonly address: Address; readonly bytes: number }[]): void {
    const pages: Address[] = [];
    for (const { address, bytes } of ranges) {
      const first = address - (address % pageBytes);
      for (let page = first; page < address + bytes; page += pageBytes) pages.push(page);
    }
    this.prefetch(pages);
  }

  /** Reads the pages that the words of a range may point to: whoever looks through such a range follows most of them. */
  prefetchPointees(address: Address, length: number): void {
    const pages = new Set<Address>();
    for (let at = address; at < address + length && this.isReadable(at); at += 8) {
      const word = this.u64(at);
      if (word >= pageBytes && word < addressLimit) pages.add(word - (word % pageBytes));
    }
    this.prefetch([...pages]);
  }

  /** Changes our copy, never the target. @throws UnreadableMemory */
  patch(address: Address, bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length) {
      const offset = (address + done) % pageBytes;
      const part = bytes.subarray(done, done + pageBytes - offset);
      this.#require(address + done).set(part, offset);
      done += part.length;
    }
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
    return wordAt(this.#require(address), offset);
  }

  i32(address: Address): number {
    return this.u32(address) | 0;
  }

  /** A 64-bit word. Exact below 2^53, and for Smis (their low half is zero): all that is compared is exact. */
  u64(address: Address): number {
    const offset = address % pageBytes;
    if (offset > pageBytes - 8) return this.u32(address) + this.u32(address + 4) * 2 ** 32;
    const bytes = this.#require(address);
    return wordAt(bytes, offset) + wordAt(bytes, offset + 4) * 2 ** 32;
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
      bytes = this.#slabs.next();
      if (this.#source.read(page, bytes) < pageBytes) bytes = null;
      else this.#slabs.keep();
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
