/**
 * Who could settle a promise that no other promise settles: found backwards, by searching the heap for those who hold it.
 *
 *     promise ◄─ context of its resolve and reject functions ◄─ those functions ◄─ a timer, a request, an object, an array,
 *                                                                              or the context of a closure ◄─ closures
 *     a closure that knows nothing more, or { promise, resolve, reject } ◄─ the context of whoever uses it
 *     promise ◄─ a request of Node's own, or a plain object or variable that only keeps it
 *
 * Each arrow to the left is one search, but for the first two, which resolvers.ts follows the other way without one; the
 * target runs on meanwhile. Dead holders cannot be told from live ones here, so
 * the words say "may".
 */
import type { Heap } from '../heap/heap.ts';
import { readScopeInfo } from '../heap/scope-info.ts';
import { smiValue, type Tagged, untag } from '../layout/tagged.ts';
import { unbound } from '../loop/callback.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import type { Program } from '../target.ts';
import { isReceiver, readClassName, readOwnProperties } from '../values/properties.ts';
import { isBackingStore, readEntry } from './backing-stores.ts';
import { findHolder } from './find-holder.ts';
import { consumerWords, globalName, isCollection, keyInStore, placeWords } from './holder-words.ts';
import { tellKeeper } from './keepers.ts';
import { followLead, leadFrom, leadFromListener } from './listeners.ts';
import { isEventListener, isRequest, isTimer } from './node-classes.ts';
import { HeapSearch } from './heap-search.ts';
import { type HeapWords } from './heap-words.ts';
import { type LargeObject, withLargeObjects } from './pages.ts';
import type { Settler } from './settler.ts';
import { followOwner, leadToOwner, variableName } from './owners.ts';
import { describeFunction, isOfScript, type SettlingFunction } from './settling-function.ts';
import { SettlerNotes } from './settler-notes.ts';
import { tellRequest } from './requests.ts';
import { subjectOf, tellSubject } from './subjects.ts';
import type { Survey } from './survey.ts';
import { identityOf, type Wanted } from './wanted.ts';

/** Arrows followed from a promise, and from its resolve functions where they are known already. */
const maxRounds = { fromPromise: 5, fromResolver: 3 };
/** Places looked at of one object that is looked for, and objects looked for in one round. */
const maxHolders = 24;
const maxFrontier = 2_000;
/** Arrows followed beyond those, of listeners and containers alone: what is missing there is only what they listen to, and whose they are. */
const maxLeadRounds = 4;
const maxProperties = 40;
/** Of a backing store: map and length. */
const arrayHeaderWords = 2;

const start = { entry: null, isReject: false } as const;

/**
 * Finds what may settle these promises, each in its own way. Promises without an entry are held by nobody that was found.
 * @param withKeys whether keys of Maps are told, which are values of the program
 */
export function findSettlers(
  target: Program,
  survey: Survey,
  leaves: readonly Tagged[],
  { withKeys, endsAtMs }: { readonly withKeys: boolean; readonly endsAtMs: number },
): { readonly settlers: ReadonlyMap<Tagged, Settler>; readonly isComplete: boolean } {
  const wanted = leaves.slice(0, maxFrontier);
  const resolvers = survey.resolvers.find(survey.view.heap, new Set(wanted));
  const known = new Set(resolvers?.keys());
  const walk = new BackwardWalk(target, survey, known, withKeys);
  let frontier = wanted.flatMap((leaf): Wanted[] => [
    { ...start, leaf, address: leaf, value: leaf, role: 'promise' },
    ...(resolvers?.get(leaf) ?? []).map((address) => walk.resolver(leaf, address)),
  ]);
  const roundsOf = (leaf: Tagged): number =>
    known.has(leaf) ? maxRounds.fromResolver : maxRounds.fromPromise;
  const rounds = Math.max(0, ...wanted.map(roundsOf));
  for (let round = 0; round < rounds + maxLeadRounds && frontier.length > 0; round++) {
    const next = walk.step(frontier, endsAtMs);
    if (next === null) return { settlers: walk.settlers, isComplete: round >= rounds };
    frontier = next
      .filter(({ leaf, lead }) => round + 1 < roundsOf(leaf) || lead !== undefined)
      .slice(0, maxFrontier);
  }
  return { settlers: walk.settlers, isComplete: true };
}

class BackwardWalk {
  readonly #notes = new SettlerNotes();
  readonly #target: Program;
  readonly #survey: Survey;
  readonly #search: HeapSearch;
  /** Backing stores. */
  readonly #large: readonly LargeObject[];
  /** Promises whose resolve functions are among the first that are looked for. Others may have been made while the survey was under way. */
  readonly #known: ReadonlySet<Tagged>;
  readonly #withKeys: boolean;
  readonly #seen = new Set<string>();

  constructor(target: Program, survey: Survey, known: ReadonlySet<Tagged>, withKeys: boolean) {
    this.#known = known;
    this.#withKeys = withKeys;
    this.#target = target;
    this.#survey = survey;
    const { heap } = survey.view;
    this.#large = survey.pages.large.filter(
      ({ start }) =>
        heap.memory.isReadable(start) && survey.maps.arrays.has(heap.memory.u64(start)),
    );
    const pages = withLargeObjects(survey.pages, this.#large);
    this.#search = new HeapSearch(survey.source, pages, survey.index, survey.maps.freeSpace);
  }

  get settlers(): ReadonlyMap<Tagged, Settler> {
    return this.#notes.settlers;
  }

  /** A resolve or reject function that was found. */
  resolver(leaf: Tagged, address: Tagged): Wanted {
    const { resolvers, view } = this.#survey;
    const isReject = resolvers.isReject(view.heap, address);
    return { leaf, address, role: 'resolver', value: address, entry: null, isReject };
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
      const holder = findHolder(heap, place, this.#survey.maps.arrays, this.#large);
      if (holder === null) return [];
      const index = (place - untag(holder)) / 8 - arrayHeaderWords;
      const next =
        wanted.lead === undefined
          ? this.#follow(heap, wanted, holder, index)
          : this.#followLead(heap, wanted, wanted.lead, holder, index);
      return [next ?? []].flat().filter((one) => {
        const key = identityOf(one);
        const isNew = !this.#seen.has(key);
        this.#seen.add(key);
        return isNew;
      });
    } catch (error) {
      if (error instanceof UnreadableMemory) return [];
      throw error;
    }
  }

  /** @param index of the word in the holder, if that is a backing store */
  #follow(heap: Heap, wanted: Wanted, holder: Tagged, index: number): Wanted | Wanted[] | null {
    const { leaf, role } = wanted;
    if (role === 'keeper') return this.#followKeeper(heap, wanted, holder, index);
    if (heap.isFunction(holder)) return this.#followFunction(heap, wanted, holder);
    if (heap.isContext(holder)) return this.#followContext(heap, wanted, holder);
    if (role === 'resolving' || role === 'closure') return null;
    const type = heap.typeName(holder);
    // Whoever has a backing store is asked for in its stead.
    if (isBackingStore(type)) return this.#followStore(heap, wanted, holder, index);
    if (type === 'SOURCE_TEXT_MODULE') this.#notes.add(leaf, { kind: 'module' });
    if (type === 'PROPERTY_CELL') this.#notes.variable(wanted, globalName(heap, holder));
    if (type === 'CELL') this.#notes.variable(wanted, 'a variable that a module exports');
    if (type === 'ACCESSOR_PAIR') this.#notes.kept(wanted, 'an accessor', '');
    return isReceiver(heap, holder) ? this.#followObject(heap, wanted, holder) : null;
  }

  #followFunction(heap: Heap, wanted: Wanted, holder: Tagged): Wanted | null {
    const { leaf, role } = wanted;
    if (role === 'resolving') return this.resolver(leaf, holder);
    if (role === 'closure') {
      const settler = this.#describe(heap, holder);
      this.#notes.add(leaf, settler);
      return settler.kind === 'function' && settler.about === ''
        ? { ...wanted, address: holder, role: 'keeper' }
        : null;
    }
    if (role !== 'resolver') return null;
    this.#notes.kept(wanted, 'a property of a function', '');
    return { ...wanted, address: holder, value: holder, entry: null };
  }

  #followKeeper(heap: Heap, wanted: Wanted, holder: Tagged, index: number): Wanted | null {
    if (!this.#notes.lacksSubject(wanted.leaf)) return null;
    const told = tellKeeper(heap, wanted.address, holder, { index, withValues: this.#withKeys });
    if (typeof told !== 'string') return { ...wanted, address: told.address, lead: told };
    this.#notes.addSubject(wanted.leaf, told);
    return null;
  }

  #followStore(heap: Heap, wanted: Wanted, store: Tagged, index: number): Wanted | null {
    const entry = wanted.address === wanted.value ? readEntry(heap, store, index) : wanted.entry;
    if (entry === null) return null;
    // What is the key of a WeakMap is not kept by it.
    if (entry.isKey && heap.is(store, 'EPHEMERON_HASH_TABLE')) return null;
    return { ...wanted, address: store, entry };
  }

  #followContext(heap: Heap, wanted: Wanted, context: Tagged): Wanted | null {
    const { address, role } = wanted;
    if (role === 'closure' || role === 'resolving') return null;
    const info = readScopeInfo(heap, heap.element(context, 0));
    if (role === 'promise' && info.contextLocals.length === 0)
      return heap.element(context, 2) === address && !this.#known.has(wanted.leaf)
        ? { ...wanted, address: context, role: 'resolving' }
        : null;
    if (role === 'resolver') return { ...wanted, address: context, role: 'closure' };
    const name = variableName(heap, context, address);
    // `.generator_object` and its like are V8's own: a function that keeps itself.
    if (name.startsWith('.')) return null;
    const where = name === '' ? 'a variable' : `the variable ${name}`;
    this.#notes.add(wanted.leaf, { kind: 'held', where, isVariable: name !== '' });
    return null;
  }

  #followObject(heap: Heap, wanted: Wanted, holder: Tagged): Wanted | Wanted[] | null {
    const { leaf, role, value } = wanted;
    const type = heap.typeName(holder);
    const consumer = consumerWords(heap, leaf, holder);
    if (consumer !== null)
      this.#notes.add(leaf, { kind: 'held', where: consumer, isVariable: true });
    if (/PROMISE|ASYNC_(FUNCTION|GENERATOR)_OBJECT|JS_GENERATOR/.test(type)) return null;
    const className = readClassName(heap, holder) ?? '';
    const { properties } = readOwnProperties(heap, holder, maxProperties);
    const isResolver = role === 'resolver';
    if (isResolver && isTimer(heap, holder, className)) {
      const delay = properties.find(({ key: name }) => name === '_idleTimeout')?.word ?? null;
      this.#notes.add(leaf, { kind: 'timer', delayMs: delay === null ? null : smiValue(delay) });
      return null;
    }
    if (isRequest(heap, holder, className)) {
      const told = tellRequest(heap, holder, className, properties);
      this.#notes.add(leaf, { kind: 'request', ...told });
      return null;
    }
    const key =
      properties.find(({ word }) => word === value)?.key ?? keyInStore(heap, wanted, holder);
    const told = tellSubject(heap, holder, this.#withKeys) ?? undefined;
    const name = this.#withKeys || !isCollection(type) ? key : null;
    const where = placeWords(type, className, name, told);
    if (!isResolver) {
      this.#notes.add(leaf, { kind: 'held', where, isVariable: false });
      return null;
    }
    const isBound = type === 'JS_BOUND_FUNCTION';
    const bound = isBound ? unbound(heap, holder) : value;
    const given = heap.isFunction(bound) ? this.#describe(heap, bound) : null;
    // Bound to a function of the program, which was given the resolve function.
    if (isBound && given !== null && isOfScript(given)) this.#notes.add(leaf, given);
    else this.#notes.kept(wanted, where, subjectOf(heap, properties, this.#withKeys));
    if (isBound) return { ...wanted, address: holder, value: holder, entry: null };
    if (wanted.isReject) return null;
    const lead = isEventListener(heap, holder, className)
      ? leadFromListener(heap, holder)
      : leadFrom(heap, holder, key);
    const boundAs = heap.is(value, 'JS_BOUND_FUNCTION') && key !== null ? [key] : [];
    const next = [lead, leadToOwner(heap, holder, boundAs)].flatMap((one): Wanted[] | Wanted =>
      one === null ? [] : { ...wanted, address: one.address, lead: one },
    );
    const isDeferred = properties.some(({ word }) => word === leaf);
    return isDeferred ? [...next, { ...wanted, address: holder, role: 'keeper' }] : next;
  }

  #followLead(
    heap: Heap,
    wanted: Wanted,
    lead: NonNullable<Wanted['lead']>,
    holder: Tagged,
    index: number,
  ): Wanted | null {
    const at = { index, withValues: this.#withKeys };
    const next =
      lead.kind === 'owner'
        ? followOwner(heap, lead, holder, at)
        : followLead(heap, lead, holder, at);
    if (next === null) return null;
    if ('kind' in next) return { ...wanted, address: next.address, lead: next };
    if ('about' in next)
      if (wanted.role === 'keeper') this.#notes.addSubject(wanted.leaf, next.about);
      else this.#notes.kept(wanted, 'a listener', next.about);
    else this.#notes.owned(wanted.leaf, next);
    return null;
  }

  #describe(heap: Heap, address: Tagged): SettlingFunction {
    return describeFunction(heap, this.#target.scripts, address, this.#withKeys);
  }
}
