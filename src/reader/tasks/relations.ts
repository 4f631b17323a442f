/** How a task of the report stands to the others: what it awaits, and in words what that is. */
import type { Task } from '../../report/schema.ts';
import type { FrameDescriber } from '../describe-frame.ts';
import type { Heap } from '../heap/heap.ts';
import type { ChosenGroup, FoundTasks } from './found-tasks.ts';
import { readSuspended } from './generator.ts';
import type { TaskNode } from './graph.ts';
import type { Wait } from './waits.ts';
import { explainWait, type WaitWords } from './words.ts';

/** Whom a task waits for, in numbers and in words. @throws UnreadableMemory */
export function relations(
  heap: Heap,
  frames: FrameDescriber,
  { found, group }: ChosenGroup,
  node: TaskNode,
  wait: Wait,
  chosen: readonly ChosenGroup[],
): Pick<Task, 'awaits' | 'awaitedBy' | 'dependsOn' | 'through' | 'cycle' | 'liveness'> {
  const ids = groupIds(found, chosen);
  const idsOf = (tasks: readonly number[]): number[] =>
    [...new Set(tasks.flatMap((task) => ids.get(task) ?? []))].sort((a, b) => a - b);
  const dependsOn = idsOf(group.members.flatMap((member) => found.waits[member]?.tasks ?? []));
  const cycle = found.cycles.find((members) =>
    group.members.some((task) => members.includes(task)),
  );
  const [only] = dependsOn;
  const isDirect = wait.steps.length === 0 && wait.tasks.length === 1 && dependsOn.length === 1;
  const { isDone, isTorn } = found.survey;
  const isAtYield = node.atYield !== null;
  const behind = found.behindNode(heap, wait);
  const isLost = node.awaited === null && !node.isReady && !isAtYield && isDone && !isTorn;
  const isUnsure = isAtYield
    ? found.holderOf(node.generator) === null
    : node.awaited === null
      ? isLost
      : found.isAbandoned(wait);
  return {
    awaits:
      behind !== null
        ? behind.words
        : isDirect && only !== undefined
          ? only
          : node.awaited !== null || node.isReady || isLost || isAtYield
            ? explainWait(heap, node, wait, wordsOf(heap, frames, found))
            : isTorn
              ? 'what was not found: the garbage collector moved it during the search'
              : 'what was not looked for: the time was over',
    awaitedBy: [],
    ...(dependsOn.length > 0 && { dependsOn }),
    ...(behind !== null && { through: idsOf(behind.through) }),
    ...(cycle !== undefined && { cycle: idsOf(cycle) }),
    ...(isUnsure && { liveness: 'unsure' as const }),
  };
}

function wordsOf(heap: Heap, frames: FrameDescriber, found: FoundTasks): WaitWords {
  return {
    leafWords: (leaf) => found.leafWords(heap, leaf),
    isNeedless: (step, leaf) => found.isNeedless(heap, step, leaf),
    holderOf: (generator) => found.holderOf(generator),
    generatorWords(generator) {
      const activation = { ...readSuspended(heap, generator), arguments: [], registers: [] };
      const { function: ownName, file, line, receiver } = frames.describe(activation);
      const owner = receiver?.type === 'object' ? (receiver.className ?? '') : '';
      const isTelling = owner !== '' && owner !== 'Object' && owner !== 'global';
      // Compilers seldom name them.
      const isNamed = ownName !== '' && !ownName.endsWith('(anonymous)');
      const name = isNamed ? ownName : `an async function${isTelling ? ` of ${owner}` : ''}`;
      return `${name}${file === undefined ? '' : ` (${file}:${line ?? '?'})`}`;
    },
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
