/** A lock of the program's own was taken and never given back: others wait for it. */
import {
  askedCall,
  callWritten,
  isLentName,
  isLockName,
  isOfSameObject,
  isSameLender,
  lends,
} from '../asks.ts';
import { hearsFromOthers, isUnderWay } from '../elsewhere.ts';
import { type Rule, certainIf, loopEvidence } from '../evidence.ts';
import type { Capture, Task, TaskCall, Verdict } from '../../report/schema.ts';
import type { Scene } from '../scene.ts';
import { functionOf, identifyTask, nameFrame, type Place, placeOf } from '../words.ts';
import { Waits, countOf, isKept, isOwnTask, isUpToProgram, waitWords } from '../waits.ts';

const maxTold = 5;
const maxNamed = 2;

/**
 * Tasks wait in something that is called a lock, and who has it cannot go on: what it awaits will not come, or it awaits the
 * lock itself, or an answer in a process that hears from nobody, or no task has it and nothing else is under way. Whoever has it and
 * waits for a timer or the network will give it back. What is called a pool is one when all who have got something of it ask for more.
 */
export const lockNeverReleased: Rule = (scene) => {
  if (scene.loop === 'stuck') return null;
  const { capture } = scene;
  const waits = new Waits(capture);
  for (const lock of findLocks(waits)) {
    const holders = findHolders(lock, waits);
    if (isAskedAgain(holders, lock, waits, capture))
      return verdictOnAsked(lock, holders, waits, scene);
    // A pool that is used to the full for a moment is no news.
    if (!isLockName(lock.name) && !(scene.isAccused && lends(lock.name))) continue;
    const [holder = null] = [...holders.filter(({ task }) => waits.isHopeless(task)), ...holders];
    const mayRelease =
      holder === null
        ? scene.loop !== 'polling' || isUnderWay(capture)
        : !isStuck(holder.task, lock, waits, scene);
    if (mayRelease && !scene.isAccused) continue;
    return verdictOnHeld(lock, holder, waits, scene);
  }
  return null;
};

interface Lock {
  /** `Mutex.acquire`, or the source that asks for it. */
  readonly name: string;
  /** Tasks of the program that asked for it: those that stand where it is asked for. */
  readonly waiters: readonly Task[];
  /** Where it is waited for: the waiters, or what they have called. */
  readonly leaves: readonly Task[];
}

/** Who has it. */
interface Holder {
  readonly task: Task;
  /** Where it was taken. */
  readonly taken: Place;
  /** It was taken in the same way, which does not say that it is the same lock. */
  readonly isUnsure: boolean;
}

function verdictOnHeld(lock: Lock, holder: Holder | null, waits: Waits, scene: Scene): Verdict {
  const { capture } = scene;
  return {
    ...whoWaits(lock, holder === null ? [] : [holder.task], waits, scene),
    summary: `${functionsWait(lock)} for ${isLockName(lock.name) ? 'a lock' : 'something to be lent'} (${lock.name}) that is not ${isLockName(lock.name) ? 'released' : 'given back'}: ${takenBy(holder, waits, capture)}.`,
    confidence: certainIf(
      holder !== null &&
        !holder.isUnsure &&
        waits.isHopeless(holder.task) &&
        holder.task.liveness !== 'unsure',
    ),
    advice:
      'Release locks in finally, and give what is done while holding one a deadline (AbortSignal.timeout()).',
  };
}

function takenBy(holder: Holder | null, waits: Waits, capture: Capture): string {
  if (holder === null)
    return `no async function that waits has it, ${isUnderWay(capture) ? 'it may be with a callback of what is under way' : 'and nothing is under way that could release it'}`;
  const { task, taken, isUnsure } = holder;
  const takenAt = placeOf(taken, capture);
  return `it ${isUnsure ? 'may have been' : 'was'} taken${takenAt === null ? '' : ` at ${takenAt}`} by task ${task.id}, ${nameFrame(task, capture)}, which waits for ${waitWords(task, waits)}`;
}

/** Of a long line, a place needs its column: the same text is in front of both. */
function placeOfCall({ line, column, original }: TaskCall, { file, source, ...task }: Task): Place {
  return {
    ...(file !== undefined && { file }),
    ...{ line, column },
    ...(source !== undefined && line === task.line && { source }),
    ...(original !== undefined && { original }),
  };
}

function verdictOnAsked(
  lock: Lock,
  holders: readonly Holder[],
  waits: Waits,
  scene: Scene,
): Verdict {
  const { capture } = scene;
  const told = holders
    .slice(0, maxNamed)
    .map(({ task }) => `task ${task.id}, ${nameFrame(task, capture)}`);
  const more = holders.length - told.length;
  const tasks = holders.map(({ task }) => task);
  return {
    ...whoWaits(lock, tasks, waits, scene),
    summary: `${functionsWait(lock)} in ${lock.name}(), and all that have got through it wait there again: ${told.join('; ')}${more > 0 ? `; ${more} more` : ''}.`,
    confidence: 'likely',
    advice:
      'Never ask a pool or a lock for more while holding some of it: hand on what is held, or take all that is needed at once, always in the same order.',
  };
}

function functionsWait({ waiters }: Lock): string {
  const count = countOf(waiters);
  return `${count} async ${count === 1 ? 'function waits' : 'functions wait'}`;
}

function whoWaits(
  { waiters }: Lock,
  holders: readonly Task[],
  waits: Waits,
  scene: Scene,
): Pick<Verdict, 'kind' | 'thread' | 'evidence'> {
  const { capture, main } = scene;
  return {
    kind: 'lock-never-released',
    thread: waiters[0]?.tid ?? main.tid,
    evidence: [
      ...holders.slice(0, maxTold).map((task) => ({
        text: `holds it: ${identifyTask(task, capture)}, waits for ${waitWords(task, waits)}`,
      })),
      ...waiters
        .filter((task) => !holders.includes(task))
        .slice(0, maxTold)
        .map((task) => ({
          text: `waits for it: ${identifyTask(task, capture)}`,
        })),
      ...loopEvidence(scene),
    ],
  };
}

/** Groups the tasks that wait in a lock by where it is asked for. */
function findLocks(waits: Waits): Lock[] {
  const locks: { name: string; waiters: Task[]; leaves: Task[] }[] = [];
  for (const leaf of waits.tasks.filter(isUpToProgram)) {
    const name = lockName(leaf);
    const waiters = name === null ? [] : findAskers(leaf, waits);
    if (name === null || waiters.length === 0) continue;
    const lock = locks.find((one) => isSameLender(one.name, name));
    if (lock === undefined) locks.push({ name, waiters, leaves: [leaf] });
    else {
      lock.waiters.push(...waiters);
      lock.leaves.push(leaf);
    }
  }
  return locks.sort((left, right) => countOf(right.waiters) - countOf(left.waiters));
}

function lockName(leaf: Task): string | null {
  if (isLockFunction(leaf)) return functionOf(leaf);
  const asked = isOwnTask(leaf) ? askedCall(leaf) : null;
  return asked !== null && isLentName(asked) ? asked : null;
}

function isLockFunction(task: Task): boolean {
  return isLockName(functionOf(task)) || isLockName(task.receiver?.className ?? '');
}

/** The nearest tasks of the program that called it, the lock's own functions not among them; else itself, if it is of the program. */
function findAskers(leaf: Task, waits: Waits): Task[] {
  if (!isLockFunction(leaf)) return [leaf];
  const seen = new Set([leaf]);
  const askers: Task[] = [];
  // A Set goes on to what is added meanwhile.
  for (const task of seen) {
    if (isOwnTask(task) && !isLockFunction(task)) askers.push(task);
    else for (const one of task.awaitedBy.flatMap((id) => waits.find(id) ?? [])) seen.add(one);
  }
  return askers.length === 0 && isOwnTask(leaf) ? [leaf] : askers;
}

/** Those who have asked for it before and have it still; or, where the source does not tell, who are past the place where a waiter stands. */
function findHolders({ name, waiters, leaves }: Lock, waits: Waits): Holder[] {
  const calls = [name, ...waiters.flatMap((one) => askedCall(one) ?? [])];
  const having = (isSame: typeof isOfSameObject, isUnsure: boolean): Holder[] =>
    waits.own.flatMap((task) => {
      const taken = task.holds?.find((one) => calls.some((call) => isSame(callWritten(one), call)));
      return taken === undefined ? [] : [{ task, taken: placeOfCall(taken, task), isUnsure }];
    });
  const takers = waiters.filter(
    (waiter) =>
      waiter.asks?.scoped !== true &&
      !lends(askedCall(waiter) ?? '') &&
      leaves.some(({ awaitedBy }) => awaitedBy.includes(waiter.id)),
  );
  const past = waits.own.flatMap((task): Holder[] => {
    if (waiters.includes(task)) return [];
    const taken = takers.find(
      (waiter) =>
        task.function === waiter.function && task.file === waiter.file && isBehind(task, waiter),
    );
    return taken === undefined ? [] : [{ task, taken, isUnsure: false }];
  });
  const sure = [...having(isOfSameObject, false), ...past];
  return sure.length > 0 ? sure : having(isSameLender, true);
}

/** Further on in the same function, as written or as it ran: a bundle has all on one line. */
function isBehind(task: Task, other: Task): boolean {
  const [{ line = 0, column = 0 }, place] =
    task.original !== undefined && other.original !== undefined
      ? [task.original, other.original]
      : [task, other];
  return (
    line > (place.line ?? Infinity) || (line === place.line && column > (place.column ?? Infinity))
  );
}

/** All who have it wait for it once more, and no other function could give some of it back. */
function isAskedAgain(
  holders: readonly Holder[],
  { waiters, leaves }: Lock,
  waits: Waits,
  capture: Capture,
): boolean {
  const areAllBack = holders.every(({ task }) =>
    [task, ...waits.dependencies(task)].some((one) => waiters.includes(one)),
  );
  const inLock = new Set([...waiters, ...leaves]);
  const others = waits.tasks.filter(
    (task) =>
      typeof task.awaits === 'string' &&
      !inLock.has(task) &&
      [task, ...waits.dependents(task)].some(isOwnTask),
  );
  // Functions that may settle something may be callbacks of timers, too.
  const isHeldBack = (task: Task): boolean =>
    (isKept(task) && !hearsFromOthers(capture)) || (isUpToProgram(task) && !isUnderWay(capture));
  const mayRelease = others.some((task) => !waits.isUnsettled(task) && !isHeldBack(task));
  return holders.length > 0 && areAllBack && !mayRelease;
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
    waits.own.every(
      (task) => typeof task.awaits !== 'string' || isKept(task) || waits.isUnsettled(task),
    )
  );
}
