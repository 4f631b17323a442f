/** What is Node's own on the way from an await to its end: it says nothing to those who have not written it. */
import { readScriptName, readSharedFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import type { Tagged } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import { generatorFields } from './generator.ts';
import type { Step } from './waits.ts';

/** True for a suspended function of Node's own. */
export function isOfNode(heap: Heap, generator: Tagged): boolean {
  return attempt(() => isFunctionOfNode(heap, heap.field(generator, generatorFields.function)));
}

/** True for a handler of Node's own. */
export function isStepOfNode(heap: Heap, step: Step): boolean {
  const handler = step.kind === 'then' || step.kind === 'by-handler' ? step.handler : null;
  return handler !== null && attempt(() => isFunctionOfNode(heap, handler));
}

function isFunctionOfNode(heap: Heap, jsFunction: Tagged): boolean {
  if (!heap.isFunction(jsFunction)) return false;
  const { script } = readSharedFunction(heap, sharedOfFunction(heap, jsFunction));
  // Without a script it is V8's own, such as what finally() hands over.
  return script === null || readScriptName(heap, script).startsWith('node:');
}

function attempt(read: () => boolean): boolean {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnreadableMemory) return false;
    throw error;
  }
}
