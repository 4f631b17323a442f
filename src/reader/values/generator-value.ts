/** Generators and suspended async functions as values: where they stand, and their variables. */
import type { Value } from '../../report/schema.ts';
import { readVariables } from '../frame-variables.ts';
import { readSharedFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { smiValue, type Tagged } from '../layout/tagged.ts';
import { generatorFields, readSuspended } from '../tasks/generator.ts';
import { type Budget, isSpent, type ValueOpener } from './opening.ts';
import { membersPreview } from './preview.ts';

/** JSGeneratorObject::kGeneratorExecuting, kGeneratorClosed (src/objects/js-generator.h). */
const states: Readonly<Record<number, string>> = { [-2]: 'running', [-1]: 'finished' };

/** Null when the object is no generator. @throws UnreadableMemory */
export function readGenerator(
  reader: ValueOpener,
  object: Tagged,
  depth: number,
  budget: Budget,
): Value | null {
  const { heap, scripts } = reader;
  const jsFunction = heap.field(object, generatorFields.function);
  const continuation = smiValue(heap.field(object, generatorFields.continuation));
  if (!heap.isFunction(jsFunction) || continuation === null) return null;
  const shared = readSharedFunction(heap, sharedOfFunction(heap, jsFunction));
  if (shared.script === null) return null;
  const name = shared.name === '' ? '(anonymous)' : shared.name;
  const base = { type: 'object', className: name };
  const state = states[continuation];
  if (state !== undefined) return { ...base, preview: `${name} {<${state}>}` };
  const activation = readSuspended(heap, object);
  const script = scripts.read(heap, shared.script);
  const place = script.place(activation.sourceOffset);
  const where = `<suspended${place === null ? '' : ` at line ${place.line}`}>`;
  const told: Value = {
    ...base,
    preview: `${name} {${where}}`,
    ...(script.name !== '' && { place: { file: script.name, ...place } }),
  };
  if (isSpent(depth, budget)) return { ...told, truncated: true };
  const variables = readVariables(heap, activation, script.namesOf(shared));
  const properties = [...variables.arguments, ...variables.locals].map((variable) => ({
    name: variable.name,
    value: reader.open(variable.slot, depth - 1, budget),
  }));
  return {
    ...told,
    preview: `${name} {${where}${properties.length > 0 ? ', ' : ''}${membersPreview(properties, false)}}`,
    ...(properties.length > 0 && { properties }),
  };
}

/** JSGeneratorObject itself is not exported: it stands before its two subclasses (src/objects/instance-type.h). */
export function isGeneratorType(heap: Heap, type: number): boolean {
  const { types } = heap.layout;
  const asyncFunction = types.get('JS_ASYNC_FUNCTION_OBJECT');
  const asyncGenerator = types.get('JS_ASYNC_GENERATOR_OBJECT');
  if (asyncFunction === undefined || asyncGenerator === undefined) return false;
  const first = Math.min(asyncFunction, asyncGenerator);
  return type >= first - 1 && type <= Math.max(asyncFunction, asyncGenerator) + 1;
}
