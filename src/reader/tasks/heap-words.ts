/** A page of V8's heap, by words. */
import type { Address } from '../memory/source.ts';

export const heapPageBytes = 256 << 10;

/** What a search reads: one heap page at a time, by words. */
export class HeapWords {
  address: Address = 0;
  /** Two of these are one word; the lower half comes first. */
  readonly halves = new Uint32Array(heapPageBytes / 4);
  readonly bytes = new Uint8Array(this.halves.buffer);

  /** Word at an index of the page; 0 behind its end. */
  word(index: number): number {
    return (this.halves[index * 2] ?? 0) + (this.halves[index * 2 + 1] ?? 0) * 2 ** 32;
  }

  addressOf(index: number): Address {
    return this.address + index * 8;
  }
}

/** Words of an object that a needle stands at the start of: the tagged field at a byte offset. */
export function fieldAt(words: HeapWords, index: number, offset: number): number {
  return words.word(index + offset / 8);
}

/** Tagged pointer to the object that starts at an index. */
export function objectAt(words: HeapWords, index: number): number {
  return words.addressOf(index) + 1;
}
