/**
 * Timers and immediates of JavaScript (lib/internal/timers.js, the same in Node 18 to 26).
 *
 *     timerListMap: { '1000': TimersList ⇄ Timeout ⇄ Timeout ⇄ (back to the list), '50': … }
 *     immediateQueue, outstandingQueue: ImmediateList { head ──► Immediate ──► Immediate ──► null }
 *
 * The lists are linked by _idleNext; the variables stand in the contexts of processTimers. A timer whose callback is
 * running is on no list.
 */
import { limits } from '../../limits.ts';
import type { Timer } from '../../report/schema.ts';
import { contextOfFunction } from '../heap/functions.ts';
import { type Heap, noType } from '../heap/heap.ts';
import { isPointer, smiValue, type Tagged, untag } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import type { ScriptCache } from '../scripts.ts';
import { readElements } from '../values/elements.ts';
import { readOwnProperties } from '../values/properties.ts';
import { readScopeChain } from '../values/scope.ts';
import { subjectOfScope } from '../tasks/subjects.ts';
import { type CallbackPlace, readCallbackPlace, unbound } from './callback.ts';
import { type CallbackHandle, isTimerCallback } from './environment.ts';
import { PropertyReader } from './property-reader.ts';

export interface TimersReading {
  readonly timers: readonly Timer[];
  /** Why the timers shown are not all; null when they are. */
  readonly incomplete: string | null;
  /** True: the lists changed while they were read, or are corrupt. */
  readonly isTorn: boolean;
}

/** Which timers, and how long reading them may take. */
export interface TimersWish {
  readonly handle: CallbackHandle;
  /** Thread they belong to. */
  readonly tid: number;
  /** performance.now() after which no more are read. */
  readonly endsAtMs: number;
  /** Whether objects of the program's own classes are told, with values of theirs. */
  readonly withValues: boolean;
}

/** Reads them; what is torn ends a list and is told in `incomplete`. Never throws on bad memory. */
export function readTimers(heap: Heap, scripts: ScriptCache, wish: TimersWish): TimersReading {
  const reader = new TimerReader(heap, scripts, wish);
  try {
    reader.read();
  } catch (error) {
    if (!(error instanceof UnreadableMemory)) throw error;
    reader.incomplete ??= torn;
  }
  const { timers, incomplete } = reader;
  return { timers, incomplete, isTorn: incomplete === torn };
}

const torn = 'unreadable: the lists changed while they were read, or are corrupt';
const tooLong = 'over-limit: no time left to read more';
const tooMany = `over-limit: more than ${limits.maxTimers} timers`;

class TimerReader {
  incomplete: string | null = null;
  readonly #heap: Heap;
  readonly #properties: PropertyReader;
  readonly #scripts: ScriptCache;
  readonly #wish: TimersWish;
  readonly #groups = new Map<string, Timer>();
  /** The callbacks of those groups of which there is one. */
  readonly #single = new Map<string, Tagged>();
  readonly #places = new Map<Tagged, CallbackPlace & { key: string }>();
  #count = 0;

  constructor(heap: Heap, scripts: ScriptCache, wish: TimersWish) {
    this.#heap = heap;
    this.#properties = new PropertyReader(heap);
    this.#scripts = scripts;
    this.#wish = wish;
  }

  /** Most first. */
  get timers(): Timer[] {
    return [...this.#groups]
      .map(([key, timer], i) => ({ ...timer, ...(i < limits.maxOwners && this.#about(key)) }))
      .sort((a, b) => b.count - a.count || a.delayMs - b.delayMs);
  }

  read(): void {
    const callback = this.#heap.memory.u64(this.#wish.handle);
    if (!isTimerCallback(this.#heap, callback)) {
      this.incomplete = torn;
      return;
    }
    const context = contextOfFunction(this.#heap, callback);
    const variables = new Map(
      readScopeChain(this.#heap, context, -1, -1).flatMap(({ name, slot }) =>
        slot.kind === 'tagged' ? [[name, slot.word]] : [],
      ),
    );
    const lists = variables.get('timerListMap');
    if (lists === undefined) {
      this.incomplete = 'not-supported: this version of Node.js keeps its timers elsewhere';
      return;
    }
    for (const { slot } of readElements(this.#heap, lists, undefined, limits.maxTimerLists))
      if (slot.kind === 'tagged') this.#readList(slot.word);
    // A delay beyond an array index is the name of a property.
    for (const { word } of readOwnProperties(this.#heap, lists, limits.maxTimerLists).properties)
      if (word !== null) this.#readList(word);
    for (const name of ['immediateQueue', 'outstandingQueue']) {
      const queue = variables.get(name);
      if (queue !== undefined) this.#readImmediates(queue);
    }
  }

  #readList(list: Tagged): void {
    const first = this.#properties.read(list, '_idleNext');
    // Holes of the map's elements are no lists.
    if (first === null || this.#properties.read(list, 'msecs') === null) return;
    for (let timer = first; timer !== list;) {
      const next = this.#properties.read(timer, '_idleNext');
      const isLinked = next !== null && this.#properties.read(next, '_idlePrev') === timer;
      const callback = this.#properties.read(timer, '_onTimeout');
      if (!isLinked || callback === null) {
        this.incomplete ??= torn;
        return;
      }
      const delayMs = this.#number(this.#properties.read(timer, '_idleTimeout')) ?? 0;
      const repeat = this.#number(this.#properties.read(timer, '_repeat')) !== null;
      const refed = this.#properties.read(timer, '[Symbol(refed)]');
      if (!this.#add(callback, repeat ? 'interval' : 'timeout', delayMs, !this.#isFalse(refed)))
        return;
      timer = next;
    }
  }

  #readImmediates(queue: Tagged): void {
    let immediate = this.#properties.read(queue, 'head');
    while (immediate !== null && this.#heap.is(immediate, 'JS_OBJECT')) {
      const callback = this.#properties.read(immediate, '_onImmediate');
      // Cleared meanwhile, or run already: the callback is null then.
      if (callback !== null && this.#heap.isFunction(unbound(this.#heap, callback))) {
        const refed = this.#properties.read(immediate, '[Symbol(refed)]');
        if (!this.#add(callback, 'immediate', 0, !this.#isFalse(refed))) return;
      } else if (!this.#isWithinLimits()) return;
      immediate = this.#properties.read(immediate, '_idleNext');
    }
  }

  /** @returns false when there are too many */
  #add(callback: Tagged, kind: Timer['kind'], delayMs: number, ref: boolean): boolean {
    if (!this.#isWithinLimits()) return false;
    const { key, ...place } = this.#place(callback);
    const group = `${key} ${kind} ${delayMs} ${ref}`;
    const known = this.#groups.get(group);
    if (known !== undefined) {
      known.count++;
      this.#single.delete(group);
    } else {
      this.#single.set(group, callback);
      this.#groups.set(group, {
        kind,
        count: 1,
        delayMs,
        repeat: kind === 'interval',
        ...place,
        ref,
        tid: this.#wish.tid,
      });
    }
    return true;
  }

  #about(key: string): Pick<Timer, 'about'> | undefined {
    const callback = this.#single.get(key);
    if (callback === undefined || performance.now() > this.#wish.endsAtMs) return undefined;
    try {
      const target = unbound(this.#heap, callback);
      if (!this.#heap.isFunction(target)) return undefined;
      const context = contextOfFunction(this.#heap, target);
      const about = subjectOfScope(this.#heap, context, this.#wish.withValues, 'inner');
      return about === '' ? undefined : { about };
    } catch (error) {
      if (error instanceof UnreadableMemory) return undefined;
      throw error;
    }
  }

  #isWithinLimits(): boolean {
    this.#count++;
    if (this.#count > limits.maxTimers) this.incomplete ??= tooMany;
    // The clock is not asked for each.
    else if (this.#count % 64 === 0 && performance.now() > this.#wish.endsAtMs)
      this.incomplete ??= tooLong;
    return this.incomplete === null;
  }

  /** Closures of one function are one callback. */
  #place(callback: Tagged): CallbackPlace & { key: string } {
    const target = unbound(this.#heap, callback);
    const known = this.#places.get(target);
    if (known !== undefined) return known;
    const place = readCallbackPlace(this.#heap, this.#scripts, target);
    const key = JSON.stringify(place);
    this.#places.set(target, { ...place, key });
    return { ...place, key };
  }

  #number(word: Tagged | null): number | null {
    if (word === null) return null;
    const small = smiValue(word);
    if (small !== null) return small;
    return this.#heap.is(word, 'HEAP_NUMBER') ? this.#heap.memory.f64(untag(word) + 8) : null;
  }

  #isFalse(word: Tagged | null): boolean {
    if (word === null || !isPointer(word) || this.#heap.type(word) === noType) return false;
    const { layout } = this.#heap;
    return (
      this.#heap.is(word, 'ODDBALL') &&
      this.#heap.smiField(word, layout.require('oddballKind')) === layout.require('oddballFalse')
    );
  }
}
