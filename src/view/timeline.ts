/** What happened before the capture: the flight recorder's series as small charts, and the last lines of the program. */
import type { Report } from '../report/schema.ts';
import { padText, span, wrap } from './layout.ts';
import type { Line } from './layout.ts';
import { crumbsOf } from './model/extras.ts';
import { bucketsOf, seriesOf } from './model/timeline.ts';
import type { Series } from './model/timeline.ts';
import { formatDuration, formatTime } from './model/units.ts';
import { valueSpan } from './values.ts';

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const labelColumns = 20;
const maxChartColumns = 60;
const maxCrumbs = 10;

/** Heading and one chart a line: `loop delay  ▁▁▂█  0.2 ms – 4.1 s, last 4.1 s`. */
export function timelineLines(report: Report, width: number): Line[] {
  const series = seriesOf(report);
  const [first] = series;
  if (first === undefined) return [];
  const start = Math.min(...series.map(({ points }) => points[0]?.atMs ?? 0));
  return [
    [
      span('TIMELINE', 'heading'),
      span(`  the last ${formatDuration(-start)} before the capture`, 'dim'),
    ],
    ...series.flatMap((one) => seriesLines(one, width)),
  ];
}

function seriesLines(series: Series, width: number): Line[] {
  const words = `${series.format(series.min)} to ${series.format(series.max)}, last ${series.format(series.last)}`;
  const room = Math.max(10, Math.min(maxChartColumns, width - labelColumns - 4 - words.length));
  const span_ = series.max - series.min;
  const chart = bucketsOf(series, room).map((value) => {
    if (value === null) return ' ';
    const level = span_ === 0 ? 0 : Math.round(((value - series.min) / span_) * (bars.length - 1));
    return bars[level] ?? ' ';
  });
  return wrap(
    [
      span(padText(series.label, labelColumns), 'dim'),
      // One word for the wrapper: a chart has no place to break.
      span(chart.join('').replaceAll(' ', '\u00a0')),
      span(`  ${words}`, 'dim'),
    ],
    { width, indent: 2, hanging: 4 + labelColumns },
  );
}

/** The last lines that the program wrote for us or for its log. */
export function crumbLines(report: Report, width: number, full: boolean): Line[] {
  const crumbs = crumbsOf(report);
  if (crumbs.length === 0) return [];
  const shown = full ? crumbs : crumbs.slice(-maxCrumbs);
  const lines: Line[] = [[span('LAST WORDS', 'heading')]];
  if (crumbs.length > shown.length)
    lines.push([span(`  … ${crumbs.length - shown.length} before these`, 'dim')]);
  for (const { at, level, source, text, data } of shown) {
    const when = at === undefined ? '' : `${formatTime(at).replace(/^.* (?=\d\d:)/, '')} `;
    const notes = [level, source].filter((note) => note !== undefined).join(' ');
    const head = [
      span(when, 'dim', 40),
      span(notes === '' ? '' : `${notes} `, 'dim', 40),
      span(text, 'plain', full ? 2_000 : 400),
      ...(data === undefined ? [] : [span('  '), valueSpan(data, full ? 2_000 : 200)]),
    ];
    lines.push(...wrap(head, { width, indent: 2, hanging: 6, ...(full ? {} : { maxLines: 3 }) }));
  }
  return lines;
}
