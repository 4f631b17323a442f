/**
 * Objects by kind: how each is named, previewed and opened. Offsets are those of V8's Torque classes, the same in all
 * versions unless a row says otherwise.
 */
import type { Value } from '../../report/schema.ts';
import { readSharedFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import type { Tagged } from '../layout/tagged.ts';
import { readArray, readKeyed } from './containers.ts';
import { className, openMembers } from './members.ts';
import { type Budget, isSpent, type ValueOpener } from './opening.ts';
import { propertiesPreview } from './preview.ts';
import { isReceiver, readClassName } from './properties.ts';
import { readDate, readError, readPromise, readProxy, readRegExp } from './standard-objects.ts';
import { readArrayBuffer, readTypedArray } from './typed-array.ts';

/** @throws UnreadableMemory */
export function readObject(
  reader: ValueOpener,
  object: Tagged,
  depth: number,
  budget: Budget,
): Value {
  const { heap } = reader;
  if (heap.isFunction(object)) return readFunction(heap, object);
  const typeName = heap.typeName(object);
  const openers: Partial<Record<string, () => Value>> = {
    JS_ARRAY: () => readArray(reader, object, depth, budget),
    JS_MAP: () => readKeyed(reader, object, true, depth, budget),
    JS_SET: () => readKeyed(reader, object, false, depth, budget),
    JS_DATE: () => readDate(heap, object),
    JS_REG_EXP: () => readRegExp(heap, object),
    JS_PROMISE: () => readPromise(reader, object, depth, budget),
    JS_PROXY: () => readProxy(reader, object, depth, budget),
    JS_TYPED_ARRAY: () => readTypedArray(heap, object, className(heap, object)),
    JS_ARRAY_BUFFER: () => readArrayBuffer(heap, object, className(heap, object)),
    JS_ERROR: () => readError(reader, object, depth, budget),
    JS_GLOBAL_PROXY: () => ({ type: 'object', preview: 'globalThis', className: 'global' }),
    JS_GLOBAL_OBJECT: () => ({ type: 'object', preview: 'globalThis', className: 'global' }),
    JS_BOUND_FUNCTION: () => ({ type: 'function', preview: '[Function (bound)]' }),
  };
  const opener = openers[typeName];
  if (opener !== undefined) return opener();
  // V8's internal objects (contexts, cells, …) are not JavaScript values.
  const isJavaScript = isReceiver(heap, object);
  return isJavaScript
    ? readPlain(reader, object, depth, budget)
    : { type: 'internal', preview: `<V8 ${typeName === '' ? 'object' : typeName.toLowerCase()}>` };
}

function readFunction(heap: Heap, object: Tagged): Value {
  const { name, scopeInfo } = readSharedFunction(heap, sharedOfFunction(heap, object));
  const isClass = scopeInfo?.isClassConstructor === true;
  const label = name === '' ? '(anonymous)' : name;
  return { type: 'function', preview: isClass ? `[class ${label}]` : `[Function ${label}]` };
}

function readPlain(reader: ValueOpener, object: Tagged, depth: number, budget: Budget): Value {
  const { heap } = reader;
  const name = readClassName(heap, object) ?? '[Object: null prototype]';
  const base = { type: 'object', ...(name !== '' && { className: name }) };
  const label = name === '' || name === 'Object' ? '' : `${name} `;
  if (isSpent(depth, budget)) return { ...base, preview: `${label}{…}`, truncated: true };
  const { properties, isTruncated } = openMembers(reader, object, depth, budget);
  return {
    ...base,
    preview: label + propertiesPreview(properties, isTruncated),
    properties,
    ...(isTruncated && { truncated: true }),
  };
}
