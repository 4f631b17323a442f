/**
 * The functions of the program that listen to an object: an EventEmitter (lib/events.js) or an EventTarget
 * (lib/internal/event_target.js), as MessagePort is one.
 */
import type { Heap } from '../heap/heap.ts';
import { readString } from '../heap/strings.ts';
import { isPointer, type Tagged } from '../layout/tagged.ts';
import type { Listener } from '../../report/schema.ts';
import type { ScriptCache } from '../scripts.ts';
import { readCollection, readListeners } from '../values/elements.ts';
import { type Properties, propertiesOf } from '../values/fetch-objects.ts';
import { isReceiver } from '../values/properties.ts';
import { readCallbackPlace, unbound } from './callback.ts';

/** More functions listening to one object are a leak; a few of them say whose it is. */
const maxListeners = 8;
const maxEvents = 100;
const maxEventChars = 60;
/** What Node wraps around a function keeps it as one of these: once(), `onmessage = …`. */
const wrapped = ['listener', 'handler'];

interface Heard {
  readonly event: string;
  readonly word: Tagged;
}

export class ListenerReader {
  readonly #heap: Heap;
  readonly #scripts: ScriptCache;

  constructor(heap: Heap, scripts: ScriptCache) {
    this.#heap = heap;
    this.#scripts = scripts;
  }

  /** @param owner properties of the object @throws UnreadableMemory */
  read(owner: Properties): Listener[] {
    return this.#heardOf(owner)
      .flatMap(({ event, word }) => this.#ofProgram(event, word))
      .slice(0, maxListeners);
  }

  #heardOf(owner: Properties): Heard[] {
    const table = owner.get('_events');
    if (table !== undefined && isReceiver(this.#heap, table)) return this.#ofEmitter(table);
    const targets = owner.get('[Symbol(kEvents)]');
    const isMap = targets !== undefined && isPointer(targets) && this.#heap.is(targets, 'JS_MAP');
    return isMap ? this.#ofTarget(targets) : [];
  }

  /** `_events`: a function, or an array of several, for each event. */
  #ofEmitter(table: Tagged): Heard[] {
    return [...propertiesOf(this.#heap, table, maxEvents)].flatMap(([event, word]) => {
      if (!isReceiver(this.#heap, word)) return [];
      return readListeners(this.#heap, word, maxListeners).map((one) => ({ event, word: one }));
    });
  }

  /** For each event a list of Listeners, behind a root that has only `next`. */
  #ofTarget(map: Tagged): Heard[] {
    const { entries } = readCollection(this.#heap, map, true, maxListeners);
    return entries.flatMap(({ key, value }) => {
      if (!isPointer(key) || !this.#heap.isString(key) || value === null) return [];
      const event = readString(this.#heap, key, maxEventChars) ?? '';
      const found: Heard[] = [];
      let word = value;
      for (let i = 0; i <= maxListeners && isReceiver(this.#heap, word); i++) {
        const listener: Properties = propertiesOf(this.#heap, word);
        const heard = listener.get('listener');
        if (heard !== undefined) found.push({ event, word: heard });
        word = listener.get('next') ?? 0;
      }
      return found;
    });
  }

  #ofProgram(event: string, word: Tagged): Listener[] {
    if (!isReceiver(this.#heap, word)) return [];
    const inner = propertiesOf(this.#heap, word, maxEvents);
    const kept = wrapped.flatMap((name) => inner.get(name) ?? []);
    for (const candidate of [...kept, word]) {
      const target = isPointer(candidate) ? unbound(this.#heap, candidate) : 0;
      if (!isPointer(target) || !this.#heap.isFunction(target)) continue;
      const place = readCallbackPlace(this.#heap, this.#scripts, target);
      if (place.file !== undefined && !place.file.startsWith('node:')) return [{ event, ...place }];
    }
    return [];
  }
}
