/**
 * Suspended async functions as a tree: below each one those it waits for. Roots are tasks that no other task waits for. What
 * the program wrote is told with values; Node's own is folded, unless the program's tasks hang on it.
 */
import type { Frame, Report, Task } from '../report/schema.ts';
import { originOf, shortenPath } from './frames.ts';
import { paint, span, wrap } from './layout.ts';
import type { Line, Span } from './layout.ts';
import { sourceLines } from './source.ts';
import { formatCount, noBreak } from './units.ts';
import { argumentSpans, variableLines } from './values.ts';

/** How the tree is shown. */
export interface TaskOptions {
  readonly width: number;
  /** The target's working directory: paths below it are shown relative. */
  readonly cwd?: string | undefined;
  /** Nothing folded. */
  readonly full: boolean;
}

/** Levels of the tree that are indented; what is deeper stands below each other. */
const maxIndentedDepth = 8;
/** Tasks below one that are shown one by one. */
const maxShownBelow = 10;
/** Roots shown when not everything is asked for. */
const maxRoots = 60;

/** The report of `sleeper tasks`. Ends with a newline. */
export function renderTasks(
  report: Pick<Report, 'tasks' | 'process' | 'missing'>,
  options: { readonly color: boolean; readonly width: number; readonly full?: boolean },
): string {
  const { width, full = false } = options;
  const about = report.missing.filter(({ what }) => /async|values|reader|thread/.test(what));
  const lines: Line[] = [
    ...taskLines(report.tasks, { width, cwd: report.process.cwd, full }),
    ...(about.length === 0 ? [] : [[]]),
    ...about.flatMap(({ what, reason }) =>
      wrap(
        [span('- ', 'dim'), span(what, 'plain', 200), span(': ', 'dim'), span(reason, 'dim', 400)],
        {
          width,
          indent: 2,
          hanging: 4,
        },
      ),
    ),
  ];
  return paint(lines, options.color);
}

/** Heading and tree. */
export function taskLines(tasks: readonly Task[], options: TaskOptions): Line[] {
  return new TaskTree(tasks, options).lines();
}

class TaskTree {
  readonly #tasks: readonly Task[];
  readonly #byId: ReadonlyMap<number, Task>;
  readonly #options: TaskOptions;
  readonly #shown = new Set<number>();
  readonly #lines: Line[] = [];

  constructor(tasks: readonly Task[], options: TaskOptions) {
    this.#tasks = tasks;
    this.#byId = new Map(tasks.map((task) => [task.id, task]));
    this.#options = options;
  }

  lines(): Line[] {
    const total = this.#tasks.reduce((sum, { count = 1 }) => sum + count, 0);
    this.#lines.push([span('TASKS', 'heading'), span(`  ${headWords(total, this.#tasks.length)}`)]);
    this.#addCycles();
    const { own, internal } = this.#roots();
    const shown = this.#options.full ? own : own.slice(0, maxRoots);
    for (const task of shown) this.#addRoot(task);
    if (own.length > shown.length)
      this.#lines.push(
        [],
        [span(`  … ${own.length - shown.length} more (--full shows them)`, 'dim')],
      );
    if (this.#options.full) for (const task of internal) this.#addRoot(task);
    else this.#addFolded(internal);
    return this.#lines;
  }

  /** Those nobody waits for, and one of each circle; the program's own first. */
  #roots(): { own: Task[]; internal: Task[] } {
    const reached = new Set<number>();
    const reach = (start: Task): void => {
      const open = [start];
      for (let task = open.pop(); task !== undefined; task = open.pop())
        for (const id of [task.id, ...(task.dependsOn ?? [])]) {
          if (reached.has(id)) continue;
          reached.add(id);
          const below = this.#byId.get(id);
          if (below !== undefined) open.push(below);
        }
    };
    const roots = this.#tasks.filter(({ awaitedBy }) => awaitedBy.length === 0);
    for (const task of roots) reach(task);
    for (const task of this.#tasks)
      if (!reached.has(task.id)) {
        roots.push(task);
        reach(task);
      }
    const isInternal = (task: Task): boolean =>
      origin(task) === 'internal' &&
      (task.dependsOn ?? []).every((id) => origin(this.#byId.get(id)) === 'internal');
    return {
      own: roots.filter((task) => !isInternal(task)),
      internal: roots.filter((task) => isInternal(task)),
    };
  }

  #addCycles(): void {
    const cycles = new Map(
      this.#tasks.flatMap(({ cycle }) => (cycle === undefined ? [] : [[cycle.join(), cycle]])),
    );
    for (const cycle of cycles.values()) {
      const names = [...cycle, ...cycle.slice(0, 1)].map((id) => this.#nameOf(id)).join(' → ');
      const words = `${names}: they wait for each other, none can go on`;
      this.#lines.push(
        [span('  '), span(' deadlock ', 'alarm')],
        ...wrap([span(words, 'plain', 1_000)], {
          width: this.#options.width,
          indent: 2,
          hanging: 4,
        }),
      );
    }
  }

  #nameOf(id: number): string {
    const task = this.#byId.get(id);
    return task === undefined ? `#${id}` : `#${id}${noBreak}${nameOf(task)}`;
  }

  #addRoot(task: Task): void {
    this.#lines.push([]);
    // Without recursion: chains of awaits can be long.
    const open: { task: Task; depth: number }[] = [{ task, depth: 0 }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (!this.#add(next.task, next.depth)) continue;
      const ids = next.task.dependsOn ?? [];
      const shown = this.#options.full ? ids : ids.slice(0, maxShownBelow);
      const below = shown.flatMap((id) => this.#byId.get(id) ?? []);
      const depth = next.depth + 1;
      for (const child of below.reverse()) open.push({ task: child, depth });
    }
  }

  /** @returns false when it stands above already */
  #add(task: Task, depth: number): boolean {
    const indent = 2 + 2 * Math.min(depth, maxIndentedDepth);
    const { width } = this.#options;
    const lead = depth === 0 ? '' : '← ';
    if (this.#shown.has(task.id)) {
      this.#lines.push([
        span(' '.repeat(indent)),
        span(`${lead}#${task.id} ${nameOf(task)}, see above`, 'dim', width - indent),
      ]);
      return false;
    }
    this.#shown.add(task.id);
    this.#lines.push(
      ...wrap(headSpans(task, lead, this.#options), { width, indent, hanging: indent + 4 }),
    );
    this.#addDetails(task, indent + 4);
    return true;
  }

  #addDetails(task: Task, indent: number): void {
    const { width, full } = this.#options;
    if (origin(task) === 'app' || full) {
      this.#lines.push(...sourceLines(frameOf(task), false, indent - 2, width));
      const bounds = { width, maxLines: 2, maxVariables: full ? 1_000 : 8, maxDepth: 0 };
      this.#lines.push(...variableLines('locals', task.locals, indent, bounds));
    }
    const rest = (task.dependsOn ?? []).length - maxShownBelow;
    const more = !full && rest > 0 ? ` (${rest} more below it are not shown)` : '';
    const unsure =
      task.liveness === 'unsure' ? ' (unsure: it may be garbage that is not yet collected)' : '';
    this.#lines.push(
      ...wrap(
        [span('waits for ', 'dim'), span(this.#waitWords(task) + more + unsure, 'plain', 600)],
        {
          width,
          indent,
          hanging: indent + 2,
        },
      ),
    );
  }

  #waitWords({ awaits, count = 1 }: Task): string {
    if (awaits === undefined) return 'nothing that is known';
    const words = typeof awaits === 'number' ? this.#nameOf(awaits) : awaits;
    return count > 1 && typeof awaits === 'string' ? `${words} (this one of them)` : words;
  }

  #addFolded(internal: readonly Task[]): void {
    if (internal.length === 0) return;
    const names = [...new Set(internal.map(nameOf))].slice(0, 4).join(', ');
    this.#lines.push(
      [],
      ...wrap(
        [
          span(
            `… ${formatCount(internal.length, 'task')} of Node's own: ${names} (--full shows them)`,
            'dim',
            300,
          ),
        ],
        { width: this.#options.width, indent: 2, hanging: 4 },
      ),
    );
  }
}

function headWords(total: number, places: number): string {
  if (total === 0) return 'no async function is suspended';
  return total === places
    ? formatCount(total, 'suspended async function')
    : `${formatCount(total, 'suspended async function')}, alike ones told once: ${places}`;
}

function headSpans(task: Task, lead: string, options: TaskOptions): Span[] {
  const isApp = origin(task) === 'app';
  const call: Span[] = [
    span(`${lead}#${task.id} `, 'dim'),
    ...(task.count === undefined ? [] : [span(`${task.count}${noBreak}× `, 'strong')]),
    span(nameOf(task), isApp ? 'strong' : 'plain', 200),
    span('(', 'dim'),
    ...(isApp || options.full
      ? argumentSpans(task.arguments, Math.max(40, options.width - 40))
      : []),
    span(')', 'dim'),
  ];
  if (task.file === undefined) return call;
  const position = [task.line, task.column]
    .filter((part) => part !== undefined)
    .map((part) => `:${part}`);
  return [
    ...call,
    span('  '),
    span(shortenPath(task.file, options.cwd) + position.join(''), isApp ? 'place' : 'dim', 400),
  ];
}

function nameOf({ function: name, kind }: Task): string {
  const words = kind === 'async-generator' ? 'async* ' : 'async ';
  return `${words}${name === '' ? '(anonymous)' : name}`.replaceAll(' ', noBreak);
}

function frameOf(task: Task): Frame {
  const { function: name, file, line, column, source, arguments: passed, locals } = task;
  return {
    function: name,
    kind: 'js',
    arguments: passed,
    locals,
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
    ...(source !== undefined && { source }),
  };
}

function origin(task: Task | undefined): ReturnType<typeof originOf> {
  return task === undefined ? 'internal' : originOf(frameOf(task));
}
