/** Memory of which chosen places cannot be read or hold something else; counts which of the planned faults were met. */
import type { Address, MemorySource } from '#dist/reader/memory/source.js';

/** What is wrong with one place. */
export interface Fault {
  /** A multiple of 4096. */
  readonly page: Address;
  /** Byte in the page, a multiple of 8. */
  readonly offset: number;
  readonly kind: FaultKind;
  /** What is written there, or how many words are hit. */
  readonly word: bigint;
}

export const faultKinds = ['refused', 'zeros', 'ones', 'word', 'swapped', 'shifted'] as const;
export type FaultKind = (typeof faultKinds)[number];

export class FaultyMemory implements MemorySource {
  readonly visited = new Set<Fault>();
  readonly #source: MemorySource;
  readonly #byPage = new Map<Address, Fault[]>();

  constructor(source: MemorySource, faults: readonly Fault[]) {
    this.#source = source;
    for (const fault of faults)
      this.#byPage.set(fault.page, [...(this.#byPage.get(fault.page) ?? []), fault]);
  }

  read(address: Address, out: Uint8Array): number {
    let copied = this.#source.read(address, out);
    const bytes = Buffer.from(out.buffer, out.byteOffset, out.byteLength);
    for (let page = address - (address % 4096); page < address + out.byteLength; page += 4096)
      for (const fault of this.#byPage.get(page) ?? []) {
        this.visited.add(fault);
        const at = page + fault.offset - address;
        if (fault.kind === 'refused') copied = Math.min(copied, Math.max(0, page - address));
        else if (at >= 0 && at + 16 <= bytes.length) damage(bytes, at, fault);
      }
    return copied;
  }
}

function damage(bytes: Buffer, at: number, { kind, word }: Fault): void {
  const words = Number(word % 32n) + 1;
  const end = Math.min(bytes.length, at + words * 8);
  switch (kind) {
    case 'zeros':
      bytes.fill(0, at, end);
      break;
    case 'ones':
      bytes.fill(0xff, at, end);
      break;
    case 'word':
      bytes.writeBigUInt64LE(word, at);
      break;
    case 'swapped': {
      const first = bytes.readBigUInt64LE(at);
      bytes.writeBigUInt64LE(bytes.readBigUInt64LE(at + 8), at);
      bytes.writeBigUInt64LE(first, at + 8);
      break;
    }
    case 'shifted':
      bytes.copyWithin(at + 1, at, end - 1);
      break;
    case 'refused':
  }
}
