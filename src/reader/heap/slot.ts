/** A place that holds, or held, a variable's value. Frames fill slots, values/ reads them. */
import type { Tagged } from '../layout/tagged.ts';
import type { AbsenceReason } from '../../report/schema.ts';

/** Where a variable's value is: a tagged word, a raw number, or nowhere. */
export type Slot =
  | { readonly kind: 'tagged'; readonly word: Tagged }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'bigint'; readonly value: bigint }
  | { readonly kind: 'undefined' }
  /** An object the optimiser never made: its map, then what would follow it in memory, word by word. */
  | { readonly kind: 'captured'; readonly words: readonly Slot[] }
  | { readonly kind: 'absent'; readonly reason: AbsenceReason };

export const optimizedOut: Slot = { kind: 'absent', reason: 'optimized-out' };
export const unreadable: Slot = { kind: 'absent', reason: 'unreadable' };
export function tagged(word: Tagged): Slot {
  return { kind: 'tagged', word };
}
