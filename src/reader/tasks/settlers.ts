/**
 * Who could settle a promise that no other promise settles: found backwards, by searching the heap for those who hold it.
 *
 *     promise ◄─ context of its resolve and reject functions ◄─ those functions ◄─ a timer, a request, an object, an array,
 *                                                                              or the context of a closure ◄─ closures
 *     promise ◄─ a request of Node's own, or a plain object or variable that only keeps it
 *
 * Each arrow to the left is one search; the target runs on meanwhile. Dead holders cannot be told from live ones here, so
 * the words say "may".
 */
import { readSharedFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { readScopeInfo } from '../heap/scope-info.ts';
import { isPointer, smiValue, type Tagged, untag } from '../layout/tagged.ts';
import { LiveMemory } from '../memory/live.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import type { Target } from '../target.ts';
import { isReceiver, readClassName, readOwnProperties } from '../values/properties.ts';
import { heapPageBytes, HeapSearch, type HeapWords } from './pages.ts';
import type { Survey } from './survey.ts';

/** Arrows followed. */
const maxRounds = 5;
/** Places looked at of one object that is looked for, and objects looked for in one round. */
const maxHolders = 24;
const maxFrontier = 2_000;
/** Words from the start of an object to the one found. Only arrays are longer; they end with the page. */
const maxObjectWords = 256;
const maxProperties = 40;

/** What was found about one promise, the most telling first. */
export type Settler =
  | { readonly kind: 'timer'; readonly delayMs: number | null }
  | { readonly kind: 'request'; readonly className: string }
  /** Functions that captured the resolve or reject function: all those that were made in the same scope. */
  | { readonly kind: 'function'; readonly names: readonly string[]; readonly file: string }
  /** The resolve function is kept somewhere. */
  | { readonly kind: 'kept'; readonly where: string }
  /** Only the promise itself is. */
  | { readonly kind: 'held'; readonly where: string; readonly isVariable: boolean };

const rank: Readonly<Record<Settler['kind'], number>> = {
  timer: 0,
  request: 1,
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
  target: Target,
  survey: Survey,
  leaves: readonly Tagged[],
  endsAtMs: number,
): { readonly settlers: ReadonlyMap<Tagged, Settler>; readonly isComplete: boolean } {
  const walk = new BackwardWalk(target, survey);
  let frontier = leaves.slice(0, maxFrontier).map((leaf): Wanted => ({
    leaf,
    address: leaf,
    role: 'promise',
  }));
  for (let round = 0; round < maxRounds && frontier.length > 0; round++) {
    const next = walk.step(frontier, endsAtMs);
    if (next === null) return { settlers: walk.settlers, isComplete: false };
    frontier = next.slice(0, maxFrontier);
  }
  return { settlers: walk.settlers, isComplete: true };
}

class BackwardWalk {
  readonly settlers = new Map<Tagged, Settler>();
  readonly #target: Target;
  readonly #survey: Survey;
  readonly #search: HeapSearch;
  readonly #seen = new Set<string>();

  constructor(target: Target, survey: Survey) {
    this.#target = target;
    this.#survey = survey;
    this.#search = new HeapSearch(new LiveMemory(target.pid), survey.pages, survey.maps.freeSpace);
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
    if (isReceiver(heap, holder)) this.#noteObject(heap, leaf, address, role, holder);
    return null;
  }

  #followContext(heap: Heap, { leaf, address, role }: Wanted, context: Tagged): Wanted | null {
    if (role === 'closure' || role === 'resolving') return null;
    const info = readScopeInfo(heap, heap.element(context, 0));
    if (role === 'promise' && info.contextLocals.length === 0)
      return heap.element(context, 2) === address
        ? { leaf, address: context, role: 'resolving' }
        : null;
    if (role === 'resolver') return { leaf, address: context, role: 'closure' };
    const index = info.contextLocals.findIndex(
      (_, i) => heap.element(context, info.firstContextSlot + i) === address,
    );
    const name = info.contextLocals[index] ?? '';
    const where = name === '' ? 'a variable' : `the variable ${name}`;
    this.#note(leaf, { kind: 'held', where, isVariable: name !== '' });
    return null;
  }

  #noteObject(heap: Heap, leaf: Tagged, address: Tagged, role: Role, holder: Tagged): void {
    const type = heap.typeName(holder);
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
      role === 'promise' ? { kind: 'held', where, isVariable: false } : { kind: 'kept', where },
    );
  }

  #describeFunction(heap: Heap, address: Tagged): Settler {
    const shared = readSharedFunction(heap, sharedOfFunction(heap, address));
    const file = shared.script === null ? '' : this.#target.scripts.read(heap, shared.script).name;
    return { kind: 'function', names: shared.name === '' ? [] : [shared.name], file };
  }

  #note(leaf: Tagged, settler: Settler): void {
    const known = this.settlers.get(leaf);
    this.settlers.set(leaf, known === undefined ? settler : better(known, settler));
  }
}

function better(known: Settler, other: Settler): Settler {
  if (known.kind === 'function' && other.kind === 'function' && known.file === other.file) {
    const names = [...new Set([...known.names, ...other.names])].slice(0, maxNames);
    return { ...known, names };
  }
  if (known.kind === 'held' && other.kind === 'held') return other.isVariable ? other : known;
  return rank[other.kind] < rank[known.kind] ? other : known;
}

/**
 * The object a word belongs to: the nearest word before it that is a map, of objects that reach as far. Far back only maps of
 * plain arrays are asked for: to look at whatever an array refers to would take a page of the target for each element.
 */
function findHolder(heap: Heap, place: Address, arrayMaps: ReadonlySet<Tagged>): Tagged | null {
  const wordsBefore = (place % heapPageBytes) / 8;
  for (let back = 1; back < wordsBefore; back++) {
    const start = place - back * 8;
    const map = heap.memory.u64(start);
    const isMap =
      back < maxObjectWords ? isPointer(map) && heap.is(map, 'MAP') : arrayMaps.has(map);
    if (!isMap) continue;
    const words = heap.memory.u8(untag(map) + heap.layout.require('mapInstanceSizeInWords'));
    // 0: the size is not the same for all objects of the map; the second word is the length, of those we look at.
    const reach = words === 0 ? 2 + Math.max(0, heap.arrayLength(start + 1)) : words;
    if (back < reach) return start + 1;
    if (back >= maxObjectWords) return null;
  }
  return null;
}
