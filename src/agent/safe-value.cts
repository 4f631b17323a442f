/**
 * Looks at values without running any code of the program: no getters, no toString, no toJSON, no Proxy traps.
 * Everything used here is taken hold of when the agent loads, before the program can replace it.
 */
import { types } from 'node:util';
import type { Value, Variable } from '../report/schema.ts';

/* eslint-disable @typescript-eslint/unbound-method -- static functions, and methods that apply() gives a receiver */
const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const { apply, ownKeys } = Reflect;
const { isProxy, isDate, isRegExp, isNativeError, isMap, isSet, isPromise } = types;
const { isView } = ArrayBuffer;
const { isArray } = Array;
const dateToJson = Date.prototype.getTime;
const symbolToString = Symbol.prototype.toString;
/* eslint-enable @typescript-eslint/unbound-method */

const maxStringChars = 200;
const maxProperties = 20;
const maxDepth = 2;
const maxPrototypes = 32;
/** Characters of a preview, and of one member in it. */
const maxPreviewChars = 300;
const maxMemberChars = 60;
const languageErrors: ReadonlySet<string> = new Set(
  'Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError'.split(
    ' ',
  ),
);

/** The value of a data property of the object itself; undefined for accessors, absent ones, and Proxies. */
export function ownData(object: object, name: PropertyKey): unknown {
  if (isProxy(object)) return undefined;
  try {
    return getOwnPropertyDescriptor(object, name)?.value;
  } catch {
    // A binding of a module that is not initialized yet.
    return undefined;
  }
}

/** The same, looked for along the prototypes; an accessor or a Proxy on the way ends the search. */
export function inheritedData(object: object, name: PropertyKey): unknown {
  let holder: object | null = object;
  for (let i = 0; holder !== null && i < maxPrototypes; i++) {
    if (isProxy(holder)) return undefined;
    const descriptor = getOwnPropertyDescriptor(holder, name);
    if (descriptor !== undefined) return descriptor.value;
    holder = getPrototypeOf(holder) as object | null;
  }
  return undefined;
}

/**
 * The class of an error, as Node prints it (improveStack() in its lib/internal/util/inspect.js): what `name` says, unless that is only
 * the name of a class further up, or of one of the language. Undefined when there is neither.
 */
export function errorName(error: object): string | undefined {
  let name: string | undefined;
  let holder: object | null = error;
  for (let i = 0; holder !== null && i < maxPrototypes && !isProxy(holder); i++) {
    const own = ownData(holder, 'name');
    if (name === undefined && typeof own === 'string' && own !== '')
      name = cut(own, maxStringChars);
    const className = i === 0 ? undefined : nameOfFunction(ownData(holder, 'constructor'));
    if (name !== undefined && !languageErrors.has(name)) return name;
    if (className !== undefined)
      return languageErrors.has(className) ? (name ?? className) : className;
    holder = getPrototypeOf(holder) as object | null;
  }
  return name;
}

/** Own data properties as variables, up to the cap; accessors are named, not called. */
export function ownVariables(
  object: object,
  except: ReadonlySet<PropertyKey>,
  depth = 0,
): Variable[] {
  if (isProxy(object)) return [];
  const variables: Variable[] = [];
  for (const key of ownKeys(object)) {
    if (variables.length === maxProperties) break;
    if (except.has(key)) continue;
    const descriptor = ownDescriptor(object, key);
    if (descriptor === undefined) continue;
    const name = typeof key === 'symbol' ? apply(symbolToString, key, []) : key;
    const value: Value =
      'value' in descriptor
        ? describeValue(descriptor.value, depth)
        : { type: 'accessor', preview: '[Getter: not called]' };
    variables.push({ name, value });
  }
  return variables;
}

/** A value in the words of the report, to a small depth. */
export function describeValue(value: unknown, depth = 0): Value {
  switch (typeof value) {
    case 'string':
      return describeString(value);
    case 'symbol':
      return { type: 'symbol', preview: apply(symbolToString, value, []) };
    case 'bigint':
      return { type: 'bigint', preview: `${value}n` };
    case 'function':
      return describeFunction(value);
    case 'object':
      return value === null ? { type: 'null', preview: 'null' } : describeObject(value, depth);
    case 'number':
      return { type: 'number', preview: Object.is(value, -0) ? '-0' : `${value}` };
    case 'boolean':
      return { type: 'boolean', preview: `${value}` };
    case 'undefined':
      return { type: 'undefined', preview: 'undefined' };
  }
}

/** The text, cut to `most` UTF-16 units. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}

function ownDescriptor(object: object, key: PropertyKey): PropertyDescriptor | undefined {
  try {
    return getOwnPropertyDescriptor(object, key);
  } catch {
    return undefined;
  }
}

function describeString(value: string): Value {
  const truncated = value.length > maxStringChars;
  return {
    type: 'string',
    preview: JSON.stringify(cut(value, maxStringChars)),
    length: value.length,
    ...(truncated ? { truncated } : {}),
  };
}

function describeFunction(value: object): Value {
  if (isProxy(value)) return { type: 'proxy', preview: '[Proxy]' };
  const name = ownData(value, 'name');
  return {
    type: 'function',
    preview: typeof name === 'string' && name !== '' ? `[Function: ${name}]` : '[Function]',
  };
}

function describeObject(value: object, depth: number): Value {
  if (isProxy(value)) return { type: 'proxy', preview: '[Proxy]' };
  const className = classNameOf(value);
  const named = className === undefined ? {} : { className };
  const title = className ?? 'Object';
  if (isDate(value)) {
    const time = apply(dateToJson, value, []);
    const preview = Number.isNaN(time) ? 'Invalid Date' : new Date(time).toISOString();
    return { type: 'date', preview, ...named };
  }
  if (isView(value) || isMap(value) || isSet(value) || isPromise(value) || isRegExp(value)) {
    return { type: 'object', preview: `[${title}]`, ...named };
  }
  const type = isArray(value) ? 'array' : isNativeError(value) ? 'error' : 'object';
  const length = type === 'array' ? Number(ownData(value, 'length')) : undefined;
  const sized = length === undefined ? {} : { length };
  if (depth >= maxDepth) {
    const preview = length === undefined ? `[${title}]` : `[${title}(${length})]`;
    return { type, preview, ...named, ...sized, truncated: true };
  }
  const properties = elementsOf(value, length, depth + 1);
  const isCut = properties.length < (length ?? ownKeys(value).length);
  const preview =
    type === 'error'
      ? errorPreview(value, title)
      : membersPreview(properties, { title, isList: type === 'array', isCut });
  return { type, preview, ...named, ...sized, ...(isCut && { truncated: true }), properties };
}

/** `TypeError: no price`, on one line. */
function errorPreview(error: object, title: string): string {
  const message = ownData(error, 'message');
  const name = errorName(error) ?? title;
  if (typeof message !== 'string' || message === '') return `[${name}]`;
  return cut(`${name}: ${message.split('\n', 1)[0] ?? ''}`, maxStringChars);
}

/** `{id: 7, items: [Array(2)]}`, `Order {id: 7}`, `["tea", 2]`: as the reader writes them. */
function membersPreview(
  members: readonly Variable[],
  { title, isList, isCut }: { title: string; isList: boolean; isCut: boolean },
): string {
  let text = '';
  const add = (item: string): boolean => {
    const isFull = text.length + item.length > maxPreviewChars;
    text += `${text === '' ? '' : ', '}${isFull ? '…' : item}`;
    return !isFull;
  };
  const hasAll = members.every(({ name, value }) =>
    add(`${isList ? '' : `${name}: `}${cut(value.preview, maxMemberChars)}`),
  );
  if (hasAll && isCut) add('…');
  const isPlain = title === 'Object' || title === 'Array';
  return `${isPlain ? '' : `${title} `}${isList ? `[${text}]` : `{${text}}`}`;
}

/** An array's first elements by index, so that a huge one is not listed; other objects' properties. */
function elementsOf(value: object, length: number | undefined, depth: number): Variable[] {
  if (length === undefined) return ownVariables(value, new Set(), depth);
  const elements: Variable[] = [];
  for (let i = 0; i < length && i < maxProperties; i++) {
    const descriptor = ownDescriptor(value, i);
    if (descriptor === undefined || !('value' in descriptor)) continue;
    elements.push({ name: `${i}`, value: describeValue(descriptor.value, depth) });
  }
  return elements;
}

function classNameOf(value: object): string | undefined {
  return nameOfFunction(inheritedData(value, 'constructor'));
}

function nameOfFunction(value: unknown): string | undefined {
  const name = typeof value === 'function' ? ownData(value, 'name') : undefined;
  return typeof name === 'string' && name !== '' ? cut(name, maxStringChars) : undefined;
}
