/** Suspended async functions in a terminal: the program's own with values, Node's own folded unless the program's hang on it. */
import type { Missing, Task } from '../report/schema.ts';
import { shortArguments, subjectOf } from '../report/subject.ts';
import { lineWidth, paint, span, wrap } from './layout.ts';
import type { Line, Span } from './layout.ts';
import { compiledWords, frameOfTask, placeWords } from './model/origin.ts';
import {
  forestOf,
  originOfTask,
  taskName,
  taskRows,
  taskTitle,
  taskTotalWords,
  holdWords,
  waitWords,
} from './model/tasks.ts';
import type { TaskBounds, TaskForest, TaskRow } from './model/tasks.ts';
import { type ChainRow, foldChains } from './model/task-chains.ts';
import { formatCount, formatDuration, noBreak } from './model/units.ts';
import { sourceLines } from './source.ts';
import { argumentSpans, variableLines } from './values.ts';

/** How the tree is shown. */
export interface TaskOptions {
  readonly width: number;
  /** The target's working directory: paths below it are shown relative. */
  readonly cwd?: string | undefined;
  /** Nothing folded. */
  readonly full: boolean;
  /** Rows of the tree, unless in full. */
  readonly maxRows?: number;
}

/** Levels of the tree that are indented; what is deeper stands below each other. */
const maxIndentedDepth = 8;
const folded = { maxAlike: 2, maxBelow: 10, maxRows: 60 };
/** In full there is still an end: a report of hostile size must not fill the disk behind a pipe. */
const unfolded = { maxAlike: 200_000, maxBelow: 200_000, maxRows: 200_000, withThrough: true };
const maxCycles = 10;
/** Rows looked at for each that is shown: most of a chain is folded. */
const foldedShare = 8;

/** What `sleeper tasks` shows. */
export interface TaskSection {
  readonly tasks: readonly Task[];
  readonly missing: readonly Missing[];
  /** How long the target stood still for it. */
  readonly pausedMs: number;
  readonly cwd?: string | undefined;
}

/** The answer of `sleeper tasks`. Ends with a newline. */
export function renderTasks(
  { tasks, missing, pausedMs, cwd }: TaskSection,
  options: { readonly color: boolean; readonly width: number; readonly full?: boolean },
): string {
  const { width, full = false } = options;
  const about = missing.filter(({ what }) => /async|values|reader|thread/.test(what));
  const lines: Line[] = [
    ...taskLines(tasks, { width, cwd, full }),
    [],
    [span(`The target stood still for ${formatDuration(pausedMs)}.`, 'dim')],
    ...about.flatMap(({ what, reason }) =>
      wrap(
        [span('- ', 'dim'), span(what, 'plain', 200), span(': ', 'dim'), span(reason, 'dim', 400)],
        { width, indent: 2, hanging: 4 },
      ),
    ),
  ];
  return paint(lines, options.color);
}

/** Heading and tree. */
export function taskLines(tasks: readonly Task[], options: TaskOptions): Line[] {
  const forest = forestOf(tasks);
  const { full } = options;
  const bounds = full ? unfolded : { ...folded, maxRows: options.maxRows ?? folded.maxRows };
  const roots = full ? [...forest.roots, ...forest.internalRoots] : forest.roots;
  return [
    [span('TASKS', 'heading'), span(`  ${taskTotalWords(forest)}`)],
    ...cycleLines(forest, options),
    ...shownRows(forest, roots, bounds, full).flatMap((row) => rowLines(row, forest, options)),
    ...(full || forest.internalRoots.length === 0
      ? []
      : [...(roots.length > 0 ? [[]] : []), ...internalLines(forest, options.width)]),
  ];
}

/** With chains folded there is room for more. */
function shownRows(
  forest: TaskForest,
  roots: readonly Task[],
  bounds: TaskBounds,
  full: boolean,
): (TaskRow | ChainRow)[] {
  if (full) return taskRows(forest, roots, bounds);
  const { maxRows } = bounds;
  const rows = foldChains(taskRows(forest, roots, { ...bounds, maxRows: maxRows * foldedShare }));
  const rest = rows.slice(maxRows);
  const next = rest.find((row) => row.kind !== 'chain');
  if (next === undefined) return rows;
  const count = rest.reduce((sum, row) => sum + (row.kind === 'more' ? row.count : 1), 0);
  return [...rows.slice(0, maxRows), { kind: 'more', task: next.task, depth: 0, count }];
}

function cycleLines({ cycles, byId }: TaskForest, { width }: TaskOptions): Line[] {
  return cycles.slice(0, maxCycles).flatMap((cycle) => {
    const names = [...cycle, ...cycle.slice(0, 1)].map((id) =>
      taskTitle(id, byId).replaceAll(' ', noBreak),
    );
    const words = `${names.join(' → ')}: they wait for each other, none can go on`;
    return [
      [span('  '), span(' deadlock ', 'alarm')],
      ...wrap([span(words, 'plain', 1_000)], { width, indent: 2, hanging: 4 }),
    ];
  });
}

function rowLines(row: TaskRow | ChainRow, forest: TaskForest, options: TaskOptions): Line[] {
  const { depth } = row;
  const { width, full } = options;
  const indent = 2 + 2 * Math.min(depth, maxIndentedDepth);
  const lead = depth === 0 ? '' : '← ';
  const note = (words: string): Line => [
    span(' '.repeat(indent)),
    span(words, 'dim', width - indent),
  ];
  if (row.kind === 'chain')
    return wrap([span(chainWords(row, lead), 'dim', 600)], { width, indent, hanging: indent + 4 });
  const { task } = row;
  switch (row.kind) {
    case 'again':
      return [note(`${lead}#${task.id} ${taskName(task)}, see above`)];
    case 'alike':
      return [[], note(`${lead}… ${row.count} more of ${taskName(task)} at the same await`)];
    case 'more':
      return [[], note(`${lead}… ${row.count} more${full ? '' : ' (--full shows them)'}`)];
    case 'task': {
      const head = wrap(headSpans(task, lead, indent, options), {
        width,
        indent,
        hanging: indent + 4,
      });
      const details = detailLines(task, forest, indent + 4, options);
      return [...(depth === 0 ? [[]] : []), ...head, ...details];
    }
  }
}

/** `← … 9 more in a row, of packages, as part of test {name: "adds up"} (--full shows them)` */
function chainWords({ tasks }: ChainRow, lead: string): string {
  const subject = tasks.reduceRight<string | null>((told, task) => told ?? subjectOf(task), null);
  const part = subject === null ? '' : `, as part of ${subject}`;
  return `${lead}… ${tasks.length} more in a row, of packages${part} (--full shows them)`;
}

function detailLines(
  task: Task,
  { byId }: TaskForest,
  indent: number,
  { width, full, cwd }: TaskOptions,
): Line[] {
  const bounds = { width, maxLines: 2, maxVariables: full ? 1_000 : 8, maxDepth: full ? 8 : 0 };
  const own =
    originOfTask(task) === 'app' || full
      ? [
          ...sourceLines(frameOfTask(task), false, indent - 2, width),
          ...variableLines('locals', task.locals, indent, bounds),
        ]
      : [];
  const unsure =
    task.liveness === 'unsure' ? ' (unsure: it may be garbage that is not yet collected)' : '';
  const note = (what: string, words: string): Line[] =>
    wrap([span(what, 'dim'), span(words, 'plain', 600)], { width, indent, hanging: indent + 2 });
  const held = holdWords(task);
  const subject = originOfTask(task) === 'app' || full ? null : subjectOf(task);
  return [
    ...own,
    ...(subject === null ? [] : note('part of ', subject)),
    ...(held === '' ? [] : note('holds ', held)),
    ...note('waits for ', waitWords(task, byId, cwd) + unsure),
  ];
}

function internalLines({ internalRoots, internalTotal }: TaskForest, width: number): Line[] {
  const names = [...new Set(internalRoots.map(taskName))].slice(0, 4).join(', ');
  const words = `… ${formatCount(internalTotal, 'task')} of Node's own: ${names} (--full shows them)`;
  return wrap([span(words, 'dim', 300)], { width, indent: 2, hanging: 4 });
}

function headSpans(task: Task, lead: string, indent: number, options: TaskOptions): Span[] {
  const isApp = originOfTask(task) === 'app';
  const name: Span[] = [
    span(`${lead}#${task.id} `, 'dim'),
    ...(task.count === undefined ? [] : [span(`${task.count}${noBreak}× `, 'strong')]),
    span(taskName(task).replaceAll(' ', noBreak), isApp ? 'strong' : 'plain', 200),
    span('(', 'dim'),
  ];
  const room = Math.max(30, options.width - indent - lineWidth(name) - 1);
  const call: Span[] = [
    ...name,
    ...argumentSpans(isApp || options.full ? task.arguments : shortArguments(task), room),
    span(')', 'dim'),
  ];
  const place = placeWords(task, options.cwd);
  const compiled = compiledWords(task, options.cwd);
  return [
    ...call,
    ...(place === '' ? [] : [span('  '), span(place, isApp ? 'place' : 'dim', 400)]),
    ...(compiled === '' ? [] : [span(` ← ${compiled}`, 'dim', 400)]),
  ];
}
