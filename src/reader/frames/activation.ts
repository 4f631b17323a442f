/** One activation of a JavaScript function, as the frame and its compiler's notes describe it. */
import type { SharedFunction } from '../heap/functions.ts';
import type { Tagged } from '../layout/tagged.ts';
import type { AbsenceReason, Tier } from '../../report/schema.ts';

/** Where a variable's value is: a tagged word, a raw number, or nowhere. */
export type Slot =
  | { readonly kind: 'tagged'; readonly word: Tagged }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'absent'; readonly reason: AbsenceReason };

export const optimizedOut: Slot = { kind: 'absent', reason: 'optimized-out' };
export const unreadable: Slot = { kind: 'absent', reason: 'unreadable' };
export function tagged(word: Tagged): Slot {
  return { kind: 'tagged', word };
}

export interface Activation {
  readonly shared: SharedFunction;
  /** Null for builtins. */
  readonly tier: Tier | null;
  /** Name of the embedded builtin that is running, for functions without script. */
  readonly builtinName?: string;
  /** Offset in the script's source of the instruction or call it stands at; -1 unknown. */
  readonly sourceOffset: number;
  readonly isInlined: boolean;
  readonly receiver: Slot;
  /** As passed by the caller, without the receiver. */
  readonly arguments: readonly Slot[];
  /** The interpreter's register file; null where the compiler left no map of it. */
  readonly registers: readonly Slot[] | null;
  readonly context: Slot;
}

/** A call out of JavaScript: the function called and its arguments, as far as the frame tells. */
export interface NativeCall {
  /** Empty when the frame does not name it: the caller's source does. */
  readonly name: string;
  readonly arguments: readonly Slot[];
}
