/** Values that need nothing opened. */
import type { AbsenceReason, Value } from '../../report/schema.ts';

const absencePreviews: Readonly<Record<AbsenceReason, string>> = {
  'optimized-out': '<optimised out>',
  unreadable: '<unreadable>',
  'over-limit': '<not read: over the limit>',
  'not-supported': '<not supported>',
  redacted: '<redacted>',
};

/** A value that is not known, and why. */
export function absentValue(reason: AbsenceReason): Value {
  return { type: 'unknown', preview: absencePreviews[reason], reason };
}

export function numberValue(value: number): Value {
  return { type: 'number', preview: Object.is(value, -0) ? '-0' : String(value) };
}
