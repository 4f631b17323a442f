/**
 * Turns what was thrown into an ErrorRecord without running code of the program.
 *
 * One exception: V8 formats `stack` when it is first read, and calls the program's own Error.prepareStackTrace for it,
 * where there is one. Node reads it for every uncaught error anyway, and V8 keeps the result, so the hook runs once as it
 * would without us. Switching it off for our read would change what the program prints.
 */
import { types } from 'node:util';
import type { ErrorRecord } from '../report/schema.ts';
import {
  cut,
  describeValue,
  errorName,
  inheritedData,
  ownData,
  ownVariables,
} from './safe-value.cts';

const { getOwnPropertyDescriptor } = Object;
const { apply } = Reflect;
const { isArray } = Array;
const { isProxy, isNativeError } = types;

const maxCauses = 8;
const maxErrors = 16;
/** Records in all: causes of errors of causes multiply. */
const maxRecords = 64;
const maxMessageChars = 16_384;
const maxStackChars = 65_536;
const ownFields = new Set<PropertyKey>(['name', 'message', 'stack', 'cause', 'errors']);

/**
 * V8's getter of `stack`, where it is an accessor of each error (Node 21 and later). It reads a private field, so it
 * works on errors of every realm, and runs nothing of the object's own. Undefined: `stack` is a data property.
 */
// eslint-disable-next-line @typescript-eslint/unbound-method -- apply() gives it its receiver
const stackGetter = getOwnPropertyDescriptor(new Error(), 'stack')?.get;

interface Progress {
  records: number;
  seen: Set<object>;
}

/** @param thrown anything: also primitives and Proxies can be thrown */
export function describeError(thrown: unknown): ErrorRecord {
  return describe(thrown, 0, { records: 0, seen: new Set() });
}

function describe(thrown: unknown, depth: number, progress: Progress): ErrorRecord {
  progress.records += 1;
  if (typeof thrown === 'string')
    return { name: 'string', message: cut(thrown, maxMessageChars), properties: [] };
  if (typeof thrown !== 'object' || thrown === null) {
    const { type, preview } = describeValue(thrown);
    return { name: type, message: preview, properties: [] };
  }
  if (isProxy(thrown))
    return { name: 'Proxy', message: 'a Proxy, not looked into', properties: [] };
  if (progress.seen.has(thrown))
    return { name: nameOf(thrown), message: 'this error again', properties: [] };
  progress.seen.add(thrown);

  const record: ErrorRecord = {
    name: nameOf(thrown),
    message: messageOf(thrown),
    properties: ownVariables(thrown, ownFields),
  };
  const stack = stackOf(thrown);
  if (stack !== undefined) record.stack = cut(stack, maxStackChars);
  if (depth < maxCauses && progress.records < maxRecords) {
    const cause = getOwnPropertyDescriptor(thrown, 'cause');
    if (cause !== undefined && 'value' in cause)
      record.cause = describe(cause.value, depth + 1, progress);
    const errors = listOf(ownData(thrown, 'errors'));
    if (errors.length > 0) record.errors = describeAll(errors, depth + 1, progress);
  }
  return record;
}

function describeAll(errors: readonly unknown[], depth: number, progress: Progress): ErrorRecord[] {
  const records: ErrorRecord[] = [];
  for (const error of errors) {
    if (progress.records >= maxRecords) break;
    records.push(describe(error, depth, progress));
  }
  return records;
}

/** The first elements of an array, by their data properties. */
function listOf(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null || isProxy(value) || !isArray(value)) return [];
  const list: unknown[] = [];
  for (let i = 0; i < value.length && i < maxErrors; i++) list.push(ownData(value, i));
  return list;
}

function nameOf(thrown: object): string {
  return errorName(thrown) ?? (isNativeError(thrown) ? 'Error' : 'Object');
}

function messageOf(thrown: object): string {
  const message = inheritedData(thrown, 'message');
  if (typeof message === 'string') return cut(message, maxMessageChars);
  return isNativeError(thrown) ? '' : describeValue(thrown, Infinity).preview;
}

/** `error.stack` as text, without running a getter of the program. */
export function stackOf(thrown: object): string | undefined {
  try {
    const descriptor = getOwnPropertyDescriptor(thrown, 'stack');
    const stack: unknown =
      descriptor?.get !== undefined && stackGetter !== undefined
        ? apply(stackGetter, thrown, [])
        : descriptor?.value;
    return typeof stack === 'string' ? stack : undefined;
  } catch {
    // The program's prepareStackTrace threw.
    return undefined;
  }
}
