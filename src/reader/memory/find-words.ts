/** Looking for words in bytes at the speed of memory. */
import { requireNative } from '../../native.ts';

/** Words to look for, as findWords() wants them. */
export type WantedWords = BigUint64Array;

/** @param words whole numbers below 2^53 */
export function wantWords(words: Iterable<number>): WantedWords {
  return BigUint64Array.from(new Set(words), BigInt).sort();
}

/**
 * @param places filled with the indexes of words, ascending, at which one of those wanted stands
 * @returns how many; as many as there is room for: there may be more
 * @throws SleeperError ERR_SLEEPER_NO_NATIVE
 */
export function findWords(bytes: Uint8Array, wanted: WantedWords, places: Uint32Array): number {
  return requireNative().findWords(bytes, wanted, places);
}
