/** Members of objects, as properties of a Value. */
import { limits } from '../../limits.ts';
import type { Value } from '../../report/schema.ts';
import type { Heap } from '../heap/heap.ts';
import type { Tagged } from '../layout/tagged.ts';
import { readElements } from './elements.ts';
import type { Budget, ValueOpener } from './opening.ts';
import { readClassName, readOwnProperties } from './properties.ts';

type NamedValue = NonNullable<Value['properties']>[number];

/** Indexed elements, then named properties; accessors are named, never run. */
export function openMembers(
  reader: ValueOpener,
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

/** Name of an object's class; empty for none. @throws UnreadableMemory */
export function className(heap: Heap, object: Tagged): string {
  return readClassName(heap, object) ?? '';
}
