/** What a task waits for, followed through promises down to other tasks or to promises that only the outside can settle. */
import type { Tagged } from '../layout/tagged.ts';
import type { ByHand, PromiseSource, TaskGraph, TaskNode } from './graph.ts';
import type { Combinator } from './reactions.ts';

/** Promises followed from one await to the next task. */
const maxHops = 20;
/** Promises looked at for one task: Promise.all over thousands is told by its count. */
const maxVisited = 2_000;

/** One step between an await and what settles it. */
export type Step =
  | {
      readonly kind: Combinator;
      readonly pending: number;
      /** Members in all; null when it cannot be told. */
      readonly total: number | null;
    }
  | { readonly kind: 'then'; readonly handler: Tagged | null }
  /** A suspended generator that is run as an async function. */
  | { readonly kind: 'runs'; readonly generator: Tagged }
  | ByHand;

/** Steps beside which there may be another way for the promise to settle. */
const notNeeded: ReadonlySet<Step['kind']> = new Set(['race', 'any', 'by-handler', 'by-task']);

/** What one task waits for. */
export interface Wait {
  /** From the await downwards; empty when it waits for a task or a plain promise directly. */
  readonly steps: readonly Step[];
  /** Indices of the tasks it waits for. */
  readonly tasks: readonly number[];
  /** Those of them without which it cannot go on: all but the members of race and any, and who may settle something by hand. */
  readonly needed: readonly number[];
  /** Promises at the end that no task and no promise settles. */
  readonly leaves: readonly Tagged[];
}

/** Promises at the ends of one example's waits that are followed further. */
export const maxLeaves = 4;

/** Of a task that waits for nothing that is known. */
export const nothing: Wait = { steps: [], tasks: [], needed: [], leaves: [] };

/** True when its promise may settle in another way than by what was found. */
export function isSettledByHand({ steps }: Wait): boolean {
  return steps.some(({ kind }) => kind === 'by-handler' || kind === 'by-task');
}

export function findWait(graph: TaskGraph, task: TaskNode): Wait {
  if (task.awaited === null) return nothing;
  const walk = new Walk(graph);
  walk.follow(task.awaited, 0, { isNeeded: true, isOnPath: true });
  return walk;
}

class Walk implements Wait {
  readonly steps: Step[] = [];
  readonly tasks: number[] = [];
  readonly needed: number[] = [];
  readonly leaves: Tagged[] = [];
  readonly #graph: TaskGraph;
  readonly #visited = new Set<Tagged>();

  constructor(graph: TaskGraph) {
    this.#graph = graph;
  }

  /** @param at whether the task cannot go on without this promise; whether it is on the path that is told step by step */
  follow(promise: Tagged, depth: number, at: { isNeeded: boolean; isOnPath: boolean }): void {
    if (this.#visited.has(promise) || this.#visited.size >= maxVisited || depth > maxHops) return;
    this.#visited.add(promise);
    const owner = this.#graph.ownerOf(promise);
    if (owner >= 0) {
      this.tasks.push(owner);
      if (at.isNeeded) this.needed.push(owner);
      return;
    }
    const sources = this.#graph.sourcesOf(promise);
    if (sources.length === 0) {
      this.leaves.push(promise);
      return;
    }
    const step = describeSources(sources);
    if (step !== null && at.isOnPath) this.steps.push(step);
    const isNeeded = at.isNeeded && (step === null || !notNeeded.has(step.kind));
    sources.forEach((source, i) => {
      this.follow(source.promise, depth + 1, { isNeeded, isOnPath: at.isOnPath && i === 0 });
    });
  }
}

/** Null: the promise simply follows another one. */
function describeSources(sources: readonly PromiseSource[]): Step | null {
  const [first] = sources;
  if (first === undefined) return null;
  const { reaction } = first;
  switch (reaction.kind) {
    case 'member':
      return {
        kind: reaction.of,
        pending: reaction.of === 'any' ? sources.length : (reaction.remaining ?? sources.length),
        // The errors of Promise.any are not counted before they come.
        total: reaction.of === 'any' ? null : reaction.total,
      };
    case 'then':
      // Without a handler one promise was resolved with another.
      return reaction.handler === null ? null : { kind: 'then', handler: reaction.handler };
    case 'runs':
    case 'by-handler':
    case 'by-task':
      return reaction;
    case 'settles':
      return sources.length > 1 ? { kind: 'race', pending: sources.length, total: null } : null;
  }
}
