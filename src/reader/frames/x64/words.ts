/** Machine words of 1 to 8 bytes as unsigned BigInts, and how an emulation ends. */

/** Thrown where the emulation cannot go on with certainty. Besides UnreadableMemory the only way it fails. */
export class EmulationEnd extends Error {
  override readonly name = 'EmulationEnd';
}

export type WordBytes = 1 | 2 | 4 | 8;

/** All ones in so many bytes. */
export const masks = { 1: 0xffn, 2: 0xffffn, 4: 0xffffffffn, 8: 0xffffffffffffffffn } as const;

/** The highest bit of so many bytes. */
export const signBits = { 1: 0x80n, 2: 0x8000n, 4: 0x80000000n, 8: 0x8000000000000000n } as const;

/** As a signed number of so many bytes. */
export function signed(word: bigint, size: WordBytes): bigint {
  return BigInt.asIntN(size * 8, word);
}
