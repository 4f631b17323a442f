/** Functions as values: their names, and where in the source they are. */
import type { Value } from '../../report/schema.ts';
import type { Tagged } from '../layout/tagged.ts';
import { readCallbackPlace, unbound } from '../loop/callback.ts';
import { readNamedFunction } from './function-name.ts';
import type { ValueOpener } from './opening.ts';

/** @throws UnreadableMemory */
export function readFunction({ heap, scripts }: ValueOpener, object: Tagged): Value {
  const { name, scopeInfo } = readNamedFunction(heap, object);
  const isClass = scopeInfo?.isClassConstructor === true || heap.is(object, 'JS_CLASS_CONSTRUCTOR');
  const label = name === '' ? '(anonymous)' : name;
  const { file, line, column } = readCallbackPlace(heap, scripts, object);
  return {
    type: 'function',
    preview: isClass ? `[class ${label}]` : `[Function ${label}]`,
    ...(file !== undefined && {
      place: { file, ...(line !== undefined && { line }), ...(column !== undefined && { column }) },
    }),
  };
}

/** What bind() made, by the function behind it. @throws UnreadableMemory */
export function readBoundFunction(reader: ValueOpener, object: Tagged): Value {
  const target = unbound(reader.heap, object);
  if (!reader.heap.isFunction(target)) return { type: 'function', preview: '[Function (bound)]' };
  const value = readFunction(reader, target);
  return { ...value, preview: value.preview.replace('[Function ', '[Function bound ') };
}
