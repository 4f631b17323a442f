/**
 * V8's pages of one isolate, and the words in them.
 *
 * Every page of the garbage-collected heap is 256 KiB, aligned to that, and begins with a header that leads to the
 * isolate's Heap, which is part of the Isolate (src/heap/memory-chunk.h, memory-chunk-layout.h):
 *
 *     10.2, 11.3   size, flags, Heap*, …
 *     12.4         flags, the page itself, size, Heap*, …
 *     13.6, 14.6   flags, metadata*; the metadata outside the heap holds the Heap*
 *
 * No offset is taken from a table: a page belongs to the isolate when one of these words points into the Isolate. So a
 * page of another isolate, a buffer, a thread's stack are never searched. Dead memory is passed over where it can be told:
 * pages that a scavenge has left (flag), blocks of the free lists (their map), and the unused rest of the areas that are
 * allocated from (top to limit, kept in the Isolate).
 */
import { limits } from '../../limits.ts';
import { findMapping, type Mapping } from '../memory/maps.ts';
import { PagedMemory } from '../memory/paged.ts';
import { type Address, type MemorySource, UnreadableMemory } from '../memory/source.ts';
import { heapPageBytes, HeapWords } from './heap-words.ts';

/** sizeof(v8::internal::Isolate) is 60 to 66 KiB in all versions. */
const isolateBytes = 128 << 10;
const headerWords = 6;
const metadataWords = 24;
/** MemoryChunk::FROM_PAGE, the half of the young generation that is empty. */
const fromPage = 1 << 3;
/** MemoryChunk::TO_PAGE, the other half. */
const toPage = 1 << 4;
const flagsWordIfSizeFirst = 1;
const smallestPageBytes = 8_192;
const smallestUnit = 4_096;
/** A page header is some 4 KiB, with the marking bits; FixedArray::kMaxLength is 2^27 words. */
const maxHeaderBytes = 16_384;
const maxLargeBytes = 2 ** 30 + heapPageBytes;
/** Of large objects: 256 MiB. */
const maxLargePages = 1_024;

/** An unused piece of a page. */
interface Gap {
  readonly start: Address;
  readonly end: Address;
}

/** An object with a page of its own. */
export interface LargeObject {
  readonly start: Address;
  readonly end: Address;
}

export interface HeapPages {
  /** Start addresses. */
  readonly pages: readonly Address[];
  /** Those of the young generation: what is in them changes all the time. */
  readonly young: ReadonlySet<Address>;
  readonly gaps: readonly Gap[];
  /** Objects that go on behind the 256 KiB their page begins with: large backing stores, texts, code. */
  readonly large: readonly LargeObject[];
  /** True: there are more than limits.maxHeapPages. */
  readonly isTruncated: boolean;
}

/** Headers read at once: as many as the kernel takes in one call. */
const headersAtOnce = 1_024;

/** Finds the pages of an isolate's heap. Reads a header of each possible place; 1 GiB takes some 10 ms. */
export function findHeapPages(
  source: MemorySource,
  mappings: readonly Mapping[],
  isolate: Address,
): HeapPages {
  const { places, isTruncated } = possiblePages(mappings);
  const pages: Address[] = [];
  const young = new Set<Address>();
  const large: LargeObject[] = [];
  for (let at = 0; at < places.length; at += headersAtOnce) {
    const batch = places.slice(at, at + headersAtOnce);
    // One cache for each batch: the headers of a large heap are not kept all at a time.
    const memory = new PagedMemory(source);
    memory.prefetch(batch);
    for (const page of batch) {
      const header = readHeapPage(memory, page, isolate);
      if (header === null) continue;
      pages.push(page);
      if (header.isYoung) young.add(page);
      const object = findLargeObject(header.words, page, mappings);
      if (object !== null) large.push(object);
    }
  }
  const gaps = findGaps(source, isolate, new Set(pages));
  return { pages, young, gaps, large, isTruncated };
}

function possiblePages(mappings: readonly Mapping[]): { places: Address[]; isTruncated: boolean } {
  const places: Address[] = [];
  for (const { start, end, writable, executable, path } of mappings) {
    if (!writable || executable || path !== '') continue;
    const first = Math.ceil(start / heapPageBytes) * heapPageBytes;
    // A page may end early: V8 gives back what it does not need of the last ones.
    for (let page = first; page < end; page += heapPageBytes) {
      if (places.length >= limits.maxHeapPages) return { places, isTruncated: true };
      places.push(page);
    }
  }
  return { places, isTruncated: false };
}

/**
 * Of a large page the header, or the metadata, says where its object begins and where it ends; of others no word is so far
 * from the page, and in its mapping.
 */
function findLargeObject(
  words: readonly number[],
  page: Address,
  mappings: readonly Mapping[],
): LargeObject | null {
  const end = words.find((word) => word > page + heapPageBytes && word < page + maxLargeBytes);
  const start = words.find((word) => word > page && word < page + maxHeaderBytes);
  if (end === undefined || start === undefined) return null;
  const mapping = findMapping(mappings, page);
  return mapping !== null && end <= mapping.end ? { start, end } : null;
}

interface PageHeader {
  /** Of the header, or of its metadata. */
  readonly words: readonly number[];
  readonly isYoung: boolean;
}

/** @returns null when it is no page of the isolate's heap, or an empty one */
function readHeapPage(memory: PagedMemory, page: Address, isolate: Address): PageHeader | null {
  try {
    const words = Array.from({ length: headerWords }, (_, i) => memory.u64(page + i * 8));
    const [first = 0, second = 0] = words;
    if (first === 0 && second === 0) return null;
    const isOurs = (word: number) => word >= isolate && word < isolate + isolateBytes;
    // Sizes are whole pages of memory; some flag of the lowest is always set beside high ones.
    const isSize = first >= smallestPageBytes && first % smallestUnit === 0;
    const flags = (isSize ? words[flagsWordIfSizeFirst] : first) ?? 0;
    if ((flags & fromPage) !== 0) return null;
    const isYoung = (flags & toPage) !== 0;
    if (words.some(isOurs)) return { words, isYoung };
    if (second % 8 !== 0 || !memory.isReadable(second)) return null;
    const metadata = Array.from({ length: metadataWords }, (_, i) => memory.u64(second + i * 8));
    return metadata.some(isOurs) ? { words: metadata, isYoung } : null;
  } catch (error) {
    if (error instanceof UnreadableMemory) return null;
    throw error;
  }
}

/** LinearAllocationArea (start, top, limit) of the young and the old generation: triples of ascending addresses of one page. */
function findGaps(source: MemorySource, isolate: Address, pages: ReadonlySet<Address>): Gap[] {
  const words = new HeapWords();
  const count = Math.floor(source.read(isolate, words.bytes.subarray(0, isolateBytes)) / 8);
  const gaps: Gap[] = [];
  const halves = [...pages].map((page) => Math.floor(page / 2 ** 32));
  const lowest = halves.reduce((low, half) => Math.min(low, half), Infinity);
  const highest = halves.reduce((high, half) => Math.max(high, half), 0);
  for (let i = 0; i + 2 < count; i++) {
    // Nearly all words are told apart by their upper half alone.
    const half = words.halves[i * 2 + 1] ?? 0;
    if (half < lowest || half > highest) continue;
    const start = words.word(i);
    const page = start - (start % heapPageBytes);
    if (start === 0 || !pages.has(page)) continue;
    const [top, end] = [words.word(i + 1), words.word(i + 2)];
    const isAligned = start % 8 === 0 && top % 8 === 0 && end % 8 === 0;
    const isOrdered = start <= top && top <= end && end <= page + heapPageBytes;
    if (isAligned && isOrdered) gaps.push({ start: top, end });
  }
  return gaps;
}

/** The same with the rest of large backing stores, where resolve functions may be kept by the thousands. */
export function withLargeObjects(heap: HeapPages, objects: readonly LargeObject[]): HeapPages {
  const rest = objects.flatMap(({ start, end }) => {
    const first = start - (start % heapPageBytes) + heapPageBytes;
    const count = Math.min(Math.ceil((end - first) / heapPageBytes), maxLargePages);
    return Array.from({ length: count }, (_, i) => first + i * heapPageBytes);
  });
  return { ...heap, pages: [...heap.pages, ...rest.slice(0, maxLargePages)] };
}
