/** Objects by kind: how each is named, previewed and opened. Offsets are those of V8's Torque classes, the same in all versions unless a row says otherwise. */
import { limits } from '../../limits.ts';
import { readSharedFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { optimizedOut, type Slot } from '../heap/slot.ts';
import { readString } from '../heap/strings.ts';
import { isPointer, smiValue, type Tagged, untag } from '../layout/tagged.ts';
import type { Value } from '../../report/schema.ts';
import { readCollection, readElements, readFixedArray } from './elements.ts';
import { elementsPreview, entriesPreview, propertiesPreview } from './preview.ts';
import { absentValue } from './primitives.ts';
import {
  isReceiver,
  readClassName,
  readClassNameOfMap,
  readInObjectFields,
  readOwnProperties,
} from './properties.ts';
import { readArrayBuffer, readTypedArray } from './typed-array.ts';
import type { Budget, ValueReader } from './value-reader.ts';

/** First word behind map, properties and elements. */
const firstField = 24;
type NamedValue = NonNullable<Value['properties']>[number];

/** @throws UnreadableMemory */
export function readObject(
  reader: ValueReader,
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

/** Empty for none. */
function className(heap: Heap, object: Tagged): string {
  return readClassName(heap, object) ?? '';
}

function readPlain(reader: ValueReader, object: Tagged, depth: number, budget: Budget): Value {
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

/** Indexed elements, then named properties; accessors are named, never run. */
function openMembers(
  reader: ValueReader,
  object: Tagged,
  depth: number,
  budget: Budget,
): { properties: NamedValue[]; isTruncated: boolean } {
  const members: NamedValue[] = readElements(
    reader.heap,
    object,
    undefined,
    limits.maxProperties,
  ).map(({ index, slot }) => ({
    name: String(index),
    value: reader.open(slot, depth - 1, budget),
  }));
  const own = readOwnProperties(reader.heap, object, limits.maxProperties);
  for (const { key, word } of own.properties)
    members.push({
      name: key,
      value:
        word === null
          ? { type: 'accessor', preview: '[getter]' }
          : reader.open({ kind: 'tagged', word }, depth - 1, budget),
    });
  return { properties: members, isTruncated: own.isTruncated };
}

function readArray(reader: ValueReader, object: Tagged, depth: number, budget: Budget): Value {
  const length = smiValue(reader.heap.field(object, firstField)) ?? 0;
  const base = { type: 'array', className: className(reader.heap, object), length };
  if (isSpent(depth, budget))
    return { ...base, preview: `Array(${length})`, truncated: length > 0 };
  const elements = readElements(reader.heap, object, length, limits.maxProperties);
  const properties = elements.map(({ index, slot }) => ({
    name: String(index),
    value: reader.open(slot, depth - 1, budget),
  }));
  const isTruncated = length > limits.maxProperties;
  return {
    ...base,
    preview: elementsPreview(properties, length),
    properties,
    ...(isTruncated && { truncated: true }),
  };
}

function readKeyed(
  reader: ValueReader,
  object: Tagged,
  isMap: boolean,
  depth: number,
  budget: Budget,
): Value {
  const { size, entries } = readCollection(reader.heap, object, isMap, limits.maxProperties);
  const type = isMap ? 'map' : 'set';
  const name = className(reader.heap, object);
  const base = { type, className: name, length: size };
  if (isSpent(depth, budget)) return { ...base, preview: `${name}(${size})`, truncated: size > 0 };
  const properties = entries.map(({ key, value }, index) => {
    const shownKey = reader.open({ kind: 'tagged', word: key }, depth - 1, budget);
    return value === null
      ? { name: String(index), value: shownKey }
      : {
          name: shownKey.preview,
          value: reader.open({ kind: 'tagged', word: value }, depth - 1, budget),
        };
  });
  return {
    ...base,
    preview: entriesPreview(name, size, properties, isMap),
    properties,
    ...(size > entries.length && { truncated: true }),
  };
}

/** A Smi, a HeapNumber, or since 14.x the double itself. */
function readDate(heap: Heap, object: Tagged): Value {
  const word = heap.field(object, firstField);
  const time =
    smiValue(word) ??
    (heap.is(word, 'HEAP_NUMBER')
      ? heap.memory.f64(untag(word) + 8)
      : heap.memory.f64(untag(object) + firstField));
  const isValid = Math.abs(time) <= 8.64e15;
  return {
    type: 'date',
    className: 'Date',
    preview: isValid ? `Date(${new Date(time).toISOString()})` : 'Date(invalid)',
  };
}

/** JSRegExp: data, source, flags. src/regexp/regexp-flags.h: the letters in the order of their bits. */
function readRegExp(heap: Heap, object: Tagged): Value {
  const source = heap.field(object, firstField + 8);
  const bits = smiValue(heap.field(object, firstField + 16)) ?? 0;
  const flags = [...'gimyusldv'].filter((_, bit) => ((bits >> bit) & 1) === 1);
  const text = heap.isString(source) ? readString(heap, source, limits.maxStringPreview) : null;
  return {
    type: 'regexp',
    className: 'RegExp',
    preview: `/${text ?? '?'}/${flags.sort().join('')}`,
  };
}

/** JSPromise: reactions or result, flags (bits 0..1 the state). */
function readPromise(reader: ValueReader, object: Tagged, depth: number, budget: Budget): Value {
  const { heap } = reader;
  const flags = smiValue(heap.field(object, firstField + 8)) ?? 0;
  const state = (['pending', 'fulfilled', 'rejected'] as const)[flags & 3] ?? 'pending';
  const base = { type: 'promise', className: 'Promise' };
  if (state === 'pending' || isSpent(depth, budget))
    return { ...base, preview: `Promise {<${state}>}` };
  const result = reader.open(
    { kind: 'tagged', word: heap.field(object, firstField) },
    depth - 1,
    budget,
  );
  return {
    ...base,
    preview: `Promise {<${state}>: ${result.preview}}`,
    properties: [{ name: 'result', value: result }],
  };
}

/** JSProxy: target, handler. No trap is run. */
function readProxy(reader: ValueReader, object: Tagged, depth: number, budget: Budget): Value {
  const target = reader.heap.field(object, 16);
  if (!isPointer(target)) return { type: 'proxy', preview: 'Proxy (revoked)' };
  const shown = reader.open({ kind: 'tagged', word: target }, depth - 1, budget);
  return {
    type: 'proxy',
    preview: `Proxy of ${shown.preview}`,
    properties: [{ name: 'target', value: shown }],
  };
}

function readError(reader: ValueReader, object: Tagged, depth: number, budget: Budget): Value {
  const { heap } = reader;
  const name = className(heap, object);
  const own = readOwnProperties(heap, object, limits.maxProperties);
  const message = own.properties.find(({ key }) => key === 'message')?.word;
  const text =
    message != null && heap.isString(message)
      ? readString(heap, message, limits.maxStringPreview)
      : null;
  const properties = isSpent(depth, budget)
    ? []
    : openMembers(reader, object, depth, budget).properties;
  return {
    type: 'error',
    className: name,
    preview: text === null || text === '' ? name : `${name}: ${text}`,
    ...(properties.length > 0 && { properties }),
  };
}

function isSpent(depth: number, budget: Budget): boolean {
  return depth <= 0 || budget.nodes <= 0 || performance.now() > budget.endsAtMs;
}

/**
 * An object the optimiser kept in pieces: map, properties, elements, then the fields that lie in the object.
 * @throws UnreadableMemory
 */
export function readCaptured(
  reader: ValueReader,
  words: readonly Slot[],
  depth: number,
  budget: Budget,
): Value {
  const { heap } = reader;
  const [map] = words;
  if (map?.kind !== 'tagged' || !heap.is(map.word, 'MAP')) return absentValue('optimized-out');
  const type = heap.memory.u16(untag(map.word) + heap.layout.require('mapInstanceType'));
  if (heap.layout.typeNames.get(type) === 'JS_ARRAY')
    return readCapturedArray(reader, words, depth, budget);
  const name = readClassNameOfMap(heap, map.word) ?? '';
  const label = name === '' || name === 'Object' ? '' : `${name} `;
  const base = { type: 'object', ...(name !== '' && { className: name }) };
  if (isSpent(depth, budget)) return { ...base, preview: `${label}{…}`, truncated: true };
  const members = readInObjectFields(heap, map.word)
    .slice(0, limits.maxProperties)
    .map(({ key, wordIndex }) => ({
      name: key,
      value: reader.open(words[wordIndex] ?? optimizedOut, depth - 1, budget),
    }));
  return { ...base, preview: label + propertiesPreview(members, false), properties: members };
}

/** Map, properties, elements, length; the elements are in pieces too (map, length, …) or in the heap. */
function readCapturedArray(
  reader: ValueReader,
  [, , elements, lengthSlot]: readonly Slot[],
  depth: number,
  budget: Budget,
): Value {
  const length = lengthSlot === undefined ? NaN : slotInteger(lengthSlot);
  const base = { type: 'array', className: 'Array', length };
  const slots =
    elements?.kind === 'captured'
      ? elements.words.slice(2)
      : elements?.kind === 'tagged'
        ? readFixedArray(reader.heap, elements.word)
        : [];
  if (isSpent(depth, budget) || !Number.isInteger(length))
    return { type: 'array', preview: 'Array(…)', truncated: true };
  const properties = slots
    .slice(0, Math.min(length, limits.maxProperties))
    .map((slot, i) => ({ name: String(i), value: reader.open(slot, depth - 1, budget) }));
  return { ...base, preview: elementsPreview(properties, length), properties };
}

function slotInteger(slot: Slot): number {
  if (slot.kind === 'number') return slot.value;
  return slot.kind === 'tagged' ? (smiValue(slot.word) ?? NaN) : NaN;
}
