/** The function somebody handed over to be called later: its name and the place where it was written. */
import { readSharedFunction, readSourceRange, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import type { Tagged } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import type { ScriptCache } from '../scripts.ts';

export interface CallbackPlace {
  readonly function: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** src/objects/js-function.tq JSBoundFunction: bound_target_function follows map, properties and elements. */
const boundTarget = 24;
const maxBindings = 16;

/** The function behind bindings; the word itself when it is none. @throws UnreadableMemory */
export function unbound(heap: Heap, word: Tagged): Tagged {
  let target = word;
  for (let i = 0; i < maxBindings && heap.is(target, 'JS_BOUND_FUNCTION'); i++)
    target = heap.field(target, boundTarget);
  return target;
}

/** @param word a JSFunction; anything else gives a place that says so */
export function readCallbackPlace(heap: Heap, scripts: ScriptCache, word: Tagged): CallbackPlace {
  try {
    if (!heap.isFunction(word)) return { function: '(unreadable)' };
    const shared = readSharedFunction(heap, sharedOfFunction(heap, word));
    if (shared.script === null) return { function: shared.name || '(anonymous)' };
    const script = scripts.read(heap, shared.script);
    return {
      function: script.nameOf(shared) || '(anonymous)',
      ...(script.name !== '' && { file: script.name }),
      ...script.place(readSourceRange(heap, shared).start),
    };
  } catch (error) {
    if (error instanceof UnreadableMemory) return { function: '(unreadable)' };
    throw error;
  }
}
