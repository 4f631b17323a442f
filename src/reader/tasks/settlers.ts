/**
 * Who could settle a promise that no other promise settles: found backwards, by searching the heap for those who hold it.
 *
 *     promise ◄─ context of its resolve and reject functions ◄─ those functions ◄─ a timer, a request, an object, an array,
 *                                                                              or the context of a closure ◄─ closures
 *     promise ◄─ a request of Node's own, or a plain object or variable that only keeps it
 *
 * Each arrow to the left is one search, but for the first two, which resolvers.ts follows the other way without one; the
 * target runs on meanwhile. Dead holders cannot be told from live ones here, so
 * the words say "may".
 */
import { readSharedFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { readScopeInfo } from '../heap/scope-info.ts';
import { readString } from '../heap/strings.ts';
import { smiValue, type Tagged } from '../layout/tagged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import type { Program } from '../target.ts';
import { isReceiver, readClassName, readOwnProperties } from '../values/properties.ts';
import { generatorFields, suspendedKind } from './generator.ts';
import { findHolder } from './find-holder.ts';
import { HeapSearch, type HeapWords } from './pages.ts';
import { subjectOf, subjectOfScope } from './subjects.ts';
import type { Survey } from './survey.ts';

/** Arrows followed from a promise, and from its resolve functions where they are known already. */
const maxRounds = { fromPromise: 5, fromResolver: 3 };
/** Places looked at of one object that is looked for, and objects looked for in one round. */
const maxHolders = 24;
const maxFrontier = 2_000;
const maxProperties = 40;
const maxNameChars = 80;
const propertyCellName = 8;

/** What was found about one promise, the most telling first. */
export type Settler =
  | { readonly kind: 'timer'; readonly delayMs: number | null }
  | { readonly kind: 'request'; readonly className: string }
  /** Functions that captured the resolve or reject function: all those that were made in the same scope. */
  | {
      readonly kind: 'function';
      readonly names: readonly string[];
      readonly file: string;
      /** What they are about, such as `the event "data" of Socket {fd 21}`; empty when it cannot be told. */
      readonly about: string;
    }
  /** The resolve function is kept somewhere. */
  | { readonly kind: 'kept'; readonly where: string; readonly about: string }
  | { readonly kind: 'module' }
  /** Only the promise itself is. */
  | { readonly kind: 'held'; readonly where: string; readonly isVariable: boolean };

const rank: Readonly<Record<Settler['kind'], number>> = {
  timer: 0,
  request: 1,
  module: 2,
  function: 2,
  kept: 3,
  held: 4,
};
const maxNames = 4;

type Role = 'promise' | 'resolving' | 'resolver' | 'closure';

interface Wanted {
  readonly leaf: Tagged;
  readonly address: Tagged;
  readonly role: Role;
}

/** Finds what may settle these promises, each in its own way. Promises without an entry are held by nobody that was found. */
export function findSettlers(
  target: Program,
  survey: Survey,
  leaves: readonly Tagged[],
  endsAtMs: number,
): { readonly settlers: ReadonlyMap<Tagged, Settler>; readonly isComplete: boolean } {
  const wanted = leaves.slice(0, maxFrontier);
  const resolvers = survey.resolvers.find(survey.view.heap, new Set(wanted));
  const walk = new BackwardWalk(target, survey, resolvers !== null);
  let frontier = wanted.flatMap((leaf): Wanted[] => [
    { leaf, address: leaf, role: 'promise' },
    ...(resolvers?.get(leaf) ?? []).map((address): Wanted => ({ leaf, address, role: 'resolver' })),
  ]);
  const rounds = resolvers === null ? maxRounds.fromPromise : maxRounds.fromResolver;
  for (let round = 0; round < rounds && frontier.length > 0; round++) {
    const next = walk.step(frontier, endsAtMs);
    if (next === null) return { settlers: walk.settlers, isComplete: false };
    frontier = next.slice(0, maxFrontier);
  }
  return { settlers: walk.settlers, isComplete: true };
}

class BackwardWalk {
  readonly settlers = new Map<Tagged, Settler>();
  readonly #target: Program;
  readonly #survey: Survey;
  readonly #search: HeapSearch;
  readonly #knowsResolvers: boolean;
  readonly #seen = new Set<string>();

  /** @param knowsResolvers they are among the first that are looked for */
  constructor(target: Program, survey: Survey, knowsResolvers: boolean) {
    this.#knowsResolvers = knowsResolvers;
    this.#target = target;
    this.#survey = survey;
    this.#search = new HeapSearch(survey.source, survey.pages, survey.maps.freeSpace);
  }

  /** @returns null when the time was over */
  step(frontier: readonly Wanted[], endsAtMs: number): Wanted[] | null {
    const places = new Map<Tagged, Address[]>();
    for (const { address } of frontier) places.set(address, []);
    const needles = new Map(
      [...places].map(([address, found]) => [
        address,
        (words: HeapWords, index: number): void => {
          if (found.length < maxHolders) found.push(words.addressOf(index));
        },
      ]),
    );
    if (!this.#search.find(needles, endsAtMs)) return null;
    return frontier.flatMap((wanted) =>
      (places.get(wanted.address) ?? []).flatMap((place) => this.#judge(wanted, place)),
    );
  }

  #judge(wanted: Wanted, place: Address): Wanted[] {
    const { heap } = this.#survey.view;
    try {
      const holder = findHolder(heap, place, this.#survey.maps.arrays);
      if (holder === null) return [];
      const next = this.#follow(heap, wanted, holder);
      if (next === null) return [];
      const key = `${next.leaf} ${next.address}`;
      if (this.#seen.has(key)) return [];
      this.#seen.add(key);
      return [next];
    } catch (error) {
      if (error instanceof UnreadableMemory) return [];
      throw error;
    }
  }

  #follow(heap: Heap, { leaf, address, role }: Wanted, holder: Tagged): Wanted | null {
    if (heap.isFunction(holder)) {
      if (role === 'resolving') return { leaf, address: holder, role: 'resolver' };
      if (role === 'closure') this.#note(leaf, this.#describeFunction(heap, holder));
      return null;
    }
    if (heap.isContext(holder)) return this.#followContext(heap, { leaf, address, role }, holder);
    if (role === 'resolving' || role === 'closure') return null;
    const type = heap.typeName(holder);
    // Backing stores: whoever has them is asked for in their stead.
    if (type === 'FIXED_ARRAY' || type === 'PROPERTY_ARRAY') return { leaf, address: holder, role };
    if (type === 'SOURCE_TEXT_MODULE') this.#note(leaf, { kind: 'module' });
    if (type === 'PROPERTY_CELL') this.#noteGlobal(heap, leaf, holder);
    if (isReceiver(heap, holder)) this.#noteObject(heap, leaf, address, role, holder);
    return null;
  }

  #followContext(heap: Heap, { leaf, address, role }: Wanted, context: Tagged): Wanted | null {
    if (role === 'closure' || role === 'resolving') return null;
    const info = readScopeInfo(heap, heap.element(context, 0));
    if (role === 'promise' && info.contextLocals.length === 0)
      return heap.element(context, 2) === address && !this.#knowsResolvers
        ? { leaf, address: context, role: 'resolving' }
        : null;
    if (role === 'resolver') return { leaf, address: context, role: 'closure' };
    const index = info.contextLocals.findIndex(
      (_, i) => heap.element(context, info.firstContextSlot + i) === address,
    );
    const name = info.contextLocals[index] ?? '';
    // `.generator_object` and its like are V8's own: a function that keeps itself.
    if (name.startsWith('.')) return null;
    const where = name === '' ? 'a variable' : `the variable ${name}`;
    this.#note(leaf, { kind: 'held', where, isVariable: name !== '' });
    return null;
  }

  #noteObject(heap: Heap, leaf: Tagged, address: Tagged, role: Role, holder: Tagged): void {
    const type = heap.typeName(holder);
    if (/ASYNC_(FUNCTION|GENERATOR)_OBJECT/.test(type)) this.#noteConsumer(heap, leaf, holder);
    if (/PROMISE|ASYNC_(FUNCTION|GENERATOR)_OBJECT|JS_GENERATOR/.test(type)) return;
    const className = readClassName(heap, holder) ?? '';
    const { properties } = readOwnProperties(heap, holder, maxProperties);
    const key = properties.find(({ word }) => word === address)?.key;
    if (role === 'resolver' && (className === 'Timeout' || className === 'Immediate')) {
      const delay = properties.find(({ key: name }) => name === '_idleTimeout')?.word ?? null;
      this.#note(leaf, { kind: 'timer', delayMs: delay === null ? null : smiValue(delay) });
      return;
    }
    if (/^[A-Z]\w*(Req|ReqPromise|ReqWrap|Wrap|Job)$/.test(className)) {
      this.#note(leaf, { kind: 'request', className });
      return;
    }
    const where =
      type === 'JS_ARRAY'
        ? 'an array'
        : type === 'JS_MAP' || type === 'JS_SET'
          ? `a ${className}`
          : `${className === '' ? 'an object' : `an object of ${className}`}${key === undefined ? '' : `, as ${key}`}`;
    this.#note(
      leaf,
      role === 'promise'
        ? { kind: 'held', where, isVariable: false }
        : { kind: 'kept', where, about: subjectOf(heap, properties) },
    );
  }

  /** A suspended function that has a generator among its variables, as it does in the middle of a `for await`. */
  #noteConsumer(heap: Heap, leaf: Tagged, holder: Tagged): void {
    if (holder === leaf || suspendedKind(heap, leaf) === null) return;
    if (suspendedKind(heap, holder) === null) return;
    const shared = sharedOfFunction(heap, heap.field(holder, generatorFields.function));
    const { name } = readSharedFunction(heap, shared);
    const where = `a variable of ${name === '' ? 'a function' : name} that stands at an await`;
    this.#note(leaf, { kind: 'held', where, isVariable: true });
  }

  /** A property of globalThis that was assigned to more than once, or is constant (src/objects/property-cell.tq). */
  #noteGlobal(heap: Heap, leaf: Tagged, cell: Tagged): void {
    const name = heap.field(cell, propertyCellName);
    const words = heap.isString(name) ? ` ${readString(heap, name, maxNameChars) ?? ''}` : '';
    this.#note(leaf, { kind: 'held', where: `the global variable${words}`, isVariable: true });
  }

  #describeFunction(heap: Heap, address: Tagged): Settler {
    const shared = readSharedFunction(heap, sharedOfFunction(heap, address));
    const file = shared.script === null ? '' : this.#target.scripts.read(heap, shared.script).name;
    const context = heap.field(address, heap.layout.require('functionContext'));
    const about = subjectOfScope(heap, context);
    return { kind: 'function', names: shared.name === '' ? [] : [shared.name], file, about };
  }

  #note(leaf: Tagged, settler: Settler): void {
    const known = this.settlers.get(leaf);
    this.settlers.set(leaf, known === undefined ? settler : better(known, settler));
  }
}

function better(known: Settler, other: Settler): Settler {
  if (known.kind === 'function' && other.kind === 'function' && known.file === other.file) {
    const names = [...new Set([...known.names, ...other.names])].slice(0, maxNames);
    return { ...known, names, about: known.about === '' ? other.about : known.about };
  }
  if (known.kind === 'held' && other.kind === 'held') return other.isVariable ? other : known;
  return rank[other.kind] < rank[known.kind] ? other : known;
}
