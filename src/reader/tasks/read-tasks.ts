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
import { LiveMemory } from '../memory/live.ts';
import { takeLook } from '../memory/look.ts';
import type { Mapping } from '../memory/maps.ts';
import { PagedMemory } from '../memory/paged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import type { Tagged } from '../layout/tagged.ts';
import type { Target } from '../target.ts';
import { findCycles } from './cycles.ts';
import { readSuspended, suspendedKind } from './generator.ts';
import type { TaskNode } from './graph.ts';
import { groupTasks, type TaskGroup } from './groups.ts';
import type { IsolateOfThread } from './isolates.ts';
import { type Survey, surveyIsolate } from './survey.ts';
import { type Wait, findWait } from './waits.ts';
import { explainWait, settlerWords } from './words.ts';
import { findSettlers } from './settlers.ts';

export interface TaskPlan {
  readonly target: Target;
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

/** Reads the tasks. What cannot be read is told in `missing`. */
export function readTasks(plan: TaskPlan, missing: Missing[]): TaskReading {
  const startedAtMs = performance.now();
  const leftMs = Math.max(0, plan.endsAtMs - startedAtMs);
  const searchEndsAtMs = startedAtMs + Math.min(limits.taskSearchMs, leftMs * 0.6);
  const found = plan.isolates.flatMap((isolate) => {
    try {
      const survey = surveyIsolate({ ...plan, isolate, endsAtMs: searchEndsAtMs }, missing);
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
  const chosen = chooseGroups(found, missing);
  if (chosen.length === 0) return { tasks: [], pausedMs: 0 };
  for (const one of found) one.findSettlers(plan.target, chosen, searchEndsAtMs);
  return describeAtOneMoment(plan, chosen, missing);
}

/** Promises at the ends of one example's waits that are followed further. */
const maxLeaves = 4;

/** Tasks of one isolate, with what each waits for. */
class FoundTasks {
  readonly isolate: IsolateOfThread;
  readonly survey: Survey;
  readonly waits: readonly Wait[];
  readonly groups: readonly TaskGroup[];
  readonly cycles: readonly (readonly number[])[];
  #settled: ReturnType<typeof findSettlers> = { settlers: new Map(), isComplete: false };

  constructor(isolate: IsolateOfThread, survey: Survey) {
    this.isolate = isolate;
    this.survey = survey;
    this.waits = survey.graph.tasks.map((task) => findWait(survey.graph, task));
    this.groups = groupTasks(survey.graph, this.waits);
    this.cycles = findCycles(this.waits.map(({ needed }) => needed));
  }

  /** Looks for what may settle the promises at the ends of the examples' waits. */
  findSettlers(target: Target, chosen: readonly ChosenGroup[], endsAtMs: number): void {
    const leaves = chosen
      .filter(({ found }) => found === this)
      .flatMap(({ group }) => this.waits[group.members[0] ?? -1]?.leaves.slice(0, maxLeaves) ?? []);
    this.#settled = findSettlers(target, this.survey, [...new Set(leaves)], endsAtMs);
  }

  leafWords = (leaf: Tagged): string =>
    settlerWords(this.#settled.settlers.get(leaf), this.#settled.isComplete);

  /** True: it was looked for, and nobody holds it but the tasks that wait for it. */
  isAbandoned(wait: Wait): boolean {
    const { settlers, isComplete } = this.#settled;
    return (
      isComplete &&
      wait.tasks.length === 0 &&
      wait.leaves.length > 0 &&
      wait.leaves.slice(0, maxLeaves).every((leaf) => !settlers.has(leaf))
    );
  }
}

/** A task of the report, before it is described. */
interface ChosenGroup {
  readonly id: number;
  readonly found: FoundTasks;
  readonly group: TaskGroup;
  readonly withValues: boolean;
}

function chooseGroups(found: readonly FoundTasks[], missing: Missing[]): ChosenGroup[] {
  const all = found
    .flatMap((one) => one.groups.map((group) => ({ found: one, group })))
    .sort((a, b) => b.group.members.length - a.group.members.length);
  if (all.length > limits.maxTaskGroups)
    missing.push({
      what: `${all.length - limits.maxTaskGroups} suspended async functions`,
      reason: `over-limit: ${limits.maxTaskGroups} are shown, those of which there are most first`,
    });
  if (all.length > limits.maxTasksWithValues)
    missing.push({
      what: 'values of some suspended async functions',
      reason: `over-limit: ${limits.maxTasksWithValues} are shown with values`,
    });
  return all.slice(0, limits.maxTaskGroups).map((one, i) => ({
    ...one,
    id: i + 1,
    withValues: i < limits.maxTasksWithValues,
  }));
}

function describeAtOneMoment(
  plan: TaskPlan,
  chosen: readonly ChosenGroup[],
  missing: Missing[],
): TaskReading {
  const rehearsal = new PagedMemory(new LiveMemory(plan.target.pid));
  describeAll(plan, rehearsal, chosen);
  const taken = takeLook(
    plan.target.pid,
    {
      tids: plan.isolates.map(({ tid }) => tid),
      mappings: plan.mappings,
      pages: rehearsal.usedPages,
      holdWhileDecoding: false,
    },
    ({ memory }) => describeAll(plan, memory, chosen),
  );
  const tasks = taken.result;
  if (tasks.length < chosen.length)
    missing.push({
      what: `${chosen.length - tasks.length} suspended async functions`,
      reason: 'unreadable: they went on while they were read',
    });
  return { tasks: withAwaiters(tasks), pausedMs: taken.pausedMs };
}

function describeAll(plan: TaskPlan, memory: PagedMemory, chosen: readonly ChosenGroup[]): Task[] {
  const describers = new Map<FoundTasks, { heap: Heap; frames: FrameDescriber }>();
  return chosen.flatMap((one) => {
    const { target } = plan;
    let reader = describers.get(one.found);
    if (reader === undefined) {
      const heap = new Heap(memory, target.layout);
      heap.theHole = one.found.survey.view.heap.theHole;
      reader = { heap, frames: new FrameDescriber(heap, target.scripts, plan.endsAtMs) };
      describers.set(one.found, reader);
    }
    const task = describeTask(reader, one, chosen);
    return task === null ? [] : [task];
  });
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
      ...relations(heap, { id, found, group, withValues }, node, wait, chosen),
    };
  } catch (error) {
    if (error instanceof UnreadableMemory) return null;
    throw error;
  }
}

function relations(
  heap: Heap,
  { found, group }: ChosenGroup,
  node: TaskNode,
  wait: Wait,
  chosen: readonly ChosenGroup[],
): Pick<Task, 'awaits' | 'awaitedBy' | 'dependsOn' | 'cycle' | 'liveness'> {
  const ids = groupIds(found, chosen);
  const idsOf = (tasks: readonly number[]): number[] =>
    [...new Set(tasks.flatMap((task) => ids.get(task) ?? []))].sort((a, b) => a - b);
  const dependsOn = idsOf(group.members.flatMap((member) => found.waits[member]?.tasks ?? []));
  const cycle = found.cycles.find((members) =>
    group.members.some((task) => members.includes(task)),
  );
  const [only] = dependsOn;
  const isDirect = wait.steps.length === 0 && wait.tasks.length === 1 && dependsOn.length === 1;
  const isLost = node.awaited === null && !node.isReady && found.survey.isDone;
  const isUnsure = node.awaited === null ? isLost : found.isAbandoned(wait);
  return {
    awaits:
      isDirect && only !== undefined
        ? only
        : node.awaited !== null || node.isReady || isLost
          ? explainWait(heap, node, wait, found.leafWords)
          : 'what was not looked for: the time was over',
    awaitedBy: [],
    ...(dependsOn.length > 0 && { dependsOn }),
    ...(cycle !== undefined && { cycle: idsOf(cycle) }),
    ...(isUnsure && { liveness: 'unsure' as const }),
  };
}

const idsByFound = new WeakMap<FoundTasks, Map<number, number>>();

/** Id in the report by index of the task. */
function groupIds(found: FoundTasks, chosen: readonly ChosenGroup[]): Map<number, number> {
  let ids = idsByFound.get(found);
  if (ids === undefined) {
    ids = new Map();
    for (const { id, found: owner, group } of chosen)
      if (owner === found) for (const member of group.members) ids.set(member, id);
    idsByFound.set(found, ids);
  }
  return ids;
}

function withAwaiters(tasks: readonly Task[]): Task[] {
  const awaiters = new Map<number, number[]>();
  for (const { id, dependsOn } of tasks)
    for (const below of dependsOn ?? []) awaiters.set(below, [...(awaiters.get(below) ?? []), id]);
  return tasks.map((task) => ({ ...task, awaitedBy: awaiters.get(task.id) ?? [] }));
}
