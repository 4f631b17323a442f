/** What a translation says: the functions an optimised frame stands for, and where each value of theirs is. */
import type { RegisterRepresentation, SlotKind, TranslatedFrameKind } from './translation-kinds.ts';

export type TranslatedValue =
  | TranslatedSlot
  | {
      readonly kind: 'literal';
      /** In the literal array of DeoptimizationData. */ readonly index: number;
    }
  /** Known to the deoptimiser only: at a call nothing lives in registers, so this is not seen in practice. */
  | {
      readonly kind: 'register';
      readonly representation: RegisterRepresentation;
      readonly code: number;
    }
  | TranslatedObject
  /** The object with that id once more. */
  | { readonly kind: 'duplicated-object'; readonly id: number }
  /** Number of arguments the caller pushed for the physical frame, without the receiver. */
  | { readonly kind: 'arguments-length' }
  /** The same, less the formal parameters, not below zero. */
  | { readonly kind: 'rest-length' }
  | { readonly kind: 'optimized-out' };

export interface TranslatedSlot {
  readonly kind: SlotKind;
  readonly slot: number;
  /** Bytes to add to the frame pointer of the optimised frame. */
  readonly fpOffset: number;
}

/** Something that the optimiser never made, or not yet. Ids count through the translation. */
export type TranslatedObject =
  /** First the map, then what follows it in memory, word by word; doubles may stand as double values. */
  | {
      readonly kind: 'captured-object';
      readonly id: number;
      readonly fields: readonly TranslatedValue[];
    }
  | {
      readonly kind: 'string-concat';
      readonly id: number;
      readonly left: TranslatedValue;
      readonly right: TranslatedValue;
    }
  /** Backing store made of the arguments that the caller pushed for the physical frame. */
  | {
      readonly kind: 'arguments-elements';
      readonly id: number;
      readonly arguments: 'mapped' | 'unmapped' | 'rest' | 'unknown';
    };

/** A JavaScript function as the interpreter would hold it. */
export interface TranslatedInterpretedFrame {
  readonly kind: 'interpreted';
  /** In the literal array: its SharedFunctionInfo, weak or wrapped. */
  readonly functionLiteral: number;
  /** In the protected literal array (13.x on). */
  readonly bytecodeArrayLiteral: number | null;
  /** Of the bytecode that is running: for a frame that called another, the call. */
  readonly bytecodeOffset: number;
  readonly closure: TranslatedValue;
  readonly receiver: TranslatedValue;
  /** Formal ones; each is the present value, not the one passed. */
  readonly parameters: readonly TranslatedValue[];
  readonly context: TranslatedValue;
  readonly registers: readonly TranslatedValue[];
  /** Meaningless while a call is running: its result will go there. */
  readonly accumulator: TranslatedValue;
  /** Registers that the running call will write, and that hold nothing yet; null: the result goes to the accumulator. */
  readonly pendingRegisters: { readonly first: number; readonly count: number } | null;
}

/** Helps the deoptimiser rebuild the stack; not a function of the user's. */
export interface TranslatedHelperFrame {
  readonly kind: Exclude<TranslatedFrameKind, 'interpreted'>;
  /** -1 for `liftoff`. */
  readonly functionLiteral: number;
  /** For continuations a number that stands for the builtin; null when there is none. */
  readonly bytecodeOffset: number | null;
  /** Function first (not in `liftoff`), then receiver and arguments, then (not in `inlined-arguments`) the context. */
  readonly values: readonly TranslatedValue[];
}

export type TranslatedFrame = TranslatedInterpretedFrame | TranslatedHelperFrame;
