/** Objects that are about one other value: boxed primitives, weak references. */
import type { Value } from '../../report/schema.ts';
import type { Heap } from '../heap/heap.ts';
import { isPointer, smiValue, type Tagged } from '../layout/tagged.ts';
import { className } from './members.ts';
import { type Budget, isSpent, type ValueOpener } from './opening.ts';

/** JSPrimitiveWrapper::value, JSWeakRef::target: the first word behind map, properties and elements. */
const wrapped = 24;

/** `Object(1)` and its like. @throws UnreadableMemory */
export function readBoxed(
  reader: ValueOpener,
  object: Tagged,
  depth: number,
  budget: Budget,
): Value {
  const name = className(reader.heap, object);
  const value = reader.open(
    { kind: 'tagged', word: reader.heap.field(object, wrapped) },
    depth - 1,
    budget,
  );
  return { type: 'object', className: name, preview: `[${name}: ${value.preview}]` };
}

/** The collector may take the target at any time; then V8 writes undefined there. @throws UnreadableMemory */
export function readWeakRef(
  reader: ValueOpener,
  object: Tagged,
  depth: number,
  budget: Budget,
): Value {
  const base = { type: 'object', className: 'WeakRef' };
  const word = reader.heap.field(object, wrapped);
  if (isSpent(depth, budget) || !isPointer(word)) return { ...base, preview: 'WeakRef {…}' };
  const target = reader.open({ kind: 'tagged', word }, depth - 1, budget);
  if (target.type === 'undefined') return { ...base, preview: 'WeakRef {<collected>}' };
  return {
    ...base,
    preview: `WeakRef {${target.preview}}`,
    properties: [{ name: 'target', value: target }],
  };
}

/** WeakMap and WeakSet: an EphemeronHashTable, the first word behind map, properties and elements. Entries come and go. @throws UnreadableMemory */
export function readWeakCollection(heap: Heap, object: Tagged): Value {
  const name = className(heap, object);
  const base = { type: 'object', className: name };
  const table = heap.field(object, wrapped);
  const size =
    heap.typeName(table) === 'EPHEMERON_HASH_TABLE' ? smiValue(heap.element(table, 0)) : null;
  return size === null
    ? { ...base, preview: `${name} {…}`, truncated: true }
    : {
        ...base,
        length: size,
        preview: `${name}(${size}) {…}`,
        ...(size > 0 && { truncated: true }),
      };
}
