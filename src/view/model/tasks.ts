/**
 * Suspended async functions as a tree: below each one those it waits for. Roots are tasks that no other task waits for, and one
 * of each circle. Tasks that stand at the same place and wait for the same are told by their first few and a count.
 */
import type { Task } from '../../report/schema.ts';
import { shortenPaths } from '../../report/short-paths.ts';
import { frameOfTask, originOf } from './origin.ts';
import type { FrameOrigin } from './origin.ts';
import { formatCount } from './units.ts';

/** The tasks of a report, linked. */
export interface TaskForest {
  readonly tasks: readonly Task[];
  readonly byId: ReadonlyMap<number, Task>;
  /** The program's own first; those in circles before all. */
  readonly roots: readonly Task[];
  /** Node's own, on which nothing of the program hangs. */
  readonly internalRoots: readonly Task[];
  /** How many tasks are these and below them, with the count of each group. */
  readonly internalTotal: number;
  readonly cycles: readonly (readonly number[])[];
  /** With the count of each group. */
  readonly total: number;
}

/** One row of the tree. */
export type TaskRow =
  | { readonly kind: 'task'; readonly task: Task; readonly depth: number }
  /** It stands above already. */
  | { readonly kind: 'again'; readonly task: Task; readonly depth: number }
  /** More of those like `task`, or more below one. */
  | {
      readonly kind: 'alike' | 'more';
      readonly task: Task;
      readonly depth: number;
      readonly count: number;
    };

export interface TaskBounds {
  /** Tasks at one place below one task, or among the roots, that are rows of their own. */
  readonly maxAlike: number;
  /** Rows below one task. */
  readonly maxBelow: number;
  readonly maxRows: number;
  /** Node's own functions are rows, too, where those that wait for them tell what these wait for. */
  readonly withThrough?: boolean;
  /** Places, by placeKey(), whose tasks are all rows. */
  readonly openPlaces?: ReadonlySet<string>;
}

const amount = /\b[\d,]+ (?=(?:byte|object)s?\b)/g;
const noTask: readonly number[] = [];
const noTasks: readonly Task[] = [];

export function forestOf(tasks: readonly Task[]): TaskForest {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const below = (task: Task): readonly Task[] =>
    waitsFor(task).flatMap((id) => byId.get(id) ?? noTasks);
  const roots = tasks.filter(({ awaitedBy }) => awaitedBy.length === 0);
  const reached = reach(roots, below, new Set());
  for (const task of tasks)
    if (!reached.has(task)) {
      roots.push(task);
      reach([task], below, reached);
    }
  const above = new Map<Task, Task[]>();
  for (const task of tasks)
    for (const other of below(task)) {
      const known = above.get(other);
      if (known === undefined) above.set(other, [task]);
      else known.push(task);
    }
  const program = tasks.filter((task) => originOfTask(task) !== 'internal');
  const leadToProgram = reach(program, (task) => above.get(task) ?? noTasks, new Set());
  const own = roots.filter((task) => leadToProgram.has(task));
  const shown = reach(own, below, new Set());
  const urgency = (task: Task): number =>
    task.cycle !== undefined ? 0 : originOfTask(task) === 'app' ? 1 : 2;
  return {
    tasks,
    byId,
    roots: own.sort((a, b) => urgency(a) - urgency(b)),
    internalRoots: roots.filter((task) => !leadToProgram.has(task)),
    internalTotal: totalOf(tasks.filter((task) => !shown.has(task))),
    cycles: cyclesOf(tasks),
    total: totalOf(tasks),
  };
}

function totalOf(tasks: readonly Task[]): number {
  return tasks.reduce((sum, { count = 1 }) => sum + count, 0);
}

/** @param reached grows by those that can be reached */
function reach(
  from: readonly Task[],
  next: (task: Task) => readonly Task[],
  reached: Set<Task>,
): Set<Task> {
  const open = [...from];
  for (let task = open.pop(); task !== undefined; task = open.pop()) {
    if (reached.has(task)) continue;
    reached.add(task);
    open.push(...next(task));
  }
  return reached;
}

/** Ids of all tasks it waits for. */
export function waitsFor(task: Task): readonly number[] {
  return task.dependsOn ?? (typeof task.awaits === 'number' ? [task.awaits] : noTask);
}

function cyclesOf(tasks: readonly Task[]): number[][] {
  const cycles = new Map<string, number[]>();
  for (const { cycle } of tasks)
    if (cycle !== undefined && cycle.length > 0) {
      const key = [...cycle].sort((a, b) => a - b).join();
      if (!cycles.has(key)) cycles.set(key, cycle);
    }
  return [...cycles.values()];
}

export function originOfTask(task: Task | undefined): FrameOrigin {
  return task === undefined ? 'internal' : originOf(frameOfTask(task));
}

/** `async load`, `async* lines`. */
export function taskName({ function: compiled, kind, original }: Task): string {
  const name = original?.function ?? compiled;
  return `${kind === 'async-generator' ? 'async* ' : 'async '}${name === '' ? '(anonymous)' : name}`;
}

/** What tells tasks at the same place from others. */
export function placeKey(task: Task): string {
  const { awaits, function: compiled } = task;
  const { file = '', line = 0, column = 0 } = task.original ?? task;
  const name = task.original?.function ?? compiled;
  // How much of something waits is not the same from one moment to the next.
  const words = typeof awaits === 'string' ? awaits.replace(amount, '') : '';
  return `${name}\0${file}\0${line}\0${column}\0${words}`;
}

/** The rows of the tree below `roots`, in the order in which they are read. Without recursion: chains of awaits can be long. */
export function taskRows(
  forest: TaskForest,
  roots: readonly Task[],
  bounds: TaskBounds,
): TaskRow[] {
  const shown = new Set<number>();
  const rows: TaskRow[] = [];
  const open: TaskRow[] = [];
  // Reversed: the last one pushed is the first one taken.
  const push = (tasks: readonly Task[], depth: number, below: number): void => {
    const group = groupAlike(tasks, depth, bounds, below);
    for (const row of group.reverse()) open.push(row);
  };
  push(roots, 0, Number.POSITIVE_INFINITY);
  for (let row = open.pop(); row !== undefined; row = open.pop()) {
    if (rows.length >= bounds.maxRows) {
      rows.push({ kind: 'more', task: row.task, depth: 0, count: open.length + 1 });
      break;
    }
    if (row.kind !== 'task') {
      rows.push(row);
    } else if (shown.has(row.task.id)) {
      rows.push({ kind: 'again', task: row.task, depth: row.depth });
    } else {
      shown.add(row.task.id);
      rows.push(row);
      const told = bounds.withThrough === true ? noTask : (row.task.through ?? noTask);
      const below = waitsFor(row.task).flatMap((id) =>
        told.includes(id) ? noTasks : (forest.byId.get(id) ?? noTasks),
      );
      push(below, row.depth + 1, bounds.maxBelow);
    }
  }
  return rows;
}

/** The first few of each place; then, once for the place, how many more there are. */
function groupAlike(
  tasks: readonly Task[],
  depth: number,
  { maxAlike, openPlaces }: TaskBounds,
  maxBelow: number,
): TaskRow[] {
  const places = new Map<string, Task[]>();
  for (const task of tasks) {
    const key = placeKey(task);
    const place = places.get(key);
    if (place === undefined) places.set(key, [task]);
    else place.push(task);
  }
  const rows: TaskRow[] = [];
  for (const [key, place] of places) {
    const isFolded = place.length > maxAlike + 1 && openPlaces?.has(key) !== true;
    const alike = isFolded ? place.slice(0, maxAlike) : place;
    for (const task of alike) rows.push({ kind: 'task', task, depth });
    const rest = place.slice(alike.length);
    const [first] = rest;
    if (first !== undefined) {
      const count = rest.reduce((sum, task) => sum + (task.count ?? 1), 0);
      rows.push({ kind: 'alike', task: first, depth, count });
    }
  }
  if (rows.length <= maxBelow) return rows;
  const cut = rows.slice(maxBelow);
  const [first] = cut;
  return first === undefined
    ? rows
    : [...rows.slice(0, maxBelow), { kind: 'more', task: first.task, depth, count: cut.length }];
}

/** The heading of the tree. */
export function taskTotalWords({ total, tasks }: Pick<TaskForest, 'total' | 'tasks'>): string {
  if (total === 0) return 'no async function is suspended';
  return total === tasks.length
    ? formatCount(total, 'suspended async function')
    : `${formatCount(total, 'suspended async function')}, alike ones told once: ${tasks.length}`;
}

/** What a task waits for: another task by number and name, or words. */
export function waitWords(
  { awaits, count = 1 }: Task,
  byId: TaskForest['byId'],
  cwd?: string,
): string {
  if (awaits === undefined) return 'nothing that is known';
  if (typeof awaits === 'number') return taskTitle(awaits, byId);
  const words = shortenPaths(awaits, cwd);
  return count > 1 ? `${words} (this one of them)` : words;
}

/** What it has to give back: `lock.acquire() (line 8)`; empty when nothing is known of it. */
export function holdWords({ holds = [] }: Task): string {
  return holds
    .map(
      ({ call, line, original }) => `${original?.call ?? call}() (line ${original?.line ?? line})`,
    )
    .join(', ');
}

/** `#12 async load`. */
export function taskTitle(id: number, byId: TaskForest['byId']): string {
  const task = byId.get(id);
  return task === undefined ? `#${id}` : `#${id} ${taskName(task)}`;
}
