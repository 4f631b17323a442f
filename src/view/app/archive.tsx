/** The archive: all reports as a list, searched, grouped by signature, counted over time; one of them, or two side by side. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Report } from '../../report/schema.ts';
import type { ListedReport } from '../model/payload.ts';
import { isCalm } from '../model/verdict.ts';
import { formatTime } from '../model/units.ts';
import { ArchiveChart } from './archive-chart.tsx';
import { CompareView } from './compare.tsx';
import { ReportView } from './report-view.tsx';
import { goTo, hrefOf } from './route.ts';
import { clean } from './text.ts';
import { VirtualList } from './virtual-list.tsx';

type Loaded<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly problem: string }
  | { readonly state: 'done'; readonly value: T };

/** JSON from our own server. */
function useJson<T>(path: string): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: 'loading' });
  useEffect(() => {
    let isWanted = true;
    setLoaded({ state: 'loading' });
    const load = async (): Promise<Loaded<T>> => {
      try {
        const answer = await fetch(path);
        const value = (await answer.json()) as T & { problem?: string };
        return answer.ok
          ? { state: 'done', value }
          : { state: 'failed', problem: value.problem ?? `status ${answer.status}` };
      } catch (error) {
        return { state: 'failed', problem: `${String(error)}. Does sleeper view --web still run?` };
      }
    };
    void load().then((result) => {
      if (isWanted) setLoaded(result);
    });
    return () => {
      isWanted = false;
    };
  }, [path]);
  return loaded;
}

interface ArchiveProps {
  readonly directory: string;
  readonly route: readonly string[];
}

export function ArchiveView({ directory, route }: ArchiveProps): JSX.Element {
  const [place, first = '', second = ''] = route;
  if (place === 'report')
    return (
      <>
        <Back />
        <LoadedReport id={first} route={route} />
      </>
    );
  if (place === 'compare')
    return (
      <>
        <Back />
        <LoadedPair before={first} after={second} />
      </>
    );
  return <ArchiveList directory={directory} />;
}

function Back(): JSX.Element {
  return (
    <nav class="back" aria-label="archive">
      <a href={hrefOf('list')}>← all reports</a>
    </nav>
  );
}

const reportPath = (id: string): string => `api/reports/${encodeURIComponent(id)}`;

function LoadedReport({
  id,
  route,
}: {
  readonly id: string;
  readonly route: readonly string[];
}): JSX.Element {
  const loaded = useJson<Report>(reportPath(id));
  if (loaded.state !== 'done') return <Waiting loaded={loaded} />;
  return <ReportView report={loaded.value} base={['report', id]} route={route.slice(2)} />;
}

function LoadedPair({
  before,
  after,
}: {
  readonly before: string;
  readonly after: string;
}): JSX.Element {
  const a = useJson<Report>(reportPath(before));
  const b = useJson<Report>(reportPath(after));
  if (a.state !== 'done') return <Waiting loaded={a} />;
  if (b.state !== 'done') return <Waiting loaded={b} />;
  return <CompareView before={a.value} after={b.value} />;
}

function Waiting({ loaded }: { readonly loaded: Loaded<unknown> }): JSX.Element {
  return (
    <p class="empty" role="status">
      {loaded.state === 'failed' ? clean(loaded.problem, 600) : 'loading …'}
    </p>
  );
}

function ArchiveList({ directory }: { readonly directory: string }): JSX.Element {
  const loaded = useJson<readonly ListedReport[]>('api/reports');
  useEffect(() => {
    document.title = 'archive · sleeper';
  }, []);
  return (
    <main id="main" class="archive" tabIndex={-1}>
      <h1>
        Archive <small>{clean(directory, 300)}</small>
      </h1>
      {loaded.state === 'done' ? <ListBody all={loaded.value} /> : <Waiting loaded={loaded} />}
    </main>
  );
}

function matches(report: ListedReport, words: readonly string[]): boolean {
  const { verdict, summary, hostname, pid, trigger, signature, id, capturedAt } = report;
  const text =
    `${verdict} ${summary} ${hostname} ${pid} ${trigger} ${signature} ${id} ${capturedAt}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function ListBody({ all }: { readonly all: readonly ListedReport[] }): JSX.Element {
  const [query, setQuery] = useState('');
  const [isGrouped, setGrouped] = useState(false);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [selected, setSelected] = useState<number | undefined>(undefined);
  const found = useMemo(() => {
    const words = query.toLowerCase().split(/\s+/);
    return all.filter((report) => matches(report, words));
  }, [all, query]);
  const rows = useMemo(
    () => (isGrouped ? newestOfEach(found) : found.map(alone)),
    [found, isGrouped],
  );
  const choose = (id: string): void => {
    setChosen(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen.slice(-1), id]);
  };
  return (
    <>
      <ArchiveChart reports={found} />
      <div class="list-tools">
        <input
          type="search"
          value={query}
          placeholder="Search verdicts, places, hosts, pids  /"
          aria-label="search the archive"
          onInput={(event) => {
            setQuery(event.currentTarget.value);
          }}
        />
        <button
          type="button"
          aria-pressed={isGrouped}
          onClick={() => {
            setGrouped(!isGrouped);
          }}
        >
          group by signature
        </button>
        <CompareButton chosen={chosen} all={all} />
        <span role="status">{found.length} reports</span>
      </div>
      <VirtualList
        label="reports"
        count={rows.length}
        rowHeight={58}
        maxHeight={Math.max(300, innerHeight - 320)}
        selected={selected}
        onSelect={setSelected}
        onOpen={(index) => {
          const row = rows[index];
          if (row !== undefined) goTo('report', row.report.id);
        }}
        row={(index) => (
          <ReportRow
            row={rows[index]}
            isChosen={chosen.includes(rows[index]?.report.id ?? '')}
            onChoose={choose}
          />
        )}
      />
    </>
  );
}

function CompareButton({
  chosen,
  all,
}: {
  readonly chosen: readonly string[];
  readonly all: readonly ListedReport[];
}): JSX.Element {
  const [before, after] = orderByTime(chosen, all);
  return (
    <button
      type="button"
      disabled={after === undefined}
      onClick={() => {
        if (before !== undefined && after !== undefined) goTo('compare', before, after);
      }}
    >
      compare {after === undefined ? 'two' : 'the two'}
    </button>
  );
}

interface Row {
  readonly report: ListedReport;
  /** Reports of this signature. */
  readonly count: number;
}

const alone = (report: ListedReport): Row => ({ report, count: 1 });

function newestOfEach(reports: readonly ListedReport[]): Row[] {
  const groups = new Map<string, Row>();
  for (const report of reports) {
    const key = report.signature === '' ? report.id : report.signature;
    const group = groups.get(key);
    groups.set(key, { report: group?.report ?? report, count: (group?.count ?? 0) + 1 });
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

/** The older one first: "what moved" has a direction. The list is newest first. */
function orderByTime(ids: readonly string[], all: readonly ListedReport[]): readonly string[] {
  const position = (id: string): number => all.findIndex((report) => report.id === id);
  return [...ids].sort((a, b) => position(b) - position(a));
}

interface ReportRowProps {
  readonly row: Row | undefined;
  readonly isChosen: boolean;
  readonly onChoose: (id: string) => void;
}

function ReportRow({ row, isChosen, onChoose }: ReportRowProps): JSX.Element | null {
  if (row === undefined) return null;
  const { report, count } = row;
  const { id, verdict, summary, capturedAt, hostname, pid, trigger, problem } = report;
  const tone = isCalm(verdict) ? 'calm' : 'alarm';
  return (
    <div class="report-row">
      <input
        type="checkbox"
        checked={isChosen}
        aria-label={`compare ${clean(id, 40)}`}
        onClick={(event) => {
          event.stopPropagation();
          onChoose(id);
        }}
      />
      <a href={hrefOf('report', id)} data-row>
        <span class="report-line">
          <span class={`badge small ${tone}`}>{clean(verdict, 40)}</span>
          {count > 1 && <span class="count">{count}×</span>}
          <span class="report-summary">{clean(problem ?? summary, 300)}</span>
        </span>
        <span class="report-facts">
          <time>{clean(formatTime(capturedAt), 40)}</time>
          <span>{clean(hostname, 60)}</span>
          <span>pid {pid}</span>
          <span>{clean(trigger, 40)}</span>
          <span class="report-id">{clean(id.slice(0, 8))}</span>
        </span>
      </a>
    </div>
  );
}
