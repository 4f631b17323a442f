/** Dates, regular expressions, promises, proxies: objects whose state is in fields of V8's own. */
import { limits } from '../../limits.ts';
import type { Value } from '../../report/schema.ts';
import type { Heap } from '../heap/heap.ts';
import { readString } from '../heap/strings.ts';
import { isPointer, smiValue, type Tagged, untag } from '../layout/tagged.ts';
import { type Budget, isSpent, type ValueOpener } from './opening.ts';
import { isReceiver } from './properties.ts';

/** First word behind map, properties and elements. */
const firstField = 24;
/** src/regexp/regexp-flags.h: the letters in the order of their bits. */
const regExpFlags = ['g', 'i', 'm', 'y', 'u', 's', 'l', 'd', 'v'];

/** A Smi or a HeapNumber, since 13.x the double itself. */
export function readDate(heap: Heap, object: Tagged): Value {
  const word = heap.field(object, firstField);
  const isRaw = heap.layout.require('dateIsDouble') === 1;
  const time = isRaw
    ? heap.memory.f64(untag(object) + firstField)
    : (smiValue(word) ??
      (heap.is(word, 'HEAP_NUMBER') ? heap.memory.f64(untag(word) + 8) : Number.NaN));
  const isValid = Math.abs(time) <= 8.64e15;
  return {
    type: 'date',
    className: 'Date',
    preview: isValid ? `Date(${new Date(time).toISOString()})` : 'Date(invalid)',
  };
}

/** JSRegExp: data, source, flags. src/regexp/regexp-flags.h: the letters in the order of their bits. */
export function readRegExp(heap: Heap, object: Tagged): Value {
  const source = heap.field(object, firstField + 8);
  const bits = smiValue(heap.field(object, firstField + 16)) ?? 0;
  const flags = regExpFlags.filter((_, bit) => ((bits >> bit) & 1) === 1);
  const text = heap.isString(source) ? readString(heap, source, limits.maxStringPreview) : null;
  return {
    type: 'regexp',
    className: 'RegExp',
    preview: `/${text ?? '?'}/${flags.sort().join('')}`,
  };
}

/** JSPromise: reactions or result, flags (bits 0..1 the state). */
export function readPromise(
  reader: ValueOpener,
  object: Tagged,
  depth: number,
  budget: Budget,
): Value {
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

/** JSProxy: target, handler (src/objects/js-proxy.tq). */
export function proxyTarget(heap: Heap, proxy: Tagged): Tagged {
  return heap.field(proxy, 16);
}

/** No trap is run. */
export function readProxy(
  reader: ValueOpener,
  object: Tagged,
  depth: number,
  budget: Budget,
): Value {
  const target = proxyTarget(reader.heap, object);
  if (!isPointer(target) || !isReceiver(reader.heap, target))
    return { type: 'proxy', preview: 'Proxy (revoked)' };
  const shown = reader.open({ kind: 'tagged', word: target }, depth - 1, budget);
  return {
    type: 'proxy',
    preview: `Proxy of ${shown.preview}`,
    properties: [{ name: 'target', value: shown }],
  };
}
