/** Named properties of many objects of the same few shapes: the place of each name is found once for each map. */
import type { Heap } from '../heap/heap.ts';
import { isPointer, type Tagged } from '../layout/tagged.ts';
import { readInObjectFields, readOwnProperties } from '../values/properties.ts';

/** Objects of the event loop have a dozen properties. */
const maxProperties = 64;

export class PropertyReader {
  readonly #heap: Heap;
  readonly #fields = new Map<Tagged, ReadonlyMap<string, number>>();

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** The property's word; null when the object has no such data property, or is none. @throws UnreadableMemory */
  read(object: Tagged, name: string): Tagged | null {
    if (!isPointer(object)) return null;
    const map = this.#heap.field(object, 0);
    let fields = this.#fields.get(map);
    if (fields === undefined) {
      // A map that was seen before is one of plain objects.
      if (!this.#heap.is(object, 'JS_OBJECT')) return null;
      fields = new Map(
        readInObjectFields(this.#heap, map).map(({ key, wordIndex }) => [key, wordIndex]),
      );
      this.#fields.set(map, fields);
    }
    const index = fields.get(name);
    if (index !== undefined) return this.#heap.field(object, index * 8);
    const { properties } = readOwnProperties(this.#heap, object, maxProperties);
    return properties.find(({ key }) => key === name)?.word ?? null;
  }
}
