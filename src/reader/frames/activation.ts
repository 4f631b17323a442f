/** One activation of a JavaScript function, as the frame and its compiler's notes describe it. */
import type { SharedFunction } from '../heap/functions.ts';
import type { Slot } from '../heap/slot.ts';
import type { Tier } from '../../report/schema.ts';

export interface Activation {
  readonly shared: SharedFunction;
  /** Null for builtins. */
  readonly tier: Tier | null;
  /** Name of the embedded builtin that is running, for functions without script. */
  readonly builtinName?: string;
  /** Offset in the script's source of the instruction or call it stands at; -1 unknown. */
  readonly sourceOffset: number;
  readonly isInlined: boolean;
  /** True: called by `new`. Absent: not, or it is not known. */
  readonly isConstruct?: boolean;
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
