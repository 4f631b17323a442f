/**
 * Compares values of a report with what an expected.json says, by meaning. In expected.json a primitive or an
 * array stands for itself, an object for the properties it names, and these for what JSON cannot say:
 * `{ "$class": "Order", … }` an instance, `{ "$type": "map" }` only the type, `{ "$undefined": true }`,
 * `{ "$function": "name" }`, `{ "$oneOf": [a, b] }`.
 */
import type { Value, Variable } from '#dist/report/schema.js';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The string that a preview in JavaScript source stands for; the preview itself when it is not quoted. */
function unquote(preview: string): string {
  const quote = preview[0];
  if (quote !== '"' && quote !== "'" && quote !== '`') return preview;
  const body = preview.slice(1, -1);
  const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r' };
  return body.replace(/\\(.)/g, (_whole, letter: string) => escapes[letter] ?? letter);
}

function propertyMismatches(value: Value, expected: [string, Json][], where: string): string[] {
  return expected.flatMap(([name, wanted]) => {
    const property = value.properties?.find((candidate) => candidate.name === name);
    if (property === undefined) return [`${where}.${name} is missing (${value.preview})`];
    return findMismatches(property.value, wanted, `${where}.${name}`);
  });
}

function objectMismatches(
  value: Value,
  expected: { [key: string]: Json },
  where: string,
): string[] {
  const { $class, $type, $undefined, $function, $oneOf, ...properties } = expected;
  if (Array.isArray($oneOf)) {
    const tries = $oneOf.map((choice) => findMismatches(value, choice, where));
    return tries.some((mismatches) => mismatches.length === 0) ? [] : tries.flat();
  }
  const mismatches: string[] = [];
  const check = (what: string, actual: unknown, wanted: unknown): void => {
    if (actual !== wanted) {
      mismatches.push(
        `${where}: ${what} is ${String(actual)}, not ${String(wanted)} (${value.preview})`,
      );
    }
  };
  if ($type !== undefined) check('type', value.type, $type);
  else if ($undefined !== undefined) check('type', value.type, 'undefined');
  else if ($function !== undefined) {
    check('type', value.type, 'function');
    check(
      'name in preview',
      typeof $function === 'string' && value.preview.includes($function),
      true,
    );
  } else check('type', value.type, 'object');
  if ($class !== undefined) check('class', value.className, $class);
  return [...mismatches, ...propertyMismatches(value, Object.entries(properties), where)];
}

/** @returns one sentence per difference; empty when the value is the expected one */
export function findMismatches(value: Value, expected: Json, where: string): string[] {
  if (value.reason !== undefined) return [`${where}: ${value.reason} (${value.preview})`];
  if (Array.isArray(expected)) {
    const mismatches = value.type === 'array' ? [] : [`${where}: type is ${value.type}, not array`];
    if (value.length !== expected.length) {
      mismatches.push(
        `${where}: length is ${String(value.length)}, not ${String(expected.length)}`,
      );
    }
    const items = expected.map((item, index): [string, Json] => [String(index), item]);
    return [...mismatches, ...propertyMismatches(value, items, where)];
  }
  if (typeof expected === 'object' && expected !== null)
    return objectMismatches(value, expected, where);
  const actual = typeof expected === 'string' ? unquote(value.preview) : value.preview;
  const type = expected === null ? 'null' : typeof expected;
  return actual === String(expected) && value.type === type
    ? []
    : [`${where}: is ${value.type} ${value.preview}, not ${JSON.stringify(expected)}`];
}

/**
 * Compares variables by name. Those of `mayBeOptimizedOut` may be absent for that reason and no other: the
 * compiler can have thrown them away; a wrong value never passes.
 */
export function findVariableMismatches(
  variables: readonly Variable[],
  expected: Readonly<Record<string, Json>>,
  mayBeOptimizedOut: readonly string[],
  where: string,
): string[] {
  return Object.entries(expected).flatMap(([name, wanted]) => {
    const found = variables.filter((variable) => variable.name === name);
    const [variable] = found;
    if (variable === undefined || found.length > 1) {
      const names = variables.map((candidate) => candidate.name).join(', ');
      return [`${where}: ${name} stands ${String(found.length)} times among: ${names}`];
    }
    if (mayBeOptimizedOut.includes(name) && variable.value.reason === 'optimized-out') return [];
    return findMismatches(variable.value, wanted, `${where} ${name}`);
  });
}
