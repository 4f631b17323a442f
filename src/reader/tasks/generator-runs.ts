/**
 * Async functions that a compiler made generators of: a helper runs them, and settles a promise when they return. TypeScript
 * (`__awaiter`, also of tslib) and esbuild (`__async`) write it with the same names:
 *
 *     (…, generator) ─► new Promise((resolve, reject) => … fulfilled, rejected, step …)
 *     awaited promise.then(fulfilled, rejected)      fulfilled ─► its scope: resolve ─► its context: the promise
 *                                                                 scope around it: the generator
 */
import { contextOfFunction, readSharedFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { readScopeInfo } from '../heap/scope-info.ts';
import { smiValue, type Tagged } from '../layout/tagged.ts';
import { isGeneratorType } from '../values/generator-value.ts';
import { generatorFields } from './generator.ts';

const handlerName = 'fulfilled';
const names = ['resolve', 'reject', 'fulfilled', 'rejected', 'step'];
const generatorName = 'generator';
/** Of contexts: behind the scope info. */
const previousContext = 1;
/** Of the context of a resolve function. */
const promiseSlot = 2;

/** A suspended generator that is run as an async function, and the promise that it settles. */
export interface GeneratorRun {
  readonly generator: Tagged;
  readonly promise: Tagged;
}

/** By SharedFunctionInfo: thousands of reactions have the same handlers. */
const handlers = new WeakMap<Heap, Map<Tagged, boolean>>();

/** @param handler a function of a script that is called when a promise is fulfilled @throws UnreadableMemory */
export function readGeneratorRun(heap: Heap, handler: Tagged): GeneratorRun | null {
  if (!isHandler(heap, sharedOfFunction(heap, handler))) return null;
  const context = contextOfFunction(heap, handler);
  const variables = readVariables(heap, context);
  const generator = readVariables(heap, heap.element(context, previousContext)).get(generatorName);
  const resolve = variables.get('resolve');
  if (resolve === undefined || generator === undefined) return null;
  if (!names.every((name) => variables.has(name)) || !heap.isFunction(resolve)) return null;
  if (!isSuspended(heap, generator)) return null;
  // A promise class of the program's own has functions of a script.
  if (readSharedFunction(heap, sharedOfFunction(heap, resolve)).script !== null) return null;
  const own = contextOfFunction(heap, resolve);
  if (!heap.isContext(own) || heap.arrayLength(own) <= promiseSlot) return null;
  const promise = heap.element(own, promiseSlot);
  return heap.is(promise, 'JS_PROMISE') ? { generator, promise } : null;
}

function isHandler(heap: Heap, shared: Tagged): boolean {
  let known = handlers.get(heap);
  if (known === undefined) {
    known = new Map();
    handlers.set(heap, known);
  }
  let answer = known.get(shared);
  if (answer === undefined) {
    answer = readSharedFunction(heap, shared).name === handlerName;
    known.set(shared, answer);
  }
  return answer;
}

function readVariables(heap: Heap, context: Tagged): Map<string, Tagged> {
  if (!heap.isContext(context)) return new Map();
  const info = readScopeInfo(heap, heap.element(context, 0));
  return new Map(
    info.contextLocals.map((name, i) => [name, heap.element(context, info.firstContextSlot + i)]),
  );
}

function isSuspended(heap: Heap, generator: Tagged): boolean {
  if (!isGeneratorType(heap, heap.type(generator))) return false;
  const continuation = smiValue(heap.field(generator, generatorFields.continuation));
  return (
    continuation !== null &&
    continuation >= 0 &&
    heap.isFunction(heap.field(generator, generatorFields.function))
  );
}
