/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly tool: string;
  readonly unit: string;
  readonly median: number;
  /** 95 of 100 values are below it. */
  readonly p95: number;
  readonly low: number;
  readonly high: number;
  readonly rounds: number;
  /** Median of this tool divided by the median of ours, of the same rounds. */
  readonly ratio?: number;
}

/** The middle of the values; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** @param ours the values that this tool's are divided by; leave out for our own row */
export function makeRow(
  what: string,
  tool: string,
  unit: string,
  values: readonly number[],
  ours?: readonly number[],
): Row {
  return {
    what,
    tool,
    unit,
    median: median(values),
    p95: percentile(values, 0.95),
    low: Math.min(...values),
    high: Math.max(...values),
    rounds: values.length,
    ...(ours !== undefined && { ratio: median(values) / median(ours) }),
  };
}
