/**
 * Heap objects by address: maps, types, fields. Everything above (strings, functions, values) goes through here.
 * Nothing is assumed to be intact: a type is believed only when the object's map has the map of maps.
 */
import type { V8Layout } from '../layout/resolve.ts';
import { isPointer, type Tagged, untag } from '../layout/tagged.ts';
import type { PagedMemory } from '../memory/paged.ts';
import { UnreadableMemory } from '../memory/source.ts';

/** No heap object has this instance type. */
export const noType = -1;
/** Position tables, the byte arrays we read, are at most a few bytes for each bytecode. */
const maxByteArray = 16 << 20;

export class Heap {
  readonly memory: PagedMemory;
  readonly layout: V8Layout;
  /** The marker of array holes and of variables not yet initialised; 0 until an isolate is known. */
  theHole: Tagged = 0;
  readonly #scavenged: boolean;
  readonly #instanceType: number;
  readonly #mapType: number;
  readonly #firstFunction: number;
  readonly #lastFunction: number;
  readonly #firstContext: number;
  readonly #lastContext: number;
  readonly #firstNonstring: number;
  /** Types by map: each object of a map asks for the same. */
  readonly #typesOfMaps = new Map<Tagged, number>();
  /** Several questions in a row are about one object. */
  #lastObject: Tagged = 0;
  #lastType = noType;

  /** @param scavenged the pointers that reading begins at are from before a scavenge: see follow() */
  constructor(memory: PagedMemory, layout: V8Layout, scavenged = false) {
    this.memory = memory;
    this.layout = layout;
    this.#scavenged = scavenged;
    this.#instanceType = layout.require('mapInstanceType');
    this.#mapType = layout.types.get('MAP') ?? noType;
    this.#firstFunction =
      layout.find('firstJSFunctionType') ?? layout.types.get('JS_FUNCTION') ?? noType;
    this.#lastFunction = layout.find('lastJSFunctionType') ?? this.#firstFunction + 15;
    this.#firstContext = layout.require('firstContextType');
    this.#lastContext = layout.require('lastContextType');
    this.#firstNonstring = layout.require('firstNonstringType');
  }

  /** The tagged word at a byte offset of an object. @throws UnreadableMemory */
  field(object: Tagged, offset: number): Tagged {
    const word = this.memory.u64(untag(object) + offset);
    return this.#scavenged ? this.follow(word) : word;
  }

  /**
   * Where an object is that a scavenge has moved: its old place stays as it was until the next scavenge, but for its first
   * word, which is the new address, untagged (kForwardingTag in v8-internal.h; MapWord::FromForwardingAddress() without
   * pointer compression). What was not moved, or is no object, is given back.
   */
  follow(word: Tagged): Tagged {
    if (!isPointer(word) || !this.memory.isReadable(untag(word))) return word;
    const moved = this.memory.u64(untag(word)) + 1;
    return isPointer(moved) && this.type(moved) !== noType ? moved : word;
  }

  /** The int32 of a Smi field; what a pointer there would give is meaningless. @throws UnreadableMemory */
  smiField(object: Tagged, offset: number): number {
    return this.memory.i32(untag(object) + offset + 4);
  }

  /** Element of a FixedArray or of any object whose elements follow its header like one. @throws UnreadableMemory */
  element(array: Tagged, index: number): Tagged {
    return this.field(array, this.layout.require('fixedArrayData') + index * 8);
  }

  /** Length of a FixedArray-like object. @throws UnreadableMemory */
  arrayLength(array: Tagged): number {
    return this.smiField(array, 8);
  }

  /** Bytes of a ByteArray or TrustedByteArray; null when this is none. @throws UnreadableMemory */
  byteArray(array: Tagged): Buffer | null {
    if (!this.typeName(array).endsWith('BYTE_ARRAY')) return null;
    const length = this.arrayLength(array);
    if (length < 0 || length > maxByteArray) return null;
    return this.memory.bytes(untag(array) + this.layout.require('byteArrayData'), length);
  }

  /** The object's instance type, or noType when this is no intact object. */
  type(object: Tagged): number {
    if (object === this.#lastObject) return this.#lastType;
    if (!isPointer(object)) return noType;
    try {
      // Maps are never moved by a scavenge.
      const map = this.memory.u64(untag(object));
      if (!isPointer(map)) return noType;
      let type = this.#typesOfMaps.get(map);
      if (type === undefined) {
        type = this.#typeOfMap(map);
        this.#typesOfMaps.set(map, type);
      }
      this.#lastObject = object;
      this.#lastType = type;
      return type;
    } catch (error) {
      if (error instanceof UnreadableMemory) return noType;
      throw error;
    }
  }

  #typeOfMap(map: Tagged): number {
    const mapOfMap = this.memory.u64(untag(map));
    if (!isPointer(mapOfMap)) return noType;
    if (this.memory.u16(untag(mapOfMap) + this.#instanceType) !== this.#mapType) return noType;
    return this.memory.u16(untag(map) + this.#instanceType);
  }

  /** V8's name of the object's type, such as `JS_ARRAY`; empty when unknown. */
  typeName(object: Tagged): string {
    return this.layout.typeNames.get(this.type(object)) ?? '';
  }

  is(object: Tagged, typeName: string): boolean {
    const type = this.layout.types.get(typeName);
    return type !== undefined && this.type(object) === type;
  }

  isFunction(object: Tagged): boolean {
    const type = this.type(object);
    return type >= this.#firstFunction && type <= this.#lastFunction;
  }

  isString(object: Tagged): boolean {
    const type = this.type(object);
    return type >= 0 && type < this.#firstNonstring;
  }

  isContext(object: Tagged): boolean {
    const type = this.type(object);
    return type >= this.#firstContext && type <= this.#lastContext;
  }
}
