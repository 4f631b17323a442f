/** Async functions that wait for each other in a circle. */
import { type Rule, certainIf, loopEvidence } from '../evidence.ts';
import type { Task } from '../../report/schema.ts';
import { describeTask, nameFrame } from '../words.ts';
import { Waits, countOf, isOwnTask } from '../waits.ts';

const maxTold = 8;

/** A circle of awaits, found by the reader. */
export const asyncDeadlock: Rule = (scene) => {
  const { main, capture } = scene;
  if (scene.loop === 'stuck') return null;
  const waits = new Waits(capture);
  const first = waits.tasks.find(({ cycle }) => cycle !== undefined);
  if (first?.cycle === undefined) return null;
  const circle = inOrder(first, waits);
  const members = new Set(circle.map(({ id }) => id));
  const behind = waits.dependents(first).filter(({ id }) => !members.has(id));
  const names = circle.filter(isOwnTask).map((task) => nameFrame(task, capture));
  const waiting = countOf(behind);
  return {
    kind: 'async-deadlock',
    summary: `${circle.length === 1 ? 'An async function awaits itself' : `${circle.length} async functions await each other in a circle`}: ${names.slice(0, 4).join(' → ')}${waiting === 0 ? '' : `; ${waiting} more wait for them`}.`,
    confidence: certainIf(circle.every(({ liveness }) => liveness !== 'unsure')),
    thread: first.tid ?? main.tid,
    evidence: [
      ...circle.slice(0, maxTold).map((task, i) => ({
        text: `task ${task.id}: ${describeTask(task, capture)} awaits task ${circle[(i + 1) % circle.length]?.id ?? '?'}`,
      })),
      ...behind.slice(0, maxTold).map((task) => ({
        text: `waits for them: task ${task.id}, ${describeTask(task, capture)}`,
      })),
      ...loopEvidence(scene),
    ],
    advice:
      'Break the circle: one of them must not await the other, or only after it has handed out its own result.',
  };
};

/** From one task to what it awaits, until it comes round. */
function inOrder(first: Task, waits: Waits): Task[] {
  const circle: Task[] = [];
  let task: Task | undefined = first;
  while (task !== undefined && !circle.includes(task)) {
    circle.push(task);
    const members: readonly number[] = first.cycle ?? [];
    const next: number | undefined = (task.dependsOn ?? []).find((id) => members.includes(id));
    task = next === undefined ? undefined : waits.find(next);
  }
  return circle;
}
