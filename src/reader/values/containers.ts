/** Arrays, Maps and Sets. */
import { limits } from '../../limits.ts';
import type { Value, Variable } from '../../report/schema.ts';
import type { Tagged } from '../layout/tagged.ts';
import { readArrayLength, readCollection, readElementsTo } from './elements.ts';
import { className } from './members.ts';
import { type Budget, isSpent, type ValueOpener } from './opening.ts';
import { elementsPreview, entriesPreview } from './preview.ts';
import { readOwnProperties } from './properties.ts';

/** @throws UnreadableMemory */
export function readArray(
  reader: ValueOpener,
  object: Tagged,
  depth: number,
  budget: Budget,
): Value {
  const length = readArrayLength(reader.heap, object);
  const base = { type: 'array', className: className(reader.heap, object), length };
  if (isSpent(depth, budget))
    return { ...base, preview: `Array(${length})`, truncated: length > 0 };
  const { elements, knownTo } = readElementsTo(reader.heap, object, length, limits.maxProperties);
  const properties = elements.map(({ index, slot }) => ({
    name: String(index),
    value: reader.open(slot, depth - 1, budget),
  }));
  const named = readNamedMembers(reader, object, depth, budget);
  const isTruncated = length > Math.max(knownTo, (elements.at(-1)?.index ?? -1) + 1);
  return {
    ...base,
    preview: elementsPreview(properties, length, knownTo, named),
    properties: [...properties, ...named],
    ...(isTruncated && { truncated: true }),
  };
}

/** What a program hangs on an array besides its elements: `index` and `groups` of a match, for one. */
function readNamedMembers(
  reader: ValueOpener,
  object: Tagged,
  depth: number,
  budget: Budget,
): Variable[] {
  const { properties } = readOwnProperties(reader.heap, object, limits.maxProperties);
  return properties.flatMap(({ key, word }) =>
    key === 'length'
      ? []
      : [
          {
            name: key,
            value:
              word === null
                ? { type: 'accessor', preview: '[getter]' }
                : reader.open({ kind: 'tagged', word }, depth - 1, budget),
          },
        ],
  );
}

/** A Map or a Set. @throws UnreadableMemory */
export function readKeyed(
  reader: ValueOpener,
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
