/**
 * Objects by kind: how each is named, previewed and opened. Offsets are those of V8's Torque classes, the same in all
 * versions unless a row says otherwise.
 */
import type { Value } from '../../report/schema.ts';
import type { Tagged } from '../layout/tagged.ts';
import { readArray, readKeyed } from './containers.ts';
import { readError } from './error-value.ts';
import { readBoundFunction, readFunction } from './function-value.ts';
import { isGeneratorType, readGenerator } from './generator-value.ts';
import { className, openMembers } from './members.ts';
import { tellNodeObject } from './node-objects.ts';
import { type Budget, isSpent, type ValueOpener } from './opening.ts';
import { propertiesPreview } from './preview.ts';
import { isReceiver, readClassName } from './properties.ts';
import { readDate, readPromise, readProxy, readRegExp } from './standard-objects.ts';
import { readArrayBuffer, readDataView, readTypedArray } from './typed-array.ts';
import { readBoxed, readWeakCollection, readWeakRef } from './wrappers.ts';

type Opener = (reader: ValueOpener, object: Tagged, depth: number, budget: Budget) => Value;

const globalObject: Opener = () => ({
  type: 'object',
  preview: 'globalThis',
  className: 'global',
});

/** By V8's name of the type. */
const openers: Readonly<Record<string, Opener | undefined>> = {
  JS_ARRAY: readArray,
  JS_MAP: (reader, object, depth, budget) => readKeyed(reader, object, true, depth, budget),
  JS_SET: (reader, object, depth, budget) => readKeyed(reader, object, false, depth, budget),
  JS_DATE: ({ heap }, object) => readDate(heap, object),
  JS_REG_EXP: ({ heap }, object) => readRegExp(heap, object),
  JS_PROMISE: readPromise,
  JS_PROXY: readProxy,
  JS_TYPED_ARRAY: ({ heap }, object) => readTypedArray(heap, object, className(heap, object)),
  JS_ARRAY_BUFFER: ({ heap }, object) => readArrayBuffer(heap, object, className(heap, object)),
  JS_ERROR: readError,
  JS_GLOBAL_PROXY: globalObject,
  JS_GLOBAL_OBJECT: globalObject,
  JS_BOUND_FUNCTION: readBoundFunction,
  JS_PRIMITIVE_WRAPPER: readBoxed,
  JS_WEAK_MAP: ({ heap }, object) => readWeakCollection(heap, object),
  JS_WEAK_SET: ({ heap }, object) => readWeakCollection(heap, object),
  JS_WEAK_REF: readWeakRef,
  JS_DATA_VIEW: ({ heap }, object) => readDataView(heap, object),
  JS_RAB_GSAB_DATA_VIEW: ({ heap }, object) => readDataView(heap, object),
};

/** @throws UnreadableMemory */
export function readObject(
  reader: ValueOpener,
  object: Tagged,
  depth: number,
  budget: Budget,
): Value {
  const { heap } = reader;
  if (heap.isFunction(object)) return readFunction(reader, object);
  const typeName = heap.typeName(object);
  const opener = openers[typeName];
  if (opener !== undefined) return opener(reader, object, depth, budget);
  const generator = isGeneratorType(heap, heap.type(object))
    ? readGenerator(reader, object, depth, budget)
    : null;
  if (generator !== null) return generator;
  // V8's internal objects (contexts, cells, …) are not JavaScript values.
  const isJavaScript = isReceiver(heap, object);
  return isJavaScript
    ? readPlain(reader, object, depth, budget)
    : { type: 'internal', preview: `<V8 ${typeName === '' ? 'object' : typeName.toLowerCase()}>` };
}

function readPlain(reader: ValueOpener, object: Tagged, depth: number, budget: Budget): Value {
  const { heap } = reader;
  const name = readClassName(heap, object) ?? '[Object: null prototype]';
  const base = { type: 'object', ...(name !== '' && { className: name }) };
  const label = name === '' || name === 'Object' ? '' : `${name} `;
  const told = tellNodeObject(heap, name, object);
  if (told !== null)
    return readTold(
      reader,
      object,
      {
        ...base,
        preview: `${label}{${told.words}}`,
        ...(told.fd !== undefined && { fd: told.fd }),
      },
      depth,
      budget,
    );
  if (isSpent(depth, budget)) return { ...base, preview: `${label}{…}`, truncated: true };
  const { properties, isTruncated } = openMembers(reader, object, depth, budget);
  return {
    ...base,
    preview: label + propertiesPreview(properties, isTruncated),
    properties,
    ...(isTruncated && { truncated: true }),
  };
}

/** An object that its line tells about; its properties are for those who look further. */
function readTold(
  reader: ValueOpener,
  object: Tagged,
  line: Value,
  depth: number,
  budget: Budget,
): Value {
  if (isSpent(depth, budget)) return { ...line, truncated: true };
  const { properties, isTruncated } = openMembers(reader, object, depth, budget);
  return { ...line, properties, ...(isTruncated && { truncated: true }) };
}
