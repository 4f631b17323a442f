/** The tasks found in one isolate, with what each waits for and what may settle that. */
import type { Heap } from '../heap/heap.ts';
import type { Tagged } from '../layout/tagged.ts';
import { findCycles } from './cycles.ts';
import { isOfEventQueue, tellIterated } from './event-iterators.ts';
import { groupTasks, type TaskGroup } from './groups.ts';
import type { IsolateOfThread } from './isolates.ts';
import { isOfNode, isStepOfNode } from './of-node.ts';
import { isPending } from './reactions.ts';
import { findSettlers } from './settlers.ts';
import { findNativelyHeld } from './native-holders.ts';
import type { TaskPlan } from './read-tasks.ts';
import type { Survey } from './survey.ts';
import type { Settler } from './settler.ts';
import { findWait, isSettledByHand, maxLeaves, nothing, type Step, type Wait } from './waits.ts';
import { isOfRead, tellStream } from './web-streams.ts';
import { settlerWords } from './words.ts';

/** Functions of Node's own that a wait is followed through. */
const maxOfNode = 6;
/** What is told of its end in their stead. */
const toldOfNode: ReadonlySet<Settler['kind']> = new Set(['node', 'request', 'timer']);

interface BehindNode {
  readonly leaf: Tagged;
  /** The last of Node's own functions. */
  readonly generator: Tagged;
  /** Indices of their tasks. */
  readonly through: readonly number[];
}

/** Tasks of one isolate, with what each waits for. */
export class FoundTasks {
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
  findSettlers(
    { target, source, mappings }: TaskPlan,
    chosen: readonly ChosenGroup[],
    endsAtMs: number,
  ): void {
    const ends = chosen
      .filter(({ found }) => found === this)
      .flatMap(({ group }) => this.#endsOf(group));
    const leaves = [...new Set(ends.map(({ leaf }) => leaf))];
    const withKeys = chosen.some(({ withValues }) => withValues);
    const found = findSettlers(target, this.survey, leaves, { withKeys, endsAtMs });
    const settlers = new Map(found.settlers);
    const unsettled = leaves.filter((leaf) => (settlers.get(leaf)?.kind ?? 'held') === 'held');
    for (const leaf of findNativelyHeld(source, mappings, unsettled, endsAtMs))
      settlers.set(leaf, { kind: 'native' });
    for (const { leaf, generator } of ends) {
      const settler = settlers.get(leaf);
      const better =
        settler === undefined ? null : this.#tellIterated(settler, generator, withKeys);
      if (better !== null) settlers.set(leaf, better);
    }
    this.#settled = { ...found, settlers };
  }

  /** What a function that stands in a `for await` waits for, by the iterator among its variables. */
  #tellIterated(settler: Settler, generator: Tagged, withValues: boolean): Settler | null {
    const { heap } = this.survey.view;
    if (isOfRead(settler)) {
      const of = tellStream(heap, generator);
      return of === null ? null : { kind: 'stream', of };
    }
    if (!isOfEventQueue(settler)) return null;
    const words = tellIterated(heap, generator, withValues);
    return words === null ? null : { kind: 'node', words };
  }

  /** The promises at the ends of what the example of a group waits for, and that. */
  #endsOf({ members: [example = -1] }: TaskGroup): { leaf: Tagged; generator: Tagged }[] {
    const task = this.survey.graph.tasks[example];
    if (task === undefined) return [];
    const { generator, atYield } = task;
    // Who holds a generator at a yield may call its next().
    if (atYield !== null) return [{ leaf: generator, generator }];
    const wait = this.waits[example] ?? nothing;
    const behind = this.#endBehindNode(wait);
    return [
      ...wait.leaves.slice(0, maxLeaves).map((leaf) => ({ leaf, generator })),
      ...(behind === null ? [] : [behind]),
    ];
  }

  /** Where the way of a task ends that leads through functions of Node's own alone, such as that of `for await (… of stream)`. */
  #endBehindNode(from: Wait): BehindNode | null {
    const { graph, view } = this.survey;
    const through: number[] = [];
    let wait = from;
    let generator: Tagged | null = null;
    const isWayOn = (): boolean => wait.steps.every((step) => isStepOfNode(view.heap, step));
    while (through.length < maxOfNode && wait.tasks.length === 1 && isWayOn()) {
      const [only = -1] = wait.tasks;
      const task = graph.tasks[only];
      if (task === undefined || task.atYield !== null || !isOfNode(view.heap, task.generator))
        return null;
      generator = task.generator;
      through.push(only);
      wait = this.waits[only] ?? nothing;
    }
    const [leaf] = wait.leaves;
    const isEnd = wait.leaves.length === 1 && wait.tasks.length === 0 && isWayOn();
    return generator === null || leaf === undefined || !isEnd ? null : { leaf, generator, through };
  }

  /** What a task waits for by way of functions of Node's own, when that can be told; they themselves tell nobody anything. */
  behindNode(heap: Heap, wait: Wait): { words: string; through: readonly number[] } | null {
    const end = this.#endBehindNode(wait);
    if (end === null) return null;
    return this.#isToldOfNode(heap, end.leaf)
      ? { words: this.leafWords(heap, end.leaf), through: end.through }
      : null;
  }

  /** True for a step that says no more than what is told of its end. */
  isNeedless(heap: Heap, step: Step, leaf: Tagged | undefined): boolean {
    return leaf !== undefined && this.#isToldOfNode(heap, leaf) && isStepOfNode(heap, step);
  }

  /** True when what is told of a promise is all there is to tell of the way there, as far as that leads through Node's own functions. */
  #isToldOfNode(heap: Heap, leaf: Tagged): boolean {
    const settler = this.#settled.settlers.get(leaf);
    return settler !== undefined && toldOfNode.has(settler.kind) && isPending(heap, leaf);
  }

  /** @param heap as it is now: of what has settled since the search nothing more is to be said */
  leafWords(heap: Heap, leaf: Tagged): string {
    if (!isPending(heap, leaf)) return 'a promise that has settled meanwhile';
    return settlerWords(this.#settled.settlers.get(leaf), this.#settled.isComplete);
  }

  /** Who keeps a generator at a yield, and so may call its next(); null: nobody was found. */
  holderOf(generator: Tagged): string | null {
    const settler = this.#settled.settlers.get(generator);
    if (settler?.kind === 'held' || settler?.kind === 'kept') return settler.where;
    return settler === undefined ? null : '';
  }

  /** True: it was looked for, and nobody holds it but the tasks that wait for it. */
  isAbandoned(wait: Wait): boolean {
    const { settlers, isComplete } = this.#settled;
    return (
      isComplete &&
      !isSettledByHand(wait) &&
      wait.tasks.length === 0 &&
      wait.leaves.length > 0 &&
      wait.leaves.slice(0, maxLeaves).every((leaf) => !settlers.has(leaf))
    );
  }
}

/** A task of the report, before it is described. */
export interface ChosenGroup {
  readonly id: number;
  readonly found: FoundTasks;
  readonly group: TaskGroup;
  readonly withValues: boolean;
}
