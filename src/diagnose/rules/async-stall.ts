/** The event loop is alive, but work does not go on: an async function waits for something that will not come. */
import { type Rule, loopEvidence } from '../evidence.ts';
import { isParked } from '../parked.ts';
import type { Capture, Task } from '../../report/schema.ts';
import type { Scene } from '../scene.ts';
import { describeTask, functionOf, nameFrame } from '../words.ts';
import {
  Waits,
  countOf,
  isOwnTask,
  isPackageTask,
  isTopLevel,
  waitWords,
  workWords,
} from '../waits.ts';

const maxTold = 6;

/**
 * A task that nothing was found to resume. Many programs park one for good (at the end of main), so others must wait for it, unless a probe
 * has shown that work is stuck; and as long as native work is under way, it may be that which will settle it. What is parked in a function of
 * its own is meant to wait, too.
 */
export const asyncStall: Rule = (scene) => {
  if (scene.loop === 'stuck') return null;
  const { capture, main } = scene;
  const waits = new Waits(capture);
  const stalled = findStalled(waits, scene);
  if (stalled === null) return null;
  const { task, dependents } = stalled;
  const own = dependents.filter(isOwnTask);
  const users = own.length > 0 ? own : dependents.filter(isPackageTask);
  const isProven = waits.isUnsettled(task);
  const for_ =
    users.length === 0
      ? ''
      : `; ${users
          .map((user) => nameUser(user, capture))
          .slice(0, 3)
          .join(', ')} ${users.length === 1 ? 'waits' : 'wait'} for it`;
  const clients = capture.handles.filter(
    ({ type, peer, state }) => type === 'tcp' && peer !== undefined && state === 'connected',
  ).length;
  return {
    kind: 'async-stall',
    summary: `The event loop is alive, but ${nameFrame(task, capture)} waits for ${waitWords(task, waits)}${for_}${workWords(task, waits)}.`,
    confidence: isProven && (scene.isAccused || users.length > 0) ? 'likely' : 'guess',
    thread: task.tid ?? main.tid,
    evidence: [
      {
        text: `task ${task.id}: ${describeTask(task, capture)} waits for ${waitWords(task, waits)}`,
      },
      ...users.slice(0, maxTold).map((one) => ({
        text: `waits for it: task ${one.id}, ${describeTask(one, capture)}`,
      })),
      { text: `${countOf(waits.own)} async functions of the program are suspended` },
      ...(clients === 0 ? [] : [{ text: `${clients} connections are open` }]),
      ...loopEvidence(scene),
    ],
    advice: `See who should settle what ${functionOf(task)} awaits: a callback that is never called, an event that came before anybody listened. Give it a deadline: AbortSignal.timeout(), Promise.race().`,
  };
};

function findStalled(waits: Waits, scene: Scene): { task: Task; dependents: Task[] } | null {
  const { capture, isAccused } = scene;
  const nativeWork = capture.requests.length > 0 || (scene.main.loop?.activeRequests ?? 0) > 0;
  const candidates = waits.own
    .filter((task) => waits.isUnsettled(task) || (isAccused && typeof task.awaits === 'string'))
    .map((task) => ({ task, dependents: waits.dependents(task) }))
    .filter(({ task, dependents }) => !isParked(task, dependents, waits.tasks))
    .filter(
      ({ task, dependents }) =>
        isAccused ||
        (!nativeWork &&
          waits.isUnsettled(task) &&
          (dependents.some(isWork) || isCalledByPackage(task, dependents, scene))),
    );
  const weight = ({ task, dependents }: (typeof candidates)[number]): number =>
    (waits.isUnsettled(task) ? 1_000_000 : 0) + dependents.length * 1_000 + (task.count ?? 1);
  return candidates.sort((left, right) => weight(right) - weight(left))[0] ?? null;
}

/** Those without a name by their place. */
function nameUser(task: Task, capture: Capture): string {
  const name = functionOf(task);
  return name === '(anonymous)' ? nameFrame(task, capture) : name;
}

/** A function that somebody called, not the top level of a module. */
function isWork(task: Task): boolean {
  return isOwnTask(task) && !isTopLevel(task) && task.function !== '';
}

/**
 * A framework waits for what it has called: a handler, a resolver, a job. One that has loaded the program as a module does, too, as long as
 * the program runs; and where functions go on all the time, who settles a promise may not have been found.
 */
function isCalledByPackage(task: Task, dependents: readonly Task[], { loop }: Scene): boolean {
  return (
    loop === 'polling' && ![task, ...dependents].some(isTopLevel) && dependents.some(isPackageTask)
  );
}
