/** The first screen: the blamed stack with its values beside the evidence. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Report } from '../../report/schema.ts';
import { awaitGraphOf } from '../model/await-graph.ts';
import { placeWords } from '../model/origin.ts';
import { commandWords, hostWords, versionWords } from '../model/process.ts';
import { guiltyThread, hasOwnCode } from '../model/stack.ts';
import { forestOf, taskName, taskTotalWords, waitWords } from '../model/tasks.ts';
import type { TaskForest } from '../model/tasks.ts';
import { loopWords } from '../model/thread.ts';
import { formatDuration, formatTime } from '../model/units.ts';
import { AwaitGraphView } from './await-graph.tsx';
import { Facts, Missing } from './environment.tsx';
import { ErrorView } from './error.tsx';
import { hrefOf } from './route.ts';
import { Cycles, TasksToCome } from './tasks.tsx';
import { clean } from './text.ts';
import { ThreadView } from './threads.tsx';

interface OverviewProps {
  readonly report: Report;
  readonly tasksToCome: number;
  readonly base: readonly string[];
}

export function OverviewPage({ report, tasksToCome, base }: OverviewProps): JSX.Element {
  const guilty = guiltyThread(report);
  const forest = useMemo(() => forestOf(report.tasks), [report]);
  const waits = !hasOwnCode(guilty) && (forest.roots.length > 0 || tasksToCome > 0);
  const stack =
    guilty === undefined ? null : <ThreadView thread={guilty} report={report} base={base} />;
  const tasks =
    tasksToCome > 0 ? (
      <TasksToCome count={tasksToCome} />
    ) : forest.roots.length === 0 ? null : (
      <TaskSummary forest={forest} report={report} base={base} isFirst={waits} />
    );
  return (
    <div class="overview">
      <div class="overview-main">
        <ErrorView report={report} />
        {waits ? tasks : stack}
        {waits ? stack : tasks}
      </div>
      <aside class="overview-side">
        <Evidence report={report} />
        <ProcessFacts report={report} />
        <Missing report={report} />
      </aside>
    </div>
  );
}

function Evidence({ report }: { readonly report: Report }): JSX.Element {
  const { evidence, advice } = report.verdict;
  return (
    <>
      {advice !== undefined && (
        <div class="advice">
          <h3>What to do</h3>
          <p>{clean(advice, 1_000)}</p>
        </div>
      )}
      {evidence.length > 0 && (
        <div class="things">
          <h3>Evidence</h3>
          <ul class="evidence">
            {evidence.slice(0, 100).map(({ text }, index) => (
              <li key={index}>{clean(text, 800)}</li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}

function ProcessFacts({ report }: { readonly report: Report }): JSX.Element {
  const { process, trigger } = report;
  const loop = report.threads.find(({ kind }) => kind === 'main')?.loop;
  const stalled =
    trigger.stalledForMs === undefined
      ? ''
      : `; no turn of the loop for ${formatDuration(trigger.stalledForMs)}`;
  const uptime = process.uptimeMs === undefined ? '' : `, up ${formatDuration(process.uptimeMs)}`;
  return (
    <div class="things">
      <h3>Process</h3>
      <Facts
        facts={[
          ['why now', `${trigger.kind}: ${trigger.reason}${stalled}`],
          ['process', `${process.pid}  ${commandWords(process)}${uptime}`],
          ['versions', versionWords(process)],
          ['loop', loop === undefined ? undefined : loopWords(loop)],
          ['host', hostWords(report.host)],
          ['captured', formatTime(report.capturedAt)],
          [
            'cost',
            `took ${formatDuration(report.durationMs)}; the target stood still for ${formatDuration(report.pausedMs)}`,
          ],
          ['signature', report.signature],
        ]}
      />
    </div>
  );
}

interface SummaryProps {
  readonly forest: TaskForest;
  readonly report: Report;
  readonly base: readonly string[];
  readonly isFirst: boolean;
}

const maxRoots = 8;

/** What the program waits for: the circle, the graph when it is what the report is about, the roots. */
function TaskSummary({ forest, report, base, isFirst }: SummaryProps): JSX.Element {
  const graph = useMemo(() => awaitGraphOf(forest, report.process.cwd), [forest, report]);
  return (
    <section class="task-summary" aria-label="what the program waits for">
      <h3>
        Waiting <small>{taskTotalWords(forest)}</small>
      </h3>
      <Cycles forest={forest} base={base} />
      {isFirst && graph.edges.length > 0 && graph.nodes.length <= 40 && (
        <AwaitGraphView graph={graph} base={base} />
      )}
      <ul class="plain">
        {forest.roots.slice(0, maxRoots).map((task) => (
          <li key={task.id} class="task-line">
            <a href={hrefOf(...base, 'tasks', task.id)} data-row>
              {task.count !== undefined && <span class="count">{task.count}×</span>}
              <strong>{clean(taskName(task), 80)}</strong>{' '}
              <span class="place">{clean(placeWords(task, report.process.cwd), 160)}</span>
            </a>
            <span class="task-waits"> waits for {clean(waitWords(task, forest.byId), 200)}</span>
          </li>
        ))}
      </ul>
      <a class="quiet" href={hrefOf(...base, 'tasks')}>
        all tasks
      </a>
    </section>
  );
}
