/** Objects that exist only in pieces, in the slots of an optimised frame. */
import { limits } from '../../limits.ts';
import type { Value } from '../../report/schema.ts';
import { optimizedOut, type Slot } from '../heap/slot.ts';
import { smiValue, untag } from '../layout/tagged.ts';
import { readFixedArray } from './elements.ts';
import { type Budget, isSpent, type ValueOpener } from './opening.ts';
import { elementsPreview, propertiesPreview } from './preview.ts';
import { absentValue } from './primitives.ts';
import { readClassNameOfMap, readInObjectFields } from './properties.ts';

/**
 * An object the optimiser kept in pieces: map, properties, elements, then the fields that lie in the object.
 * @throws UnreadableMemory
 */
export function readCaptured(
  reader: ValueOpener,
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
  reader: ValueOpener,
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
  return { ...base, preview: elementsPreview(properties, length, properties.length), properties };
}

function slotInteger(slot: Slot): number {
  if (slot.kind === 'number') return slot.value;
  return slot.kind === 'tagged' ? (smiValue(slot.word) ?? NaN) : NaN;
}
