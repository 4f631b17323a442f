/**
 * Tagged words on 64-bit V8 without pointer compression (Node's build).
 *
 *     … int32 … | 0000 0000   Smi: the number in the high half, the low half zero
 *     … address … | 01        strong pointer to a heap object, one byte in
 *     … address … | 11        weak pointer
 */
import type { Address } from '../memory/source.ts';

/** A word that may be a Smi or a pointer. */
export type Tagged = number;

const highHalf = 2 ** 32;
const pointerLimit = 2 ** 47;
const lowestPointer = 0x10000;

export function isSmi(word: Tagged): boolean {
  return word % highHalf === 0;
}

/** The integer of a Smi, or null. */
export function smiValue(word: Tagged): number | null {
  return isSmi(word) ? (word / highHalf) | 0 : null;
}

/** True for a strong pointer that could point into user memory; says nothing about what stands there. */
export function isPointer(word: Tagged): boolean {
  return word % 4 === 1 && word > lowestPointer && word < pointerLimit;
}

/** A weak pointer made strong; other words as they are. */
export function withoutWeakBit(word: Tagged): Tagged {
  return word % 4 === 3 ? word - 2 : word;
}

/** Address of the first byte of the object. */
export function untag(pointer: Tagged): Address {
  return pointer - 1;
}
