/** How often may a trouble be captured? Pure. Times are CLOCK_MONOTONIC. */

/** The limits of one rule. */
export interface AllowancePolicy {
  readonly coolDownMs: number;
  readonly perHour: number;
}

const hourMs = 3_600_000;

/** @returns null when one more is allowed, else why it is not @param before when the earlier ones were */
export function refuseCapture(
  before: readonly number[],
  policy: AllowancePolicy,
  nowMs: number,
): string | null {
  const latest = before.at(-1);
  if (latest !== undefined && nowMs - latest < policy.coolDownMs) {
    return `captured ${seconds(nowMs - latest)} ago, and the cool-down is ${seconds(policy.coolDownMs)}`;
  }
  const recent = withinHour(before, nowMs).length;
  return recent >= policy.perHour ? `captured ${recent} times within the hour` : null;
}

/** Those that still count. */
export function withinHour(before: readonly number[], nowMs: number): number[] {
  return before.filter((atMs) => nowMs - atMs < hourMs);
}

function seconds(timeMs: number): string {
  return `${(timeMs / 1000).toFixed(1)} s`;
}
