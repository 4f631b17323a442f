/** The suspended async functions as a graph: who waits for whom, and for what at the end. Pure. */
import type { Capture, Task } from '../report/schema.ts';
import { shortenPaths } from '../report/short-paths.ts';
import { subjectBehind, subjectOf } from '../report/subject.ts';
import { isAppFrame } from './scene.ts';
import { functionOf } from './words.ts';

/**
 * In the words of reader/tasks/words.ts. `no pending promise would resume it` is not among them: that is said, too, of a function that came to
 * its `await` while the heap was searched.
 */
const unsettled = /nothing was found to settle/;
/** A member of Promise.all and its like. */
const ofMembers = / of them a promise that nothing was found to settle/;
/** Of functions that went on while they were looked at. */
const inMotion = /^its turn:|has settled meanwhile/;
const keptByProgram = /resolve function is kept in/;
const settledByProgram = /a promise that .* of (?!node:)\S.* may settle/;

/** Reads the tasks of a capture. */
export class Waits {
  readonly tasks: readonly Task[];
  readonly #byId: ReadonlyMap<number, Task>;
  readonly #isInMotion: boolean;
  /** Working directory of the target. */
  readonly cwd: string | undefined;

  constructor({ tasks, process: { cwd } }: Capture) {
    this.tasks = tasks;
    this.cwd = cwd;
    this.#isInMotion = tasks.some(
      ({ awaits }) => typeof awaits === 'string' && inMotion.test(awaits),
    );
    this.#byId = new Map(tasks.map((task) => [task.id, task]));
  }

  /** Functions of the program itself. */
  get own(): Task[] {
    return this.tasks.filter(isOwnTask);
  }

  find(id: number): Task | undefined {
    return this.#byId.get(id);
  }

  /** Those that wait for it, also by way of others; itself not among them. */
  dependents(task: Task): Task[] {
    return this.#closure(task, (one) => one.awaitedBy);
  }

  /** Those it waits for, also by way of others; itself not among them. */
  dependencies(task: Task): Task[] {
    return this.#closure(task, (one) => one.dependsOn ?? []);
  }

  /**
   * True when nothing was found that could settle what it awaits. A member that is a function at work right now looks the same: where
   * functions go on, members are not counted.
   */
  isUnsettled({ awaits }: Task): boolean {
    return (
      typeof awaits === 'string' &&
      unsettled.test(awaits) &&
      !(this.#isInMotion && ofMembers.test(awaits))
    );
  }

  /** True when neither it nor anything it waits for has something that could resume it. */
  isHopeless(task: Task): boolean {
    return [task, ...this.dependencies(task)].some(
      (one) => this.isUnsettled(one) || one.cycle !== undefined,
    );
  }

  #closure(task: Task, next: (one: Task) => readonly number[]): Task[] {
    const found = new Map<number, Task>();
    const visit = (one: Task): void => {
      for (const id of next(one)) {
        const other = this.#byId.get(id);
        if (other === undefined || other === task || found.has(id)) continue;
        found.set(id, other);
        visit(other);
      }
    };
    visit(task);
    return [...found.values()];
  }
}

/** True for functions of the program itself. */
export function isOwnTask(task: Task): boolean {
  return isAppFrame({ ...task, kind: 'js' });
}

/** True for what a module awaits at its top level: it waits for all that the program does. */
export function isTopLevel({ function: name }: Task): boolean {
  return name === '(top level)';
}

/** True for functions of installed packages. */
export function isPackageTask(task: Task): boolean {
  return task.file !== undefined && !isOwnTask(task) && !task.file.startsWith('node:');
}

/** `, as part of Test {name: "reserves stock"}`: what it, or the nearest of those that wait for it and are not the program's own, works on. */
export function workWords(task: Task, waits: Waits): string {
  for (const one of [task, ...waits.dependents(task)]) {
    const subject = isOwnTask(one) ? subjectBehind(one) : subjectOf(one);
    if (subject !== null) return `, as part of ${subject}`;
  }
  return '';
}

/** True for functions that have an object among their values whose class, or whose preview, is one of these. */
export function hasObject({ arguments: given, locals }: Task, classes: RegExp): boolean {
  return [...given, ...locals].some(
    ({ value: { className = '', preview } }) => classes.test(className) || classes.test(preview),
  );
}

/** True for the wait of one who waits for several different things: any of them may settle a race. */
export function isForSeveral(awaits: string): boolean {
  return awaits.includes('; among them ');
}

/** True when the program itself keeps what would resume it: a queue, a lock. */
export function isKept({ awaits }: Task): boolean {
  return typeof awaits === 'string' && keptByProgram.test(awaits) && !isForSeveral(awaits);
}

/** The same, or a function of the program or of a package may settle it. */
export function isUpToProgram(task: Task): boolean {
  const { awaits } = task;
  if (typeof awaits !== 'string' || isForSeveral(awaits)) return false;
  return isKept(task) || settledByProgram.test(awaits);
}

/** What it waits for, to go on a sentence with. */
export function waitWords(task: Task, waits: Waits): string {
  if (typeof task.awaits === 'string') return shortenPaths(task.awaits, waits.cwd);
  const other = task.awaits === undefined ? undefined : waits.find(task.awaits);
  if (other !== undefined) return `task ${other.id}, ${functionOf(other)}`;
  const many = task.dependsOn ?? [];
  return many.length === 0 ? 'something that was not found' : `tasks ${many.join(', ')}`;
}

/** How many functions stand there: one entry may stand for many. */
export function countOf(tasks: readonly Task[]): number {
  return tasks.reduce((sum, { count = 1 }) => sum + count, 0);
}
