/** What moved: threads on the axis of the looks, the minutes before the capture, the last lines of the program. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Report } from '../../report/schema.ts';
import { crumbsOf } from '../model/extras.ts';
import { innermostOwn, movementsOf } from '../model/samples.ts';
import type { Movement, ThreadLook } from '../model/samples.ts';
import { stateWord, threadTitle } from '../model/thread.ts';
import { seriesOf } from '../model/timeline.ts';
import type { Series } from '../model/timeline.ts';
import { formatDuration, formatTime } from '../model/units.ts';
import { FlameView } from './flame.tsx';
import { hrefOf } from './route.ts';
import { clean } from './text.ts';
import { ValueText } from './value-tree.tsx';

interface TimeProps {
  readonly report: Report;
  readonly base: readonly string[];
}

export function TimePage({ report, base }: TimeProps): JSX.Element {
  const movements = movementsOf(report);
  const series = seriesOf(report);
  const crumbs = crumbsOf(report);
  const hasNothing = movements.length + series.length + crumbs.length === 0;
  return (
    <section aria-labelledby="time-title">
      <h2 id="time-title">Time</h2>
      {hasNothing && (
        <p class="empty">One look was taken, and no flight recorder ran in the process.</p>
      )}
      {movements.length > 0 && <Lanes report={report} movements={movements} base={base} />}
      {movements.map(({ tid, looks }) => (
        <FlameView key={tid} looks={looks} cwd={report.process.cwd} title={titleOf(report, tid)} />
      ))}
      {series.length > 0 && <Charts series={series} />}
      {crumbs.length > 0 && <Crumbs report={report} />}
    </section>
  );
}

function titleOf(report: Report, tid: number): string {
  const thread = report.threads.find((one) => one.tid === tid);
  return thread === undefined ? `thread ${tid}` : threadTitle(thread);
}

interface LanesProps {
  readonly report: Report;
  readonly movements: readonly Movement[];
  readonly base: readonly string[];
}

/** One lane a thread, one mark a look; marks of the same place have the same pattern and the same word. */
function Lanes({ report, movements, base }: LanesProps): JSX.Element {
  const end = Math.max(1, ...movements.flatMap(({ looks }) => looks.map(({ atMs }) => atMs)));
  return (
    <>
      <h3>Looks, {formatDuration(end)} from first to last</h3>
      <div class="lanes" role="table" aria-label="threads over time">
        {movements.slice(0, 200).map((movement) => (
          <div class="lane" role="row" key={movement.tid}>
            <div class="lane-title" role="rowheader">
              <a href={hrefOf(...base, 'threads', movement.tid)}>
                {clean(titleOf(report, movement.tid), 60)}
              </a>
            </div>
            <div class="lane-track" role="cell">
              {runsOf(movement.looks)
                .slice(0, 400)
                .map((run, index, all) => (
                  <Mark key={index} run={run} next={all[index + 1]} end={end} />
                ))}
            </div>
            <p class={`lane-words ${movement.kind}`}>{clean(movement.words, 400)}</p>
          </div>
        ))}
      </div>
    </>
  );
}

/** Looks that follow each other and found the same. */
interface Run {
  readonly look: ThreadLook;
  readonly words: string;
  readonly count: number;
}

function runsOf(looks: readonly ThreadLook[]): Run[] {
  const runs: Run[] = [];
  for (const look of looks) {
    const frame = innermostOwn(look);
    const where = frame?.function ?? look.call ?? look.vmState ?? stateWord(look.state ?? '?');
    const last = runs.at(-1);
    if (last?.words === where && last.look.state === look.state)
      runs[runs.length - 1] = { ...last, count: last.count + 1 };
    else runs.push({ look, words: where, count: 1 });
  }
  return runs;
}

interface MarkProps {
  readonly run: Run;
  readonly next: Run | undefined;
  readonly end: number;
}

function Mark({ run, next, end }: MarkProps): JSX.Element {
  const { look, words, count } = run;
  const state = look.state ?? '?';
  const until = next === undefined ? end * (100 / 94) : next.look.atMs;
  const width = Math.max(0.5, ((until - look.atMs) / end) * 94);
  const title = `${formatDuration(look.atMs)}: ${stateWord(state)}, ${words}${count > 1 ? `, ${count} looks` : ''}`;
  return (
    <span
      class={`mark state-${/^[A-Za-z]$/.test(state) ? state : 'unknown'}`}
      style={{ left: `${(look.atMs / end) * 94}%`, width: `${width}%` }}
      title={clean(title, 300)}
    >
      {clean(words, 60)}
    </span>
  );
}

const chartWidth = 720;
const chartHeight = 64;

function Charts({ series }: { readonly series: readonly Series[] }): JSX.Element {
  const [atMs, setAtMs] = useState<number | null>(null);
  const start = Math.min(...series.map(({ points }) => points[0]?.atMs ?? 0));
  return (
    <>
      <h3>The last {formatDuration(-start)} before the capture</h3>
      <div class="charts">
        {series.map((one) => (
          <Chart key={one.key} series={one} start={start} atMs={atMs} onMove={setAtMs} />
        ))}
      </div>
    </>
  );
}

interface ChartProps {
  readonly series: Series;
  readonly start: number;
  readonly atMs: number | null;
  readonly onMove: (atMs: number | null) => void;
}

function Chart({ series, start, atMs, onMove }: ChartProps): JSX.Element {
  const { points, min, max, format, label } = series;
  const low = min > 0 && min > max / 2 ? min - (max - min) * 0.2 : Math.min(0, min);
  const x = (at: number): number => ((at - start) / Math.max(1, -start)) * chartWidth;
  const y = (value: number): number =>
    chartHeight - 4 - ((value - low) / Math.max(1e-9, max - low)) * (chartHeight - 12);
  const line = points.map(({ atMs: at, value }) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`);
  const read = atMs === null ? undefined : nearest(points, atMs);
  const words = `${label}: ${format(min)} to ${format(max)}, last ${format(series.last)}`;
  return (
    <figure class="chart">
      <figcaption>
        <strong>{label}</strong>{' '}
        <span class="chart-read">
          {read === undefined
            ? `${format(min)} – ${format(max)}, last ${format(series.last)}`
            : `${format(read.value)}, ${formatDuration(-read.atMs)} before`}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${chartWidth} ${chartHeight}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={words}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          onMove(start + ((event.clientX - box.left) / box.width) * -start);
        }}
        onPointerLeave={() => {
          onMove(null);
        }}
      >
        <path
          class="chart-area"
          d={`M${x(points[0]?.atMs ?? 0)} ${chartHeight} L${line.join(' L')} L${x(points.at(-1)?.atMs ?? 0)} ${chartHeight} Z`}
        />
        <path class="chart-line" d={`M${line.join(' L')}`} />
        {read !== undefined && (
          <line class="chart-cursor" x1={x(read.atMs)} x2={x(read.atMs)} y1={0} y2={chartHeight} />
        )}
      </svg>
    </figure>
  );
}

function nearest(points: Series['points'], atMs: number): Series['points'][number] | undefined {
  let best = points[0];
  for (const point of points)
    if (best === undefined || Math.abs(point.atMs - atMs) < Math.abs(best.atMs - atMs))
      best = point;
  return best;
}

const maxCrumbs = 500;

function Crumbs({ report }: { readonly report: Report }): JSX.Element {
  const crumbs = crumbsOf(report);
  const shown = crumbs.slice(-maxCrumbs);
  return (
    <>
      <h3>Last words of the program</h3>
      <ol class="crumbs">
        {crumbs.length > shown.length && <li>… {crumbs.length - shown.length} before these</li>}
        {shown.map(({ at, level, source, text, data }, index) => (
          <li key={index} class={`crumb ${level === 'error' || level === 'fatal' ? 'alarm' : ''}`}>
            {at !== undefined && <time>{clean(formatTime(at).replace(/ UTC$/, ''), 40)}</time>}
            {level !== undefined && <span class="note">{clean(level, 20)}</span>}
            {source !== undefined && <span class="note">{clean(source, 20)}</span>}
            <span>{clean(text, 1_000)}</span>
            {data !== undefined && <ValueText value={data} />}
          </li>
        ))}
      </ol>
    </>
  );
}
