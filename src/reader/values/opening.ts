/** What opening a value below another one takes: the heap, and how much may still be opened. */
import type { Value } from '../../report/schema.ts';
import type { Heap } from '../heap/heap.ts';
import type { ScriptCache } from '../scripts.ts';
import type { Slot } from '../heap/slot.ts';

/** How much may still be opened: shared by everything below one variable. */
export interface Budget {
  nodes: number;
  /** performance.now() after which nothing more is opened. */
  readonly endsAtMs: number;
}

/** Opens values below a value. */
export interface ValueOpener {
  readonly heap: Heap;
  readonly scripts: ScriptCache;
  open(slot: Slot, depth: number, budget: Budget): Value;
}

/** True: show what it is, but not what is in it. */
export function isSpent(depth: number, budget: Budget): boolean {
  return depth <= 0 || budget.nodes <= 0 || performance.now() > budget.endsAtMs;
}
