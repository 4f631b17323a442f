/** Has a measure been too high for long enough? Pure. */

/** What is remembered of one measure of one process. */
export interface Level {
  /** Since when it is above, CLOCK_MONOTONIC; null: it is not. */
  readonly aboveSinceMs: number | null;
  /** It was told. */
  readonly isTold: boolean;
}

export interface LevelPolicy {
  readonly above: number;
  /** Without a break; 0: one reading is enough. */
  readonly forMs: number;
}

export const low: Level = { aboveSinceMs: null, isTold: false };

/** Goes on by one reading. Told once when it begins, and once when it is over. @param value null: not to be had, nothing changes */
export function watchLevel(
  level: Level,
  value: number | null,
  policy: LevelPolicy,
  nowMs: number,
): { readonly level: Level; readonly event: 'tripped' | 'calm' | null } {
  if (value === null) return { level, event: null };
  if (value <= policy.above) return { level: low, event: level.isTold ? 'calm' : null };
  const aboveSinceMs = level.aboveSinceMs ?? nowMs;
  const isLong = nowMs - aboveSinceMs >= policy.forMs;
  return {
    level: { aboveSinceMs, isTold: level.isTold || isLong },
    event: isLong && !level.isTold ? 'tripped' : null,
  };
}
