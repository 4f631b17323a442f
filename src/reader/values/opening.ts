/** What opening a value below another one takes: the heap, and how much may still be opened. */
import type { Value } from '../../report/schema.ts';
import type { Heap } from '../heap/heap.ts';
import type { ScriptCache } from '../scripts.ts';
import type { Slot } from '../heap/slot.ts';

/** Until when values are opened: shared by all values of one reading. */
export class OpeningTime {
  readonly #endsAtMs: number;
  /** Values that stayed closed because it was over. */
  closed = 0;

  /** @param endsAtMs as performance.now() tells it */
  constructor(endsAtMs: number) {
    this.#endsAtMs = endsAtMs;
  }

  get isOver(): boolean {
    return performance.now() > this.#endsAtMs;
  }
}

/** The reason for values that stayed closed, in the words of `missing`. */
export const timeWasOver = 'over-limit: the time for reading them was over';

/** How much may still be opened: shared by everything below one variable. */
export interface Budget {
  nodes: number;
  readonly time: OpeningTime;
}

/** Opens values below a value. */
export interface ValueOpener {
  readonly heap: Heap;
  readonly scripts: ScriptCache;
  open(slot: Slot, depth: number, budget: Budget): Value;
}

/** True: show what it is, but not what is in it. */
export function isSpent(depth: number, budget: Budget): boolean {
  if (depth <= 0 || budget.nodes <= 0) return true;
  if (!budget.time.isOver) return false;
  budget.time.closed++;
  return true;
}
