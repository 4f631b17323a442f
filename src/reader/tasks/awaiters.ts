/** The arrows of the tree the other way round. */
import type { Task } from '../../report/schema.ts';

/** Fills `awaitedBy` from what each task depends on. */
export function withAwaiters(tasks: readonly Task[]): Task[] {
  const awaiters = new Map<number, number[]>();
  for (const { id, dependsOn } of tasks)
    for (const below of dependsOn ?? []) awaiters.set(below, [...(awaiters.get(below) ?? []), id]);
  return tasks.map((task) => ({ ...task, awaitedBy: awaiters.get(task.id) ?? [] }));
}
