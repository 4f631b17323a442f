/**
 * Which pieces of memory refer to which parts of memory, as they were when they were noted: so that a second search of the
 * same memory reads only where what it looks for may stand. Of a heap of a gigabyte that is a few hundredths in most searches.
 */
import { referenceNoteBytes, requireNative } from '../../native.ts';
import type { WantedWords } from './find-words.ts';
import type { Address } from './source.ts';

/** Notes that are kept together. */
const notesOfSlab = 256;

interface Slab {
  readonly notes: Uint8Array;
  /** Of what the notes are, in their order. */
  readonly addresses: Address[];
}

export class ReferenceIndex {
  readonly #maxNotes: number;
  readonly #slabs: Slab[] = [];
  readonly #noted = new Set<Address>();

  /** @param maxNotes of more memory nothing is noted, and all of it is searched each time; a note takes 4 KiB */
  constructor(maxNotes: number) {
    this.#maxNotes = maxNotes;
  }

  /** Notes the tagged pointers in a piece of memory, unless that was done before. */
  note(address: Address, bytes: Uint8Array): void {
    if (this.#noted.has(address) || this.#noted.size >= this.#maxNotes) return;
    const at = this.#noted.size % notesOfSlab;
    if (at === 0)
      this.#slabs.push({ notes: new Uint8Array(notesOfSlab * referenceNoteBytes), addresses: [] });
    const slab = this.#slabs.at(-1);
    if (slab === undefined) return;
    const note = slab.notes.subarray(at * referenceNoteBytes, (at + 1) * referenceNoteBytes);
    requireNative().noteReferences(bytes, note);
    slab.addresses.push(address);
    this.#noted.add(address);
  }

  /**
   * Pieces in which, when they were noted, none of these words stood.
   * @param wanted tagged pointers
   */
  without(wanted: WantedWords): Set<Address> {
    const without = new Set<Address>();
    for (const { notes, addresses } of this.#slabs) {
      const mayRefer = new Uint8Array(addresses.length);
      requireNative().findReferrers(notes, wanted, mayRefer);
      for (const [i, address] of addresses.entries()) if (mayRefer[i] === 0) without.add(address);
    }
    return without;
  }
}
