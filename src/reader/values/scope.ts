/**
 * Variables that live in contexts (src/objects/contexts.h): slot 0 the ScopeInfo with their names, slot 1 the enclosing
 * context, then the values. The chain from a frame's context runs through its own blocks and its function to the
 * closures and ends at the native context.
 */
import { limits } from '../../limits.ts';
import type { Heap } from '../heap/heap.ts';
import { readScopeInfo } from '../heap/scope-info.ts';
import { type Slot, tagged } from '../heap/slot.ts';
import { isPointer, type Tagged } from '../layout/tagged.ts';

const slots = { scopeInfo: 0, previous: 1 } as const;

export interface ScopeVariable {
  readonly name: string;
  readonly slot: Slot;
  /** True: declared inside the source range asked about. */
  readonly isOwn: boolean;
}

/**
 * Variables of the contexts from `context` outwards.
 * @param start source range of the function of the frame: what lies inside is its own
 * @throws UnreadableMemory
 */
export function readScopeChain(
  heap: Heap,
  context: Tagged,
  start: number,
  end: number,
): ScopeVariable[] {
  const variables: ScopeVariable[] = [];
  let current = context;
  for (let depth = 0; depth < limits.maxContextDepth && isVariableContext(heap, current); depth++) {
    const info = readScopeInfo(heap, heap.element(current, slots.scopeInfo));
    const isOwn = start >= 0 && info.start >= start && info.end <= end;
    info.contextLocals.slice(0, limits.maxVariables).forEach((name, i) => {
      // Names with a dot (`.this_function`, `.generator_object`) are V8's own.
      if (name === '' || name.startsWith('.')) return;
      const word = readContextVariable(heap, current, info.firstContextSlot + i);
      variables.push({ name, slot: tagged(word), isOwn });
    });
    current = heap.element(current, slots.previous);
  }
  return variables;
}

function isVariableContext(heap: Heap, context: Tagged): boolean {
  return (
    isPointer(context) &&
    heap.isContext(context) &&
    !heap.is(context, 'NATIVE_CONTEXT') &&
    heap.is(heap.element(context, slots.scopeInfo), 'SCOPE_INFO')
  );
}

/** Since 14.x a variable may sit in a cell of its own: the value is the cell's first field. @throws UnreadableMemory */
export function readContextVariable(heap: Heap, context: Tagged, index: number): Tagged {
  const word = heap.element(context, index);
  return heap.is(word, 'CONTEXT_CELL') ? heap.field(word, 8) : word;
}
