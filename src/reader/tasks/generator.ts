/**
 * Suspended async functions and async generators (src/objects/js-generator.tq), the same in V8 10.2 to 14.6:
 *
 *     24 function     32 context       40 receiver                  48 bytecode offset, while suspended
 *     64 continuation (-2 running or done, -1 closed, else suspended)
 *     72 parameters and registers: the parameters without the receiver, then the register file
 *     80 JSAsyncFunctionObject: its promise.  JSAsyncGeneratorObject: the queue of requests, 88 whether it stands at an await
 */
import type { Activation } from '../frames/activation.ts';
import { positionOfBytecode } from '../frames/position.ts';
import { findBytecode, offsetInBytecode } from '../heap/bytecode.ts';
import { readSharedFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { type Slot, tagged } from '../heap/slot.ts';
import { smiValue, type Tagged } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import { limits } from '../../limits.ts';

export const generatorFields = {
  function: 24,
  context: 32,
  receiver: 40,
  bytecodeOffset: 48,
  continuation: 64,
  registers: 72,
  promise: 80,
  isAwaiting: 88,
} as const;
/** AsyncGeneratorRequest: next, resume mode, value, promise; older versions order them otherwise. */
const requestFields = [8, 16, 24, 32] as const;
const maxRequests = 100;

export type GeneratorKind = 'async-function' | 'async-generator';

/** Null when this is no async function or generator that stands at an await. */
export function suspendedKind(heap: Heap, generator: Tagged): GeneratorKind | null {
  const type = heap.typeName(generator);
  const isFunction = type === 'JS_ASYNC_FUNCTION_OBJECT';
  if (!isFunction && type !== 'JS_ASYNC_GENERATOR_OBJECT') return null;
  try {
    const continuation = smiValue(heap.field(generator, generatorFields.continuation));
    const offset = smiValue(heap.field(generator, generatorFields.bytecodeOffset));
    if (continuation === null || continuation < 0 || offset === null) return null;
    if (!heap.isFunction(heap.field(generator, generatorFields.function))) return null;
    return isFunction ? 'async-function' : 'async-generator';
  } catch (error) {
    if (error instanceof UnreadableMemory) return null;
    throw error;
  }
}

/**
 * What an async generator waits for that stands at no await: its first next(), or the next one behind a `yield`.
 * @returns null when it stands at an await, or is none
 * @throws UnreadableMemory
 */
export function readYield(
  heap: Heap,
  generator: Tagged,
  kind: GeneratorKind,
): 'start' | 'yield' | null {
  if (kind !== 'async-generator') return null;
  if (smiValue(heap.field(generator, generatorFields.isAwaiting)) !== 0) return null;
  const continuation = smiValue(heap.field(generator, generatorFields.continuation));
  // The first suspension of every generator is before its first statement.
  return continuation === 0 ? 'start' : 'yield';
}

/** The activation a suspended function will have again. @throws UnreadableMemory */
export function readSuspended(heap: Heap, generator: Tagged): Activation {
  const shared = readSharedFunction(
    heap,
    sharedOfFunction(heap, heap.field(generator, generatorFields.function)),
  );
  const values = readSaved(heap, heap.field(generator, generatorFields.registers));
  const parameterCount = Math.max(0, (shared.formalParameters ?? 1) - 1);
  return {
    shared,
    tier: null,
    sourceOffset: readSourceOffset(heap, generator, shared.address),
    isInlined: false,
    receiver: tagged(heap.field(generator, generatorFields.receiver)),
    arguments: values.slice(0, parameterCount),
    registers: values.slice(parameterCount),
    context: tagged(heap.field(generator, generatorFields.context)),
  };
}

/** Offset in the source of the await it stands at; -1 unknown. @throws UnreadableMemory */
export function readSourceOffset(heap: Heap, generator: Tagged, shared: Tagged): number {
  const bytecode = findBytecode(heap, shared);
  const offset = smiValue(heap.field(generator, generatorFields.bytecodeOffset));
  return bytecode === null || offset === null
    ? -1
    : positionOfBytecode(heap, bytecode, offsetInBytecode(heap, offset));
}

function readSaved(heap: Heap, array: Tagged): Slot[] {
  if (!heap.typeName(array).includes('FIXED_ARRAY')) return [];
  const length = Math.max(0, Math.min(heap.arrayLength(array), limits.maxVariables * 4));
  return Array.from({ length }, (_, i) => tagged(heap.element(array, i)));
}

/** Promises that settle when this function goes on: its own, or those of the calls of next() that it has not answered. */
export function readOwnPromises(heap: Heap, generator: Tagged, kind: GeneratorKind): Tagged[] {
  const field = heap.field(generator, generatorFields.promise);
  if (kind === 'async-function') return heap.is(field, 'JS_PROMISE') ? [field] : [];
  const promises: Tagged[] = [];
  let request = field;
  for (let i = 0; i < maxRequests && heap.is(request, 'ASYNC_GENERATOR_REQUEST'); i++) {
    const words = requestFields.map((offset) => heap.field(request, offset));
    promises.push(...words.filter((word) => heap.is(word, 'JS_PROMISE')));
    request = words.find((word) => heap.is(word, 'ASYNC_GENERATOR_REQUEST')) ?? 0;
  }
  return promises;
}
