/** Looking for words in the pages of a heap. */
import { findWords, wantWords } from '../memory/find-words.ts';
import type { ReferenceIndex } from '../memory/reference-index.ts';
import type { MemorySource } from '../memory/source.ts';
import { heapPageBytes, HeapWords } from './heap-words.ts';
import type { HeapPages } from './pages.ts';

/** A word looked for, and what is to be done where it stands. */
export type Needles = ReadonlyMap<number, (words: HeapWords, index: number) => void>;

/** One step of a search: a page at a time, so that the caller can watch the clock. */
export class HeapSearch {
  readonly words = new HeapWords();
  readonly #places = new Uint32Array(heapPageBytes / 8);
  readonly #source: MemorySource;
  readonly #heap: HeapPages;
  readonly #index: ReferenceIndex;
  readonly #freeSpaceMap: number;

  /**
   * @param index        of the pages that were searched before
   * @param freeSpaceMap tagged map of the blocks of the free lists; 0 when it is not known
   */
  constructor(source: MemorySource, heap: HeapPages, index: ReferenceIndex, freeSpaceMap: number) {
    this.#source = source;
    this.#heap = heap;
    this.#index = index;
    this.#freeSpaceMap = freeSpaceMap;
  }

  /**
   * Calls for each place where a needle stands. What was written to a page of the old generation since it was searched for
   * the first time may not be found: it is older than that search, mostly by seconds.
   * @param endsAtMs performance.now() at which the search ends unfinished
   * @returns false when the time was over
   */
  find(needles: Needles, endsAtMs: number): boolean {
    if (needles.size === 0) return true;
    const free = this.#freeSpaceMap;
    const wanted = wantWords(free === 0 ? needles.keys() : [...needles.keys(), free]);
    const passedOver = this.#index.without(wantWords(needles.keys()));
    for (const page of this.#heap.pages) {
      if (passedOver.has(page)) continue;
      if (performance.now() > endsAtMs) return false;
      const readBytes = this.#source.read(page, this.words.bytes);
      this.words.bytes.fill(0, readBytes);
      this.words.address = page;
      if (!this.#heap.young.has(page)) this.#index.note(page, this.words.bytes);
      const count = findWords(this.words.bytes.subarray(0, readBytes), wanted, this.#places);
      if (count > 0) this.#visit(needles, this.#places.subarray(0, count));
    }
    return true;
  }

  #visit(needles: Needles, places: Uint32Array): void {
    const gaps = this.#heap.gaps.filter(
      ({ start }) => start - (start % heapPageBytes) === this.words.address,
    );
    let freeUntil = 0;
    for (const index of places) {
      if (index < freeUntil) continue;
      const word = this.words.word(index);
      if (word === this.#freeSpaceMap) {
        freeUntil = index + this.#freeBytes(index) / 8;
        continue;
      }
      const address = this.words.addressOf(index);
      if (!gaps.some(({ start, end }) => address >= start && address < end))
        needles.get(word)?.(this.words, index);
    }
  }

  /** FreeSpace: map, size as a Smi, next. 0 when it does not look like one. */
  #freeBytes(index: number): number {
    const { halves } = this.words;
    const half = index * 2;
    const size = halves[half + 3] ?? 0;
    const isSize = (halves[half + 2] ?? 0) === 0 && size >= 16 && size % 8 === 0;
    return isSize && half * 4 + size <= heapPageBytes ? size : 0;
  }
}
