/** Where the suspended functions of the program stand, in the end: those that wait for each other are told by the last. Pure. */
import type { Capture, Task } from '../report/schema.ts';
import { askedCall, callWritten, isLentName, isSameLender, lends, methodOf } from './asks.ts';
import { subjectOf } from '../report/subject.ts';
import { countOf, isOwnTask, isPackageTask, type Waits } from './waits.ts';
import { nameFrame } from './words.ts';

/** Places named in one sentence. */
const maxNamed = 2;

/** Functions that stand at the same await. */
export interface Standing {
  /** One of them. */
  readonly task: Task;
  readonly count: number;
}

/**
 * Functions at the end of the chains, by where they stand, those at which most stand first: of the program itself; in a tool that was installed, of
 * packages; of Node's own those that work on something with a name, such as a test that has lost its function to the collector.
 */
export function findStandings(waits: Waits): Standing[] {
  const kinds = [isOwnTask, isPackageTask, (task: Task) => subjectOf(task) !== null];
  const isTold = kinds.find((kind) => waits.tasks.some(kind));
  if (isTold === undefined) return [];
  const byPlace = new Map<string, Task[]>();
  for (const task of waits.tasks) {
    if (!isTold(task) || waits.dependencies(task).some(isTold)) continue;
    const { file, line, column, tid } = task;
    const place = JSON.stringify([file, line, column, tid]);
    byPlace.set(place, [...(byPlace.get(place) ?? []), task]);
  }
  return [...byPlace.values()]
    .flatMap((tasks) => tasks.slice(0, 1).map((task) => ({ task, count: countOf(tasks) })))
    .sort((left, right) => right.count - left.count);
}

/** True when it asks a pool for something of which nobody is known to have any. */
export function asksInVain({ task }: Standing, waits: Waits): boolean {
  const call = askedCall(task);
  return call !== null && lentWords(call, waits) !== '';
}

/** `3 × report at orders.js:12 (pool.connect())` of those that most stand at. */
export function standingWords(
  standings: readonly Standing[],
  waits: Waits,
  capture: Capture,
): string {
  const told = standings.slice(0, maxNamed).map(({ task, count }) => {
    const call = askedCall(task);
    const asks = call === null ? '' : ` (${call}()${lentWords(call, waits)})`;
    return `${count > 1 ? `${count} × ` : ''}${nameFrame(task, capture)}${asks}`;
  });
  const more = standings.length - told.length;
  return more > 0
    ? `${told.join(', ')} and ${more} other ${more === 1 ? 'place' : 'places'}`
    : told.join(' and ');
}

/** Who asks a pool for something, and nobody has any of it: it was not given back by what is over, or nothing new comes. */
function lentWords(call: string, { tasks }: Waits): string {
  const isHeld = tasks.some(({ holds = [] }) =>
    holds.some((one) => isSameLender(callWritten(one), call)),
  );
  // What is connected may as well be a client.
  const isLent = lends(call) && (isLentName(call) || methodOf(call) !== 'connect');
  return isLent && !isHeld ? ', of which no suspended function is known to have any' : '';
}
