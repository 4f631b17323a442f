/** The suspended async functions: a tree of any size beside the details of one, and the graph of who waits for whom. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Report } from '../../report/schema.ts';
import { placeWords } from '../model/origin.ts';
import {
  forestOf,
  originOfTask,
  placeKey,
  taskName,
  taskRows,
  taskTitle,
  taskTotalWords,
  waitWords,
} from '../model/tasks.ts';
import type { TaskForest, TaskRow } from '../model/tasks.ts';
import { awaitGraphOf } from '../model/await-graph.ts';
import { AwaitGraphView } from './await-graph.tsx';
import { formatCount } from '../model/units.ts';
import { hrefOf, replaceRoute } from './route.ts';
import { TaskDetails } from './task-details.tsx';
import { clean } from './text.ts';
import { VirtualList } from './virtual-list.tsx';

const rowHeight = 46;
const maxIndent = 10;
const bounds = { maxAlike: 3, maxBelow: 10_000, maxRows: 250_000 };

interface TasksProps {
  readonly report: Report;
  readonly tasksToCome: number;
  readonly base: readonly string[];
  /** What follows `tasks` in the address. */
  readonly rest: readonly string[];
}

export function TasksPage({ report, tasksToCome, base, rest }: TasksProps): JSX.Element {
  const forest = useMemo(() => forestOf(report.tasks), [report]);
  const isGraph = rest[0] === 'graph';
  if (tasksToCome > 0) return <TasksToCome count={tasksToCome} />;
  if (report.tasks.length === 0)
    return <p class="empty">No async function was suspended, or none could be read.</p>;
  return (
    <section aria-labelledby="tasks-title">
      <h2 id="tasks-title">
        Tasks <small>{taskTotalWords(forest)}</small>
      </h2>
      <Cycles forest={forest} base={base} />
      <nav class="tabs" aria-label="how tasks are shown">
        <a href={hrefOf(...base, 'tasks')} aria-current={isGraph ? undefined : 'page'}>
          Tree
        </a>
        <a href={hrefOf(...base, 'tasks', 'graph')} aria-current={isGraph ? 'page' : undefined}>
          Who waits for whom
        </a>
      </nav>
      {isGraph ? (
        <GraphPanel forest={forest} report={report} base={base} />
      ) : (
        <TreePanel forest={forest} report={report} base={base} chosen={Number(rest[0])} />
      )}
    </section>
  );
}

/** For the moment in which the browser still reads them. */
export function TasksToCome({ count }: { readonly count: number }): JSX.Element {
  return (
    <p class="empty" role="status">
      Reading {formatCount(count, 'suspended async function')}…
    </p>
  );
}

function GraphPanel({
  forest,
  report,
  base,
}: {
  readonly forest: TaskForest;
  readonly report: Report;
  readonly base: readonly string[];
}): JSX.Element {
  const graph = useMemo(() => awaitGraphOf(forest, report.process.cwd), [forest, report]);
  return <AwaitGraphView graph={graph} base={base} />;
}

/** Circles, in words and as links: they are why nothing goes on. */
export function Cycles({
  forest,
  base,
}: {
  readonly forest: TaskForest;
  readonly base: readonly string[];
}): JSX.Element | null {
  if (forest.cycles.length === 0) return null;
  return (
    <>
      {forest.cycles.slice(0, 20).map((cycle) => (
        <p key={cycle.join()} class="cycle" role="note">
          <strong class="badge alarm">deadlock</strong>{' '}
          {[...cycle, ...cycle.slice(0, 1)].map((id, index) => (
            <span key={index}>
              {index > 0 && ' → '}
              <a href={hrefOf(...base, 'tasks', id)}>{clean(taskTitle(id, forest.byId), 120)}</a>
            </span>
          ))}
          : they wait for each other, none can go on
        </p>
      ))}
    </>
  );
}

interface PanelProps {
  readonly forest: TaskForest;
  readonly report: Report;
  readonly base: readonly string[];
  /** Id; NaN for none. */
  readonly chosen: number;
}

function TreePanel({ forest, report, base, chosen }: PanelProps): JSX.Element {
  const [openPlaces, setOpenPlaces] = useState<ReadonlySet<string>>(new Set());
  const [withInternal, setWithInternal] = useState(forest.roots.length === 0);
  const rows = useMemo(() => {
    const roots = withInternal ? [...forest.roots, ...forest.internalRoots] : forest.roots;
    return taskRows(forest, roots, { ...bounds, openPlaces });
  }, [forest, openPlaces, withInternal]);
  const index = rows.findIndex((row) => row.kind === 'task' && row.task.id === chosen);
  useEffect(() => {
    // An address may name a task of a folded place.
    const asked = forest.byId.get(chosen);
    if (asked !== undefined && index < 0) setOpenPlaces(new Set([...openPlaces, placeKey(asked)]));
  }, [forest, chosen]);
  /** A row that stands for several: it can be stood on, and opened. */
  const [fold, setFold] = useState<number | undefined>(undefined);
  const select = (at: number): void => {
    const row = rows[at];
    const isTask = row?.kind === 'task' || row?.kind === 'again';
    setFold(isTask ? undefined : at);
    if (isTask) replaceRoute(...base, 'tasks', row.task.id);
  };
  const open = (at: number): void => {
    const row = rows[at];
    if (row?.kind === 'alike') setOpenPlaces(new Set([...openPlaces, placeKey(row.task)]));
  };
  const task = forest.byId.get(chosen) ?? (rows[0]?.kind === 'task' ? rows[0].task : undefined);
  const cwd = report.process.cwd;
  return (
    <div class="split">
      <div>
        <VirtualList
          label="tasks"
          count={rows.length}
          rowHeight={rowHeight}
          maxHeight={Math.max(320, innerHeight - 300)}
          selected={fold ?? (index < 0 ? undefined : index)}
          onSelect={select}
          onOpen={open}
          row={(at) => <RowView row={rows[at]} forest={forest} cwd={cwd} />}
        />
        {forest.internalRoots.length > 0 && (
          <button
            type="button"
            class="quiet"
            aria-pressed={withInternal}
            onClick={() => {
              setWithInternal(!withInternal);
            }}
          >
            {withInternal ? 'hide' : 'show'} {forest.internalTotal} of Node’s own
          </button>
        )}
      </div>
      {task !== undefined && <TaskDetails task={task} forest={forest} base={base} cwd={cwd} />}
    </div>
  );
}

interface RowProps {
  readonly row: TaskRow | undefined;
  readonly forest: TaskForest;
  readonly cwd: string | undefined;
}

function RowView({ row, forest, cwd }: RowProps): JSX.Element | null {
  if (row === undefined) return null;
  const { task, depth } = row;
  const indent = { paddingInlineStart: `${10 + 18 * Math.min(depth, maxIndent)}px` };
  if (row.kind === 'alike' || row.kind === 'more')
    return (
      <div class="task-row fold" style={indent}>
        … {row.count} more{' '}
        {row.kind === 'alike' ? `of ${clean(taskName(task), 80)} at the same await` : ''}
      </div>
    );
  const waits = row.kind === 'again' ? 'see above' : `waits for ${waitWords(task, forest.byId)}`;
  return (
    <div class={`task-row ${originOfTask(task)}`} style={indent}>
      <div class="task-head">
        {depth > 0 && <span class="arrow">← </span>}
        <span class="task-id">#{task.id}</span>
        {task.count !== undefined && <span class="count">{task.count}×</span>}
        <span class="task-name">{clean(taskName(task), 80)}</span>
        {task.cycle !== undefined && <span class="badge alarm small">in a circle</span>}
        <span class="place">{clean(placeWords(task, cwd), 160)}</span>
      </div>
      <div class="task-waits">{clean(waits, 200)}</div>
    </div>
  );
}
