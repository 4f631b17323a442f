/** A wait in words. */
import { readSharedFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import type { Tagged } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import type { TaskNode } from './graph.ts';
import { isEvent, type Settler } from './settler.ts';
import { isSettledByHand, maxLeaves, type Step, type Wait } from './waits.ts';

/** Steps told of one wait. */
const maxSteps = 4;

/** Members told of one Promise.all or race. */
const maxMembers = 3;

/** Steps with one way on. */
const pathKinds: ReadonlySet<Step['kind']> = new Set(['then', 'runs', 'by-handler', 'by-task']);

/** What is known of the ends of waits, and of what is on the way there. */
export interface WaitWords {
  /** A promise that no other settles. */
  leafWords(leaf: Tagged): string;
  /** True for a step that says no more than its end does. */
  isNeedless(step: Step, leaf: Tagged | undefined): boolean;
  /** Who keeps a generator; null: nobody was found. */
  holderOf(generator: Tagged): string | null;
  /** A suspended generator: its function and where it stands. */
  generatorWords(generator: Tagged): string;
}

/** Such as `Promise.all: 2 of 4 members pend`. */
export function explainWait(heap: Heap, node: TaskNode, wait: Wait, words: WaitWords): string {
  if (node.atYield !== null) return yieldWords(node, words);
  if (node.isReady && node.awaited === null)
    return 'its turn: what it waited for has settled, and the event loop has not come to it';
  if (node.awaited === null)
    return 'something that was not found: no pending promise would resume it';
  const [leaf] = wait.leaves;
  const bottom = leaf === undefined ? '' : words.leafWords(leaf);
  if (wait.steps.every((step) => words.isNeedless(step, leaf)))
    return bottom === '' ? 'a promise that is pending' : bottom;
  // Of the members of Promise.all and its like one end is not the whole truth.
  const isPath = wait.steps.every(({ kind }) => pathKinds.has(kind));
  // Nor is it of what is settled by hand, if nothing was found there.
  const isOpen = isSettledByHand(wait) && isUnsettled(bottom);
  return isPath && wait.tasks.length === 0
    ? pathWords(heap, wait.steps, isOpen ? '' : bottom, words)
    : pathWords(heap, wait.steps, '', words) + memberWords(wait, words);
}

/**
 * What the members wait for. Where that is not the same for all, those that nothing was found to settle are left out: another one may settle the
 * whole.
 */
function memberWords({ leaves, tasks }: Wait, words: WaitWords): string {
  const all = [...new Set(leaves.slice(0, maxLeaves).map((leaf) => words.leafWords(leaf)))];
  const [told] = all;
  if (told === undefined) return '';
  if (all.length > 1) {
    const telling = all.filter((one) => !isUnsettled(one));
    return telling.length === 0 ? '' : `; among them ${telling.slice(0, maxMembers).join(' and ')}`;
  }
  if (leaves.length === 1) return `; one of them ${told}`;
  const isEach = leaves.length <= maxLeaves && tasks.length === 0;
  return `; ${isEach ? 'each' : 'some'} of them ${told}`;
}

/** The steps one behind the other, and what is at the end of them. */
function pathWords(heap: Heap, steps: readonly Step[], bottom: string, words: WaitWords): string {
  const told = steps.slice(0, maxSteps);
  const texts = told.map((step) => stepWords(heap, step, words));
  const end = steps.length > maxSteps && bottom !== '' ? `…, ${bottom}` : bottom;
  if (end !== '') texts.push(end);
  return texts.reduce(
    (path, text, i) => path + (told[i - 1]?.kind === 'runs' ? ', which waits for ' : ' of ') + text,
  );
}

/** An async generator that waits for its consumer. */
function yieldWords({ atYield, generator }: TaskNode, ends: WaitWords): string {
  const holder = ends.holderOf(generator) ?? '';
  const kept = holder === '' ? '' : `; it is kept in ${holder}`;
  return atYield === 'start'
    ? `its first next(): it was made, and has not begun${kept}`
    : `the next call of next(): it stands at a yield${kept}`;
}

const nothing = 'a promise that nothing was found to settle';

function isUnsettled(words: string): boolean {
  return words.startsWith(nothing);
}

/** A promise at the end, by what may settle it. */
export function settlerWords(settler: Settler | undefined, isComplete: boolean): string {
  switch (settler?.kind) {
    case undefined:
      return isComplete ? nothing : 'a promise that is pending';
    case 'timer':
      return settler.delayMs === null ? 'a timer' : `a timer of ${settler.delayMs} ms`;
    case 'request':
      return `a request of Node's own (${settler.name}${settler.of === '' ? '' : `: ${settler.of}`})`;
    case 'function':
      return functionWords(settler);
    case 'kept':
      return keptWords(settler);
    case 'node':
      return settler.words;
    case 'module':
      return 'the evaluation of a module that awaits at its top level';
    case 'stream':
      return `more of a ReadableStream${settler.of === '' ? '' : `, the body of ${settler.of}`}`;
    case 'native':
      return 'a promise that native code keeps, V8 or an addon, which may settle it';
    case 'held':
      return `${nothing}; it is kept in ${settler.where}`;
  }
}

function keptWords({
  where,
  about,
  isReject,
  owner = '',
}: Extract<Settler, { kind: 'kept' }>): string {
  if (isEvent(about) && !isReject) return about;
  const of = owner === '' ? '' : ` (${owner})`;
  return `a promise whose ${isReject ? 'reject' : 'resolve'} function is kept in ${where}${of}${about === '' ? '' : `, for ${about}`}`;
}

function functionWords({
  names,
  file,
  line,
  about,
}: Extract<Settler, { kind: 'function' }>): string {
  const place = names.length > 0 || line === null ? '' : `:${line}`;
  const settlers = `a promise that ${names.join(', ') || 'a function'} of ${file === '' ? 'V8' : file + place} may settle`;
  if (about === '') return settlers;
  return isEvent(about) ? about : `${settlers}, for ${about}`;
}

function stepWords(heap: Heap, step: Step, words: WaitWords): string {
  switch (step.kind) {
    case 'then':
      return thenWords(heap, step.handler);
    case 'by-handler':
      return `a promise that may be settled by ${thenWords(heap, step.handler)}`;
    case 'by-task':
      return `a promise that may be settled by ${words.generatorWords(step.generator)}`;
    case 'runs':
      return words.generatorWords(step.generator);
    case 'race':
      return `Promise.race: all ${step.pending} members pend`;
    default: {
      const total = step.total === null ? '' : ` of ${step.total}`;
      return `Promise.${step.kind}: ${step.pending}${total} members pend`;
    }
  }
}

function thenWords(heap: Heap, handler: Tagged | null): string {
  const name = handler === null ? '' : functionName(heap, handler);
  return `.then(${name === '' ? '…' : name})`;
}

function functionName(heap: Heap, address: Tagged): string {
  try {
    return readSharedFunction(heap, sharedOfFunction(heap, address)).name;
  } catch (error) {
    if (error instanceof UnreadableMemory) return '';
    throw error;
  }
}
