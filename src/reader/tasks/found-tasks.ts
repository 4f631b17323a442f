/** The tasks found in one isolate, with what each waits for and what may settle that. */
import type { Heap } from '../heap/heap.ts';
import type { Tagged } from '../layout/tagged.ts';
import { findCycles } from './cycles.ts';
import { groupTasks, type TaskGroup } from './groups.ts';
import type { IsolateOfThread } from './isolates.ts';
import { isPending } from './reactions.ts';
import { findSettlers } from './settlers.ts';
import { findNativelyHeld } from './native-holders.ts';
import type { TaskPlan } from './read-tasks.ts';
import type { Survey } from './survey.ts';
import { findWait, isSettledByHand, maxLeaves, type Wait } from './waits.ts';
import { isOfRead, tellStream } from './web-streams.ts';
import { settlerWords } from './words.ts';

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
      const isRead = settler !== undefined && isOfRead(settler);
      const of = isRead ? tellStream(this.survey.view.heap, generator) : null;
      if (of !== null) settlers.set(leaf, { kind: 'stream', of });
    }
    this.#settled = { ...found, settlers };
  }

  /** The promises at the ends of what the example of a group waits for, and that. */
  #endsOf({ members: [example = -1] }: TaskGroup): { leaf: Tagged; generator: Tagged }[] {
    const task = this.survey.graph.tasks[example];
    if (task === undefined) return [];
    const { generator, atYield } = task;
    // Who holds a generator at a yield may call its next().
    const leaves = atYield === null ? this.waits[example]?.leaves.slice(0, maxLeaves) : [generator];
    return (leaves ?? []).map((leaf) => ({ leaf, generator }));
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
