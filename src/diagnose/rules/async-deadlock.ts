/** Async functions that wait for each other in a circle. */
import { hearsFromOthers } from '../elsewhere.ts';
import { type Rule, certainIf, loopEvidence } from '../evidence.ts';
import type { Task, Verdict } from '../../report/schema.ts';
import type { Scene } from '../scene.ts';
import { describeTask, identifyTask, nameFrame } from '../words.ts';
import { Waits, countOf, isForSeveral, isOwnTask, waitWords } from '../waits.ts';

const maxTold = 8;
const maxNamed = 3;
/** In the words of reader/tasks/words.ts. */
const runnerOf = /(?<words>a promise that (?<names>\S.*) of (?<file>\S+) may settle)/;

/** A circle of awaits, found by the reader; or jobs that wait for jobs behind them in the same queue. */
export const asyncDeadlock: Rule = (scene) => {
  if (scene.loop === 'stuck') return null;
  const waits = new Waits(scene.capture);
  const first = waits.tasks.find(({ cycle }) => cycle !== undefined);
  return first === undefined ? behindItself(waits, scene) : circleOf(first, waits, scene);
};

function circleOf(first: Task, waits: Waits, scene: Scene): Verdict {
  const { main, capture } = scene;
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
}

/**
 * Queues such as p-queue and p-limit run each job in an async function of their own, which then settles what the job's owner waits for.
 * When each one under way waits for what only another of them would settle, that one is not going to begin.
 */
function behindItself(waits: Waits, scene: Scene): Verdict | null {
  const { main, capture } = scene;
  for (const { awaits } of waits.own) {
    const isOne = typeof awaits === 'string' && !isForSeveral(awaits);
    const runner = isOne ? runnerOf.exec(awaits)?.groups : undefined;
    if (runner === undefined) continue;
    const { names = '', file = '' } = runner;
    const waitsForOne = (task: Task): boolean =>
      typeof task.awaits === 'string' &&
      !isForSeveral(task.awaits) &&
      task.awaits.includes(runner['words'] ?? '');
    const underWay = waits.tasks.filter(
      (task) => task.file === file && names.split(', ').includes(task.function),
    );
    const isStuck = underWay.every((one) => waits.dependencies(one).some(waitsForOne));
    // In a file of the program's own, another function may have the same name.
    const isSure = file.includes('/node_modules/') || !hearsFromOthers(capture);
    if (underWay.length === 0 || !isStuck || !isSure) continue;
    const jobs = waits.own.filter(
      (task) => waitsForOne(task) && waits.dependents(task).some((one) => underWay.includes(one)),
    );
    const places = [...new Set(jobs.map((task) => nameFrame(task, capture)))];
    return {
      kind: 'async-deadlock',
      summary: `Jobs wait for jobs that are queued behind them: ${places.slice(0, maxNamed).join(', ')} ${countOf(jobs) === 1 ? 'waits' : 'wait'} for what ${names} of ${shortFile(file)} has yet to begin, and each of those under way (${countOf(underWay)}) waits for that.`,
      confidence: 'likely',
      thread: jobs[0]?.tid ?? main.tid,
      evidence: [
        ...jobs.slice(0, maxTold).map((task) => ({
          text: `${identifyTask(task, capture)} waits for ${waitWords(task, waits)}`,
        })),
        ...underWay.slice(0, maxTold).map((task) => ({
          text: `under way: ${identifyTask(task, capture)}, waits for ${waitWords(task, waits)}`,
        })),
        ...loopEvidence(scene),
      ],
      advice:
        'Inside of a job do not wait for another one of the same queue: use a queue of its own for that, or call the function itself.',
    };
  }
  return null;
}

/** `p-queue/dist/index.js` of a package, else the name of the file. */
function shortFile(file: string): string {
  return file.split('/node_modules/').at(-1) ?? file;
}

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
