/** Reports over time, those of which something is wrong apart from the calm ones. */
import type { JSX } from 'preact';
import type { ListedReport } from '../model/payload.ts';
import { formatTime } from '../model/units.ts';
import { isCalm } from '../model/verdict.ts';

const columns = 60;
const width = 900;
const height = 70;

export function ArchiveChart({
  reports,
}: {
  readonly reports: readonly ListedReport[];
}): JSX.Element | null {
  const times = reports.map(({ capturedAt }) => Date.parse(capturedAt)).filter(Number.isFinite);
  if (times.length < 2) return null;
  const first = times.reduce((a, b) => Math.min(a, b));
  const last = times.reduce((a, b) => Math.max(a, b));
  const span = Math.max(1, last - first);
  const bars = Array.from({ length: columns }, () => ({ alarm: 0, calm: 0 }));
  for (const { capturedAt, verdict } of reports) {
    const at = Date.parse(capturedAt);
    if (!Number.isFinite(at)) continue;
    const bar = bars[Math.min(columns - 1, Math.floor(((at - first) / span) * columns))];
    if (bar !== undefined) bar[isCalm(verdict) ? 'calm' : 'alarm']++;
  }
  const most = Math.max(...bars.map(({ alarm, calm }) => alarm + calm));
  const tall = (count: number): number => (count / most) * (height - 6);
  const from = formatTime(new Date(first).toISOString());
  const to = formatTime(new Date(last).toISOString());
  return (
    <figure class="archive-chart">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${times.length} reports from ${from} to ${to}, at most ${most} in a bar`}
      >
        {bars.map(({ alarm, calm }, index) => {
          const x = (index / columns) * width;
          const w = width / columns - 2;
          return (
            <g key={index}>
              <rect
                class="bar-alarm"
                x={x}
                y={height - tall(alarm)}
                width={w}
                height={tall(alarm)}
              />
              <rect
                class="bar-calm"
                x={x}
                y={height - tall(alarm) - tall(calm)}
                width={w}
                height={tall(calm)}
              />
            </g>
          );
        })}
      </svg>
      <figcaption>
        <span>{from}</span>
        <span>
          <i class="bar-alarm" /> something is wrong <i class="bar-calm" /> calm
        </span>
        <span>{to}</span>
      </figcaption>
    </figure>
  );
}
