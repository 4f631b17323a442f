/** Has a service answered badly often enough in a row? Pure. */

/** What is remembered of one question. */
export interface Failures {
  readonly inARow: number;
  /** When the first of them was, CLOCK_MONOTONIC. */
  readonly sinceMs: number | null;
}

export const none: Failures = { inARow: 0, sinceMs: null };

/** Goes on by one answer. Told once, when the number is reached, and once when it answers again. */
export function countFailures(
  before: Failures,
  isGood: boolean,
  limit: number,
  nowMs: number,
): { readonly failures: Failures; readonly event: 'failed' | 'recovered' | null } {
  if (isGood) return { failures: none, event: before.inARow >= limit ? 'recovered' : null };
  const inARow = before.inARow + 1;
  return {
    failures: { inARow, sinceMs: before.sinceMs ?? nowMs },
    event: inARow === limit ? 'failed' : null,
  };
}
