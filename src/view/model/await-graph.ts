/**
 * Who waits for whom, as a graph to draw: tasks of one place are one node, what they wait for in the end is a node too, and
 * circles keep their tasks apart. Nodes stand in layers, from those nobody waits for to what all wait for.
 */
import type { Task } from '../../report/schema.ts';
import { placeWords } from './origin.ts';
import { originOfTask, taskName, waitsFor } from './tasks.ts';
import type { TaskForest } from './tasks.ts';

export interface GraphNode {
  readonly key: string;
  readonly title: string;
  /** Second line: where it stands. Empty for what is no task. */
  readonly place: string;
  /** Tasks in it. */
  readonly count: number;
  readonly kind: 'task' | 'internal' | 'end';
  readonly isInCycle: boolean;
  /** One of the tasks. */
  readonly task?: Task;
  readonly layer: number;
  /** Position within its layer, from 0. */
  readonly slot: number;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly isInCycle: boolean;
}

export interface AwaitGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly layers: number;
  /** Nodes that are not drawn: over the bound. */
  readonly cut: number;
}

const maxNodes = 120;
/** Tasks looked at; what is beyond stands in the tree. */
const maxTasks = 200_000;

interface Draft {
  key: string;
  title: string;
  place: string;
  count: number;
  kind: GraphNode['kind'];
  isInCycle: boolean;
  task?: Task;
  to: Set<string>;
}

export function awaitGraphOf(forest: TaskForest, cwd: string | undefined): AwaitGraph {
  const drafts = draftNodes(forest, cwd);
  const all = [...drafts.values()];
  const rank = (draft: Draft): number =>
    (draft.isInCycle ? 1e12 : 0) + (draft.kind === 'internal' ? 0 : 1e9) + draft.count;
  const kept = all.sort((a, b) => rank(b) - rank(a)).slice(0, maxNodes);
  const keys = new Set(kept.map(({ key }) => key));
  const edges = kept.flatMap((draft) =>
    [...draft.to]
      .filter((to) => keys.has(to))
      .map((to) => ({
        from: draft.key,
        to,
        isInCycle: draft.isInCycle && (drafts.get(to)?.isInCycle ?? false),
      })),
  );
  const layerOf = layersOf(kept, edges);
  const slots = new Map<number, number>();
  const nodes = kept
    .map((draft) => ({ draft, layer: layerOf.get(draft.key) ?? 0 }))
    .sort((a, b) => a.layer - b.layer)
    .map(({ draft, layer }): GraphNode => {
      const slot = slots.get(layer) ?? 0;
      slots.set(layer, slot + 1);
      const { key, title, place, count, kind, isInCycle, task } = draft;
      const base = { key, title, place, count, kind, isInCycle, layer, slot };
      return task === undefined ? base : { ...base, task };
    });
  return { nodes, edges, layers: slots.size, cut: Math.max(0, all.length - kept.length) };
}

/** Tasks of a circle stand for themselves, all others for their place. */
function nodeKey(task: Task): string {
  if (task.cycle !== undefined) return `task ${task.id}`;
  return `place ${task.function}\0${task.file ?? ''}\0${task.line ?? 0}\0${task.column ?? 0}`;
}

function draftNodes(forest: TaskForest, cwd: string | undefined): Map<string, Draft> {
  const drafts = new Map<string, Draft>();
  for (const task of forest.tasks.slice(0, maxTasks)) {
    const key = nodeKey(task);
    let draft = drafts.get(key);
    if (draft === undefined) {
      draft = {
        key,
        title: taskName(task),
        place: placeWords(task, cwd),
        count: 0,
        kind: originOfTask(task) === 'internal' ? 'internal' : 'task',
        isInCycle: task.cycle !== undefined,
        task,
        to: new Set(),
      };
      drafts.set(key, draft);
    }
    draft.count += task.count ?? 1;
    for (const id of waitsFor(task)) {
      const below = task.through?.includes(id) === true ? undefined : forest.byId.get(id);
      if (below !== undefined) draft.to.add(nodeKey(below));
    }
    if (typeof task.awaits === 'string') addEnd(drafts, draft, task.awaits, task.count ?? 1);
  }
  return drafts;
}

/** What is waited for and is no task: a timer, a socket, a promise that nobody settles. */
function addEnd(drafts: Map<string, Draft>, from: Draft, words: string, count: number): void {
  const key = `end ${words}`;
  const end = drafts.get(key);
  if (end === undefined) {
    drafts.set(key, {
      key,
      title: words,
      place: '',
      count,
      kind: 'end',
      isInCycle: false,
      to: new Set(),
    });
  } else end.count += count;
  from.to.add(key);
}

/** The longest way from a node that nobody waits for; edges of circles do not lengthen it for ever. */
function layersOf(
  nodes: readonly { readonly key: string }[],
  edges: readonly GraphEdge[],
): Map<string, number> {
  const layers = new Map(nodes.map(({ key }) => [key, 0]));
  for (let turn = 0; turn < nodes.length; turn++) {
    let moved = false;
    for (const { from, to, isInCycle } of edges) {
      const wanted = (layers.get(from) ?? 0) + 1;
      if (isInCycle || wanted <= (layers.get(to) ?? 0) || wanted > nodes.length) continue;
      layers.set(to, wanted);
      moved = true;
    }
    if (!moved) break;
  }
  return compact(layers);
}

/** Layers without gaps. */
function compact(layers: ReadonlyMap<string, number>): Map<string, number> {
  const used = [...new Set(layers.values())].sort((a, b) => a - b);
  return new Map([...layers].map(([key, layer]) => [key, used.indexOf(layer)]));
}
