/** Corruptions made up by fast-check, on pages that a whole reading has used. */
import fc from 'fast-check';
import type { Address, MemorySource } from '#dist/reader/memory/source.js';
import { type Fault, faultKinds } from './faulty-memory.ts';

/** One fault on one of the pages. */
export function faultOn(pages: readonly Address[]): fc.Arbitrary<Fault> {
  return fc.record({
    page: fc.constantFrom(...pages),
    offset: fc.nat({ max: 510 }).map((word) => word * 8),
    kind: fc.constantFrom(...faultKinds),
    word: fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      // Pointers into the very memory that is read: cycles, and objects of the wrong kind.
      fc
        .tuple(fc.constantFrom(...pages), fc.nat({ max: 511 }))
        .map(([page, word]) => BigInt(page + word * 8 + 1)),
      fc.integer({ min: 0, max: 2 ** 31 - 1 }).map((small) => BigInt(small) << 32n),
    ),
  });
}

/** Passes reads on and keeps their pages. Of a read of many pages, such as a whole page of V8's heap, some are kept. */
export class RecordingMemory implements MemorySource {
  readonly pages = new Set<Address>();
  readonly #source: MemorySource;

  constructor(source: MemorySource) {
    this.#source = source;
  }

  read(address: Address, out: Uint8Array): number {
    const copied = this.#source.read(address, out);
    const first = address - (address % 4096);
    const step = out.byteLength > 65_536 ? 32_768 : 4_096;
    for (let page = first; page < address + copied; page += step) this.pages.add(page);
    return copied;
  }
}
