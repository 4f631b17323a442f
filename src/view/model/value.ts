/** JavaScript values as rows that open, as in a debugger. */
import type { AbsenceReason, Value, Variable } from '../../report/schema.ts';

const reasonWords: Readonly<Record<AbsenceReason, string>> = {
  'optimized-out': 'optimized out',
  unreadable: 'unreadable',
  'over-limit': 'not read: over a limit',
  'not-supported': 'not supported',
  redacted: 'redacted',
};

/** The one line of a value, or why it is not known, in angle brackets. */
export function valueWords(value: Value): string {
  return value.reason === undefined
    ? value.preview
    : `<${Object.hasOwn(reasonWords, value.reason) ? reasonWords[value.reason] : value.reason}>`;
}

/** True for `f = [Function f]`: the variable tells nothing that its name does not. */
export function isOwnName({ name, value }: Variable): boolean {
  return value.preview === `[Function ${name}]` || value.preview === `[class ${name}]`;
}

/** True when the one line does not tell all that the report holds of a value. */
export function canOpen(value: Value): boolean {
  return (value.properties?.length ?? 0) > 0;
}

/** Properties or elements that exist and are not in the report. */
export function unreadCount(value: Value): number {
  return Math.max(0, (value.length ?? 0) - (value.properties?.length ?? 0));
}

/** How a primitive is coloured: by what `typeof` would say. */
export type ValueTone = 'string' | 'number' | 'keyword' | 'object' | 'absent';

export function toneOf(value: Value): ValueTone {
  if (value.reason !== undefined) return 'absent';
  switch (value.type) {
    case 'string':
      return 'string';
    case 'number':
    case 'bigint':
      return 'number';
    case 'boolean':
    case 'undefined':
    case 'null':
    case 'symbol':
      return 'keyword';
    default:
      return 'object';
  }
}

/** A scope of a frame: `this`, arguments, locals, closure. */
export interface Scope {
  readonly label: string;
  readonly variables: readonly Variable[];
}
