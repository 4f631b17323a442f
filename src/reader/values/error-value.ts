/** Errors: what they say, where they were made, what caused them, and what the program added. */
import { limits } from '../../limits.ts';
import type { Value } from '../../report/schema.ts';
import type { Heap } from '../heap/heap.ts';
import { readString } from '../heap/strings.ts';
import { isPointer, type Tagged } from '../layout/tagged.ts';
import { readErrorStack } from './error-stack.ts';
import { className, openMembers } from './members.ts';
import { type Budget, isSpent, type ValueOpener } from './opening.ts';
import { isReceiver, readOwnProperties, type Property } from './properties.ts';

const maxPrototypes = 6;
/** `constructor`, `name`, `message`, and what the program added. */
const maxPrototypeProperties = 20;

/** @throws UnreadableMemory */
export function readError(
  reader: ValueOpener,
  object: Tagged,
  depth: number,
  budget: Budget,
): Value {
  const { heap } = reader;
  const name = className(heap, object);
  const own = readOwnProperties(heap, object, limits.maxProperties);
  const message = textOf(heap, own.properties, 'message') ?? '';
  const base = {
    type: 'error',
    className: name,
    preview: message === '' ? name : `${name}: ${message}`,
  };
  if (isSpent(depth, budget)) return base;
  const stack = readErrorStack(reader, own.hidden);
  // V8 writes the first line when the stack is first asked for, from the name and message of that moment.
  const header = stack?.isWhole === false ? `${headerOf(heap, object, own.properties)}\n` : '';
  const properties = openMembers(reader, object, depth, budget).properties.map((property) =>
    property.name === 'stack' && property.value.type === 'accessor' && stack !== null
      ? {
          name: 'stack',
          value: {
            type: 'string',
            preview: JSON.stringify(header + stack.text),
            ...(stack.isCut && { truncated: true }),
          },
        }
      : property,
  );
  return { ...base, ...(properties.length > 0 && { properties }) };
}

/** `Name: message`, as Error.prototype.toString() would say without running anything. */
function headerOf(heap: Heap, object: Tagged, own: readonly Property[]): string {
  const name = readName(heap, object, own);
  const message = textOf(heap, own, 'message') ?? '';
  return name === '' || message === '' ? name + message : `${name}: ${message}`;
}

/** The property `name` of the error or of the nearest prototype that has one. */
function readName(heap: Heap, object: Tagged, own: readonly Property[]): string {
  let properties = own;
  let at = object;
  for (let i = 0; i < maxPrototypes; i++) {
    const name = textOf(heap, properties, 'name');
    if (name !== null) return name;
    at = heap.field(heap.field(at, 0), heap.layout.require('mapPrototype'));
    if (!isPointer(at) || !isReceiver(heap, at)) break;
    properties = readOwnProperties(heap, at, maxPrototypeProperties).properties;
  }
  return 'Error';
}

function textOf(heap: Heap, properties: readonly Property[], key: string): string | null {
  const word = properties.find((property) => property.key === key)?.word ?? null;
  return word !== null && heap.isString(word)
    ? readString(heap, word, limits.maxStringPreview)
    : null;
}
