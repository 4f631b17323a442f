/**
 * The tasks of a process: every suspended async function of every isolate, where it waits, with which values, for what.
 *
 *   1. the heaps are searched while the target runs (survey.ts), and tasks that are alike are put together;
 *   2. one example of each is described from the running process, to learn which pages that takes;
 *   3. in one stop of well under a millisecond those pages are copied, and the examples are described again from the copy.
 *      A task that went on meanwhile is left out.
 */
import { limits } from '../../limits.ts';
import type { Missing, Task } from '../../report/schema.ts';
import { FrameDescriber } from '../describe-frame.ts';
import { Heap } from '../heap/heap.ts';
import type { SleepingThreads } from '../memory/asleep.ts';
import { takeLook } from '../memory/look.ts';
import type { Mapping } from '../memory/maps.ts';
import { PagedMemory } from '../memory/paged.ts';
import { type MemorySource, UnreadableMemory } from '../memory/source.ts';
import type { Program } from '../target.ts';
import { OpeningTime, timeWasOver } from '../values/opening.ts';
import { callsOf } from './calls.ts';
import { withAwaiters } from './awaiters.ts';
import { type ChosenGroup, FoundTasks } from './found-tasks.ts';
import { readSuspended, suspendedKind } from './generator.ts';
import type { IsolateOfThread } from './isolates.ts';
import { relations } from './relations.ts';
import { linkSettledByHand } from './settled-by-hand.ts';
import { surveyIsolate } from './survey.ts';

export interface TaskPlan {
  readonly target: Program;
  readonly source: MemorySource;
  /** False: a core, or a process that is not to be stopped. */
  readonly mayStop: boolean;
  /** Threads that slept before: while they do, what is read is of one moment anyway. */
  readonly asleep?: SleepingThreads | null;
  /** False: names and places only. Default true. */
  readonly values?: boolean;
  readonly mappings: readonly Mapping[];
  readonly isolates: readonly IsolateOfThread[];
  /** performance.now() at which the reader must be done. */
  readonly endsAtMs: number;
}

export interface TaskReading {
  readonly tasks: readonly Task[];
  /** How long the threads stood still for it. */
  readonly pausedMs: number;
}

/** Of the time there is; the rest is for describing what was found. */
const searchShare = 0.8;

/** Reads the tasks. What cannot be read is told in `missing`. */
export function readTasks(plan: TaskPlan, missing: Missing[]): TaskReading {
  const startedAtMs = performance.now();
  let best = readOnce(plan);
  // Few go on within some milliseconds. When most did, a collection moved them all.
  if (best.lost > best.tasks.length) {
    const tookMs = performance.now() - startedAtMs;
    const again = performance.now() + tookMs < plan.endsAtMs ? readOnce(plan) : best;
    if (again.lost < best.lost) best = again;
  }
  missing.push(...best.missing);
  return best;
}

interface Attempt extends TaskReading {
  /** Tasks that were not where they had been found. */
  readonly lost: number;
  readonly missing: readonly Missing[];
}

function readOnce(plan: TaskPlan): Attempt {
  const missing: Missing[] = [];
  const startedAtMs = performance.now();
  const leftMs = Math.max(0, plan.endsAtMs - startedAtMs);
  const searchEndsAtMs = startedAtMs + Math.min(limits.taskSearchMs, leftMs * searchShare);
  const found = plan.isolates.flatMap((isolate) => {
    try {
      const survey = surveyIsolate({ ...plan, isolate, endsAtMs: searchEndsAtMs }, missing);
      linkSettledByHand(survey, plan.target.scripts, searchEndsAtMs);
      return [new FoundTasks(isolate, survey)];
    } catch (error) {
      if (!(error instanceof UnreadableMemory)) throw error;
      missing.push({
        what: `suspended async functions of thread ${isolate.tid}`,
        reason: 'unreadable',
      });
      return [];
    }
  });
  const chosen = chooseGroups(found, plan.values !== false, missing);
  if (chosen.length === 0) return { tasks: [], pausedMs: 0, lost: 0, missing };
  for (const one of found) one.findSettlers(plan, chosen, searchEndsAtMs);
  const { tasks, closedValues, pausedMs } = describeChosen(plan, chosen);
  const lost = chosen.length - tasks.length;
  if (lost > 0)
    missing.push({
      what: `${lost} suspended async functions`,
      reason: 'unreadable: they went on, or were moved by the collector, while they were read',
    });
  if (closedValues > 0)
    missing.push({
      what: `what is in ${closedValues} values of suspended async functions`,
      reason: timeWasOver,
    });
  return { tasks: withAwaiters(tasks), pausedMs, lost, missing };
}

function chooseGroups(
  found: readonly FoundTasks[],
  values: boolean,
  missing: Missing[],
): ChosenGroup[] {
  const all = found
    .flatMap((one) => one.groups.map((group) => ({ found: one, group })))
    .sort((a, b) => b.group.members.length - a.group.members.length);
  if (all.length > limits.maxTaskGroups)
    missing.push({
      what: `${all.length - limits.maxTaskGroups} suspended async functions`,
      reason: `over-limit: ${limits.maxTaskGroups} are shown, those of which there are most first`,
    });
  if (values && all.length > limits.maxTasksWithValues)
    missing.push({
      what: 'values of some suspended async functions',
      reason: `over-limit: ${limits.maxTasksWithValues} are shown with values`,
    });
  return all.slice(0, limits.maxTaskGroups).map((one, i) => ({
    ...one,
    id: i + 1,
    withValues: values && i < limits.maxTasksWithValues,
  }));
}

/** The examples, read once. */
interface DescribedTasks {
  readonly tasks: Task[];
  /** Values that stayed closed because the time was over. */
  readonly closedValues: number;
}

function describeChosen(
  plan: TaskPlan,
  chosen: readonly ChosenGroup[],
): DescribedTasks & { readonly pausedMs: number } {
  const rehearsal = new PagedMemory(plan.source);
  const rehearsed = describeAll(plan, rehearsal, chosen);
  if (!plan.mayStop || plan.asleep?.haveSlept === true) return { ...rehearsed, pausedMs: 0 };
  const taken = takeLook(
    plan.target.pid,
    {
      tids: plan.isolates.map(({ tid }) => tid),
      mappings: plan.mappings,
      pages: rehearsal.usedPages,
      stacks: false,
      holdWhileDecoding: false,
    },
    ({ memory }) => describeAll(plan, memory, chosen),
  );
  return { ...taken.result, pausedMs: taken.pausedMs };
}

function describeAll(
  plan: TaskPlan,
  memory: PagedMemory,
  chosen: readonly ChosenGroup[],
): DescribedTasks {
  const time = new OpeningTime(plan.endsAtMs);
  const describers = new Map<FoundTasks, { heap: Heap; frames: FrameDescriber }>();
  const tasks = chosen.flatMap((one) => {
    const { target } = plan;
    let reader = describers.get(one.found);
    if (reader === undefined) {
      const heap = new Heap(memory, target.layout);
      heap.theHole = one.found.survey.view.heap.theHole;
      reader = { heap, frames: new FrameDescriber(heap, target.scripts, time) };
      describers.set(one.found, reader);
    }
    const task = describeTask(reader, one, chosen);
    return task === null ? [] : [task];
  });
  return { tasks, closedValues: time.closed };
}

function describeTask(
  { heap, frames }: { heap: Heap; frames: FrameDescriber },
  { id, found, group, withValues }: ChosenGroup,
  chosen: readonly ChosenGroup[],
): Task | null {
  const [example = -1] = group.members;
  const node = found.survey.graph.tasks[example];
  const wait = found.waits[example];
  if (node === undefined || wait === undefined || suspendedKind(heap, node.generator) === null)
    return null;
  try {
    const activation = readSuspended(heap, node.generator);
    const frame = frames.describe(
      withValues ? activation : { ...activation, arguments: [], registers: [] },
    );
    return {
      id,
      function: frame.function,
      ...(frame.file !== undefined && { file: frame.file }),
      ...(frame.line !== undefined && { line: frame.line }),
      ...(frame.column !== undefined && { column: frame.column }),
      kind: node.kind,
      tid: found.isolate.tid,
      ...(group.members.length > 1 && { count: group.members.length }),
      ...(withValues && frame.receiver !== undefined && { receiver: frame.receiver }),
      arguments: withValues ? frame.arguments : [],
      locals: withValues ? frame.locals : [],
      ...(frame.source !== undefined && { source: frame.source }),
      ...(frame.declared !== undefined && { declared: frame.declared }),
      ...callsOf(frames, activation),
      ...relations(heap, frames, { id, found, group, withValues }, node, wait, chosen),
    };
  } catch (error) {
    if (error instanceof UnreadableMemory) return null;
    throw error;
  }
}
