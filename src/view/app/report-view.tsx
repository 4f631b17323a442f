/** One report: the verdict above, its places beside, one of them shown. */
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { Report } from '../../report/schema.ts';
import { movementsOf } from '../model/samples.ts';
import { seriesOf } from '../model/timeline.ts';
import { EnvironmentPage } from './environment.tsx';
import { LoopPage } from './loop.tsx';
import { OverviewPage } from './overview.tsx';
import { RawPage } from './raw.tsx';
import { hrefOf } from './route.ts';
import { Search } from './search.tsx';
import { TasksPage } from './tasks.tsx';
import { clean } from './text.ts';
import { ThreadsPage } from './threads.tsx';
import { TimePage } from './time.tsx';
import { VerdictHeader } from './verdict-header.tsx';

/** Places of a report in the order of the keys 1 to 7. */
export const places = [
  'overview',
  'threads',
  'tasks',
  'time',
  'loop',
  'environment',
  'raw',
] as const;
type Place = (typeof places)[number];

const titles: Readonly<Record<Place, string>> = {
  overview: 'Overview',
  threads: 'Threads',
  tasks: 'Tasks',
  time: 'Time',
  loop: 'Event loop',
  environment: 'Environment',
  raw: 'Raw',
};

interface ReportProps {
  readonly report: Report;
  /** Tasks that the browser has not read yet; then the report has none. */
  readonly tasksToCome?: number;
  /** Parts of the address before the place. */
  readonly base: readonly string[];
  /** Parts from the place on. */
  readonly route: readonly string[];
}

export function ReportView({ report, tasksToCome = 0, base, route }: ReportProps): JSX.Element {
  const place = places.find((one) => one === route[0]) ?? 'overview';
  const rest = route.slice(1);
  useEffect(() => {
    document.title = `${clean(report.verdict.kind, 60)} · ${clean(report.host.hostname, 60)} ${report.process.pid} · sleeper`;
  }, [report]);
  return (
    <div class="report">
      <VerdictHeader report={report} />
      <div class="bar">
        <Places report={report} base={base} place={place} />
        <Search report={report} base={base} />
      </div>
      <main id="main" tabIndex={-1}>
        <Page place={place} report={report} tasksToCome={tasksToCome} base={base} rest={rest} />
      </main>
    </div>
  );
}

function Places({
  report,
  base,
  place,
}: {
  readonly report: Report;
  readonly base: readonly string[];
  readonly place: Place;
}): JSX.Element {
  const counts = useMemo(() => countsOf(report), [report]);
  return (
    <nav class="places" aria-label="places of the report">
      {places.map((one) => (
        <a
          key={one}
          href={hrefOf(...base, one)}
          aria-current={one === place ? 'page' : undefined}
          class={counts[one] === 0 ? 'nothing' : undefined}
        >
          {titles[one]}
          {counts[one] !== undefined && counts[one] > 0 && <small> {counts[one]}</small>}
        </a>
      ))}
    </nav>
  );
}

function countsOf(report: Report): Partial<Record<Place, number>> {
  return {
    threads: report.threads.length,
    tasks: report.tasks.reduce((sum, { count = 1 }) => sum + count, 0),
    time: movementsOf(report).length + seriesOf(report).length + (report.breadcrumbs?.length ?? 0),
    loop: report.handles.length + report.requests.length + report.timers.length,
  };
}

interface PageProps {
  readonly place: Place;
  readonly report: Report;
  readonly tasksToCome: number;
  readonly base: readonly string[];
  readonly rest: readonly string[];
}

function Page({ place, report, tasksToCome, base, rest }: PageProps): JSX.Element {
  switch (place) {
    case 'overview':
      return <OverviewPage report={report} tasksToCome={tasksToCome} base={base} />;
    case 'threads':
      return <ThreadsPage report={report} base={base} rest={rest} />;
    case 'tasks':
      return <TasksPage report={report} tasksToCome={tasksToCome} base={base} rest={rest} />;
    case 'time':
      return <TimePage report={report} base={base} />;
    case 'loop':
      return <LoopPage report={report} />;
    case 'environment':
      return <EnvironmentPage report={report} />;
    case 'raw':
      return <RawPage report={report} />;
  }
}
