/** A wait in words. */
import { readSharedFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import type { Tagged } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import type { TaskNode } from './graph.ts';
import type { Settler } from './settlers.ts';
import type { Step, Wait } from './waits.ts';

/** Steps told of one wait. */
const maxSteps = 4;

/** Such as `Promise.all: 2 of 4 members pend`. */
export function explainWait(
  heap: Heap,
  node: TaskNode,
  wait: Wait,
  leafWords: (leaf: Tagged) => string,
): string {
  if (node.isReady && node.awaited === null)
    return 'its turn: what it waited for has settled, and the event loop has not come to it';
  if (node.awaited === null)
    return 'something that was not found: no pending promise would resume it';
  const steps = wait.steps.slice(0, maxSteps).map((step) => stepWords(heap, step));
  const [first] = steps;
  const [leaf] = wait.leaves;
  const bottom = leaf === undefined ? '' : leafWords(leaf);
  if (first === undefined) return bottom === '' ? 'a promise that is pending' : bottom;
  // Of the members of Promise.all and its like one end is not the whole truth.
  const isPath = wait.steps.every(({ kind }) => kind === 'then');
  return isPath && wait.tasks.length === 0 && bottom !== ''
    ? [...steps, bottom].join(' of ')
    : steps.join(' of ') + (wait.leaves.length === 1 ? `; one of them ${bottom}` : '');
}

/** A promise at the end, by what may settle it. */
export function settlerWords(settler: Settler | undefined, isComplete: boolean): string {
  switch (settler?.kind) {
    case undefined:
      return isComplete
        ? 'a promise that nothing was found to settle'
        : 'a promise that is pending';
    case 'timer':
      return settler.delayMs === null ? 'a timer' : `a timer of ${settler.delayMs} ms`;
    case 'request':
      return `a request of Node's own (${settler.className})`;
    case 'function':
      return `a promise that ${settler.names.join(', ') || 'a function'} of ${settler.file || 'V8'} may settle`;
    case 'kept':
      return `a promise whose resolve function is kept in ${settler.where}`;
    case 'held':
      return `a promise that nothing was found to settle; it is kept in ${settler.where}`;
  }
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
