/** One task: where it stands, with which values, what it waits for, who waits for it. */
import type { JSX } from 'preact';
import type { Task } from '../../report/schema.ts';
import { compiledWords, frameOfTask, placeWords } from '../model/origin.ts';
import { holdWords, taskName, taskTitle, waitWords, waitsFor } from '../model/tasks.ts';
import type { TaskForest } from '../model/tasks.ts';
import { hrefOf } from './route.ts';
import { SourceView } from './source.tsx';
import { FrameScopes } from './stack.tsx';
import { clean } from './text.ts';

const maxLinks = 30;

interface DetailsProps {
  readonly task: Task;
  readonly forest: TaskForest;
  readonly base: readonly string[];
  readonly cwd: string | undefined;
}

export function TaskDetails({ task, forest, base, cwd }: DetailsProps): JSX.Element {
  const frame = frameOfTask(task);
  const held = holdWords(task);
  return (
    <article class="details" aria-label={`task ${task.id}`} key={task.id}>
      <h3>
        <span class="task-id">#{task.id}</span> {clean(taskName(task), 120)}
        {task.count !== undefined && <small> one of {task.count} alike</small>}
      </h3>
      <p class="place">
        {clean(placeWords(task, cwd), 300)}
        {task.original !== undefined && (
          <span class="compiled"> ← {clean(compiledWords(task, cwd), 300)}</span>
        )}
      </p>
      <SourceView frame={frame} />
      <FrameScopes frame={frame} />
      <dl class="facts">
        {held !== '' && (
          <>
            <dt>holds</dt>
            <dd>{clean(held, 600)}</dd>
          </>
        )}
        <dt>waits for</dt>
        <dd>
          {typeof task.awaits === 'number' ? (
            <TaskLinks ids={[task.awaits]} forest={forest} base={base} />
          ) : (
            clean(waitWords(task, forest.byId), 600)
          )}
        </dd>
        {typeof task.awaits !== 'number' && waitsFor(task).length > 0 && (
          <>
            <dt>through it for</dt>
            <dd>
              <TaskLinks ids={waitsFor(task)} forest={forest} base={base} />
            </dd>
          </>
        )}
        <dt>awaited by</dt>
        <dd>
          {task.awaitedBy.length === 0 ? (
            'no other task'
          ) : (
            <TaskLinks ids={task.awaitedBy} forest={forest} base={base} />
          )}
        </dd>
        {task.liveness === 'unsure' && (
          <>
            <dt>unsure</dt>
            <dd>nothing was found that could resume it: it may be garbage not yet collected</dd>
          </>
        )}
      </dl>
    </article>
  );
}

interface LinksProps {
  readonly ids: readonly number[];
  readonly forest: TaskForest;
  readonly base: readonly string[];
}

function TaskLinks({ ids, forest, base }: LinksProps): JSX.Element {
  return (
    <>
      {ids.slice(0, maxLinks).map((id, index) => (
        <span key={id}>
          {index > 0 && ', '}
          <a href={hrefOf(...base, 'tasks', id)}>{clean(taskTitle(id, forest.byId), 120)}</a>
        </span>
      ))}
      {ids.length > maxLinks && `, and ${ids.length - maxLinks} more`}
    </>
  );
}
