/** A wait in words. */
import { readSharedFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import type { Tagged } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import type { TaskNode } from './graph.ts';
import type { Step, Wait } from './waits.ts';

/** Steps told of one wait. */
const maxSteps = 4;

/** Such as `Promise.all: 2 of 4 members pend`. */
export function explainWait(heap: Heap, node: TaskNode, wait: Wait): string {
  if (node.isReady && node.awaited === null)
    return 'its turn: what it waited for has settled, and the event loop has not come to it';
  if (node.awaited === null)
    return 'something that was not found: no pending promise would resume it';
  const steps = wait.steps.slice(0, maxSteps).map((step) => stepWords(heap, step));
  const below = wait.tasks.length > 0 ? [] : ['a promise that is pending'];
  return [...steps, ...(steps.length > 0 && wait.steps[0]?.kind !== 'then' ? [] : below)].join(
    ' of ',
  );
}

function stepWords(heap: Heap, step: Step): string {
  switch (step.kind) {
    case 'then': {
      const name = step.handler === null ? '' : functionName(heap, step.handler);
      return `.then(${name === '' ? '…' : name})`;
    }
    case 'race':
      return `Promise.race: all ${step.pending} members pend`;
    default: {
      const total = step.total === null ? '' : ` of ${step.total}`;
      return `Promise.${step.kind}: ${step.pending}${total} members pend`;
    }
  }
}

function functionName(heap: Heap, address: Tagged): string {
  try {
    return readSharedFunction(heap, sharedOfFunction(heap, address)).name;
  } catch (error) {
    if (error instanceof UnreadableMemory) return '';
    throw error;
  }
}
