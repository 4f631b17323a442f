/**
 * How Node wraps what a promise was rejected with where that is no error, in all of its versions since 15
 * (lib/internal/process/promises.js). Pure.
 */
import type { ErrorRecord } from './schema.ts';

export const rejectionName = 'UnhandledPromiseRejection';
const rejectedWith = /The promise rejected with the reason "([^]*)"\.$/;

/** Node's word of what a promise was rejected with where that is no error, `#<Object>`, or the whole of a string; else null. */
export function rejectedWord({
  name,
  message,
}: Pick<ErrorRecord, 'name' | 'message'>): string | null {
  return name === rejectionName ? (rejectedWith.exec(message)?.[1] ?? null) : null;
}
