/** The flight recorder's last minutes as series over time. */
import type { Report } from '../../report/schema.ts';
import { formatBytes, formatDuration } from './units.ts';

/** One measured quantity. */
export interface Series {
  readonly key: (typeof known)[number][0];
  readonly label: string;
  /** Oldest first; times at most 0, relative to the capture. */
  readonly points: readonly { readonly atMs: number; readonly value: number }[];
  readonly min: number;
  readonly max: number;
  readonly last: number;
  readonly format: (value: number) => string;
}

const percent = (value: number): string => `${Math.round(value * 100)} %`;
const plain = (value: number): string => String(Math.round(value * 10) / 10);

/** What the recorder measures. */
const known: readonly [
  key: 'loopDelayMs' | 'utilization' | 'gcMs' | 'rssBytes' | 'heapUsedBytes' | 'requests',
  label: string,
  format: (value: number) => string,
][] = [
  ['loopDelayMs', 'loop delay', formatDuration],
  ['utilization', 'loop utilization', percent],
  ['gcMs', 'garbage collection', formatDuration],
  ['rssBytes', 'resident memory', formatBytes],
  ['heapUsedBytes', 'heap used', formatBytes],
  ['requests', 'requests', plain],
];

const maxPoints = 20_000;

/** A series for each quantity that was measured at least once. */
export function seriesOf({ timeline = [] }: Pick<Report, 'timeline'>): Series[] {
  const points = timeline.slice(0, maxPoints).sort((a, b) => a.atMs - b.atMs);
  return known.flatMap(([key, label, format]) => {
    const values = points.flatMap((point) => {
      const value = point[key];
      return value === undefined || !Number.isFinite(value) ? [] : [{ atMs: point.atMs, value }];
    });
    const last = values.at(-1);
    if (last === undefined) return [];
    const [min, max] = extent(values.map(({ value }) => value));
    return [{ key, label, points: values, min, max, last: last.value, format }];
  });
}

function extent(values: readonly number[]): [number, number] {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}

/** Maximum of each of `columns` equal stretches of time; null where nothing was measured. */
export function bucketsOf({ points }: Series, columns: number): (number | null)[] {
  const first = points[0]?.atMs ?? 0;
  const span = Math.max(1, (points.at(-1)?.atMs ?? 0) - first);
  const buckets: (number | null)[] = Array.from({ length: columns }, () => null);
  for (const { atMs, value } of points) {
    const index = Math.min(columns - 1, Math.floor(((atMs - first) / span) * columns));
    buckets[index] = Math.max(buckets[index] ?? Number.NEGATIVE_INFINITY, value);
  }
  return buckets;
}
