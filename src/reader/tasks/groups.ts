/**
 * Tasks that are alike, told once. Two tasks are alike when they stand at the same await and wait in the same way for tasks
 * that are alike: found by refining, a few rounds deep, so that cycles and long chains end.
 */
import { limits } from '../../limits.ts';
import type { TaskGraph } from './graph.ts';
import type { Wait } from './waits.ts';

const maxRounds = 6;

/** Tasks shown as one. */
export interface TaskGroup {
  /** Indices of the members; the first one is the example. */
  readonly members: readonly number[];
}

/** Classes of at most limits.maxAlikeTasks tasks are told one by one. Larger groups come first. */
export function groupTasks(graph: TaskGraph, waits: readonly Wait[]): TaskGroup[] {
  const byClass = new Map<number, number[]>();
  classify(graph, waits).forEach((class_, task) => {
    const members = byClass.get(class_);
    if (members === undefined) byClass.set(class_, [task]);
    else members.push(task);
  });
  return [...byClass.values()]
    .flatMap((members): TaskGroup[] =>
      members.length > limits.maxAlikeTasks
        ? [{ members }]
        : members.map((task) => ({ members: [task] })),
    )
    .sort((a, b) => b.members.length - a.members.length);
}

function classify(graph: TaskGraph, waits: readonly Wait[]): number[] {
  let classes = number(graph.tasks.map(({ place }) => place));
  for (let round = 0; round < maxRounds; round++) {
    const before = classes;
    const refined = number(
      graph.tasks.map((task, i) => {
        const wait = waits[i];
        const steps = wait?.steps.map(({ kind }) => kind).join() ?? '';
        const below = new Set(wait?.tasks.map((other) => before.classes[other] ?? 0));
        const state = task.isReady ? 'ready' : task.awaited === null ? 'lost' : 'waits';
        return `${before.classes[i] ?? 0} ${state} ${steps} ${[...below].sort((a, b) => a - b).join()}`;
      }),
    );
    if (refined.count === before.count && round > 0) break;
    classes = refined;
  }
  return classes.classes;
}

function number(keys: readonly string[]): { classes: number[]; count: number } {
  const numbers = new Map<string, number>();
  const classes = keys.map((key) => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  });
  return { classes, count: numbers.size };
}
