/** A lock of the program's own was taken and never given back: others wait for it. */
import { hearsFromOthers, isUnderWay } from '../elsewhere.ts';
import { type Rule, certainIf, loopEvidence } from '../evidence.ts';
import type { Task } from '../../report/schema.ts';
import type { Scene } from '../scene.ts';
import { describeTask, functionOf, nameFrame, placeOf } from '../words.ts';
import { Waits, countOf, isKept, isOwnTask, isUnsettled, waitWords } from '../waits.ts';

/** Names that say that something is a lock; a queue of work that is empty looks the same otherwise. */
const lockWords = /lock|mutex|semaphore|acquire|exclusive|permit|latch/i;
const maxTold = 5;

/**
 * Tasks wait in something that is called a lock, and who has it cannot go on: what it awaits will not come, or it awaits the
 * lock itself, or an answer in a process that hears from nobody, or no task has it and nothing else is under way. Whoever has it and
 * waits for a timer or the network will give it back.
 */
export const lockNeverReleased: Rule = (scene) => {
  if (scene.loop === 'stuck') return null;
  const { capture } = scene;
  const waits = new Waits(capture);
  for (const lock of findLocks(waits)) {
    const holder = findHolder(lock, waits);
    const mayRelease =
      holder === null
        ? scene.loop !== 'polling' || isUnderWay(capture)
        : !isStuck(holder, lock, waits, scene);
    if (mayRelease && !scene.isAccused) continue;
    return verdictOn(lock, holder, waits, scene);
  }
  return null;
};

interface Lock {
  /** `Mutex.acquire`, or the source that asks for it. */
  readonly name: string;
  /** Tasks of the program that asked for it: those that stand where it is asked for. */
  readonly waiters: readonly Task[];
}

function verdictOn(lock: Lock, holder: Task | null, waits: Waits, scene: Scene): ReturnType<Rule> {
  const { capture, main } = scene;
  const count = countOf(lock.waiters);
  const [waiter] = lock.waiters;
  const takenAt = holder === null || waiter === undefined ? null : placeOf(waiter, capture);
  const taken =
    holder === null
      ? `no async function that waits has it, ${isUnderWay(capture) ? 'it may be with a callback of what is under way' : 'and nothing is under way that could release it'}`
      : `it was taken${takenAt === null ? '' : ` at ${takenAt}`} by task ${holder.id}, ${nameFrame(holder, capture)}, which waits for ${waitWords(holder, waits)}`;
  return {
    kind: 'lock-never-released',
    summary: `${count} async ${count === 1 ? 'function waits' : 'functions wait'} for a lock (${lock.name}) that is not released: ${taken}.`,
    confidence: certainIf(
      holder !== null && waits.isHopeless(holder) && holder.liveness !== 'unsure',
    ),
    thread: waiter?.tid ?? main.tid,
    evidence: [
      ...(holder === null
        ? []
        : [
            {
              text: `holds it: task ${holder.id}, ${describeTask(holder, capture)}, waits for ${waitWords(holder, waits)}`,
            },
          ]),
      ...lock.waiters.slice(0, maxTold).map((task) => ({
        text: `waits for it: task ${task.id}, ${describeTask(task, capture)}${(task.count ?? 1) > 1 ? ` (${task.count} alike)` : ''}`,
      })),
      ...loopEvidence(scene),
    ],
    advice:
      'Release locks in finally, and give what is done while holding one a deadline (AbortSignal.timeout()).',
  };
}

/** Groups the tasks that wait in a lock by where it is asked for. */
function findLocks(waits: Waits): Lock[] {
  const locks = new Map<string, Task[]>();
  for (const leaf of waits.own.filter(isKept)) {
    const name = lockName(leaf);
    if (name === null) continue;
    const askers = leaf.awaitedBy.flatMap((id) => waits.find(id) ?? []).filter(isOwnTask);
    // An acquire() that is no async function leaves its callers to wait themselves.
    const waiters = isLockFunction(leaf) && askers.length > 0 ? askers : [leaf];
    locks.set(name, [...(locks.get(name) ?? []), ...waiters]);
  }
  return [...locks]
    .map(([name, waiters]) => ({ name, waiters }))
    .sort((left, right) => countOf(right.waiters) - countOf(left.waiters));
}

function isLockFunction(task: Task): boolean {
  return lockWords.test(functionOf(task)) || lockWords.test(task.receiver?.className ?? '');
}

function lockName(task: Task): string | null {
  if (isLockFunction(task)) return functionOf(task);
  const asked = /await\s+([\w$.#]*)\s*\(/.exec(
    (task.original?.source ?? task.source)?.line ?? '',
  )?.[1];
  return asked !== undefined && lockWords.test(asked) ? asked : null;
}

/** A task of the same function as a waiter that is past the place where the lock is taken. */
function findHolder({ waiters }: Lock, waits: Waits): Task | null {
  const candidates = waits.own.filter((task) =>
    waiters.some(
      (waiter) =>
        task !== waiter &&
        task.function === waiter.function &&
        task.file === waiter.file &&
        (task.line ?? 0) > (waiter.line ?? Infinity),
    ),
  );
  return (
    candidates.find((task) => isUnsettled(task) || waits.isHopeless(task)) ?? candidates[0] ?? null
  );
}

function isStuck(holder: Task, lock: Lock, waits: Waits, scene: Scene): boolean {
  if (waits.isHopeless(holder) || lock.waiters.includes(holder)) return true;
  const ends = [holder, ...waits.dependencies(holder)].filter(
    ({ awaits }) => typeof awaits === 'string',
  );
  return ends.length > 0 && ends.every(isKept) && hearsFromNobody(waits, scene);
}

/** All its functions wait for each other or for what the program keeps, and nothing could come in that it goes on with. */
function hearsFromNobody(waits: Waits, scene: Scene): boolean {
  const { capture } = scene;
  return (
    scene.loop === 'polling' &&
    !hearsFromOthers(capture) &&
    capture.handles.every(({ type, internal }) => internal === true || type === 'timer') &&
    waits.own.every((task) => typeof task.awaits !== 'string' || isKept(task) || isUnsettled(task))
  );
}
