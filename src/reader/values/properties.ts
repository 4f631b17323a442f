/**
 * Own properties of an object, without running anything (src/objects/js-objects.h, descriptor-array.h, dictionary.h).
 *
 * Fast mode: the map's descriptor array has a triple (key, details, value) for each property; fields lie in the object
 * itself or in its property array. Dictionary mode: a hash table of triples (key, value, details). Details say accessor
 * or data, field or constant, and where.
 */
import { limits } from '../../limits.ts';
import { readSharedFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { readString } from '../heap/strings.ts';
import { smiValue, type Tagged, untag } from '../layout/tagged.ts';

export interface Property {
  readonly key: string;
  /** Null for accessors: a getter would run code. */
  readonly word: Tagged | null;
}

export interface OwnProperties {
  readonly properties: readonly Property[];
  /** True: there are more than were read. */
  readonly isTruncated: boolean;
  /** Values under private symbols of V8's and Node's own. */
  readonly hidden: readonly Tagged[];
}

const propertyArrayOffset = 8;
/** Hash tables: element count, deleted count, capacity, then the prefix. */
const hashTable = { capacityIndex: 2, headerWords: 3, entryWords: 3, detailsIndex: 2 } as const;
const maxTableCapacity = 4_096;
const accessorKind = 1;
const maxKeyChars = 80;
/** `constructor` is the first property of a class's prototype. */
const maxPrototypeProperties = 4;
const symbolFlagsOffset = 12;

/** @throws UnreadableMemory */
export function readOwnProperties(heap: Heap, object: Tagged, maxCount: number): OwnProperties {
  const map = heap.field(object, 0);
  const bits = heap.memory.u32(untag(map) + heap.layout.require('mapBitField3'));
  const isDictionary = ((bits >>> heap.layout.require('dictionaryMapShift')) & 1) === 1;
  return isDictionary
    ? readDictionary(heap, heap.field(object, propertyArrayOffset), maxCount)
    : readFields(heap, object, map, bits, maxCount);
}

function readFields(
  heap: Heap,
  object: Tagged,
  map: Tagged,
  bits: number,
  maxCount: number,
): OwnProperties {
  const { layout, memory } = heap;
  const inObjectStart = memory.u8(untag(map) + layout.require('mapInObjectStart'));
  const inObjectCount =
    memory.u8(untag(map) + layout.require('mapInstanceSizeInWords')) - inObjectStart;
  const wordOf = ({ details, value }: Descriptor): Tagged | null => {
    if ((details & 1) === accessorKind) return null;
    // Location 1: the value stands in the descriptor itself.
    if ((details & layout.require('propertyLocationMask')) !== 0) return value;
    const index =
      (details & layout.require('propertyIndexMask')) >>> layout.require('propertyIndexShift');
    return index < inObjectCount
      ? heap.field(object, (inObjectStart + index) * 8)
      : heap.element(heap.field(object, propertyArrayOffset), index - inObjectCount);
  };
  const properties: Property[] = [];
  const hidden: Tagged[] = [];
  for (const descriptor of descriptorsOf(heap, map, bits)) {
    const { key } = descriptor;
    if (properties.length >= maxCount) return { properties, isTruncated: true, hidden };
    const word = wordOf(descriptor);
    if (key !== null) properties.push({ key, word });
    else if (word !== null) hidden.push(word);
  }
  return { properties, isTruncated: false, hidden };
}

/** Data properties that lie in the object itself, by word from its start. @throws UnreadableMemory */
export function readInObjectFields(heap: Heap, map: Tagged): { key: string; wordIndex: number }[] {
  const { layout, memory } = heap;
  const bits = memory.u32(untag(map) + layout.require('mapBitField3'));
  const start = memory.u8(untag(map) + layout.require('mapInObjectStart'));
  const end = memory.u8(untag(map) + layout.require('mapInstanceSizeInWords'));
  const fields: { key: string; wordIndex: number }[] = [];
  for (const { key, details } of descriptorsOf(heap, map, bits)) {
    const isField =
      (details & 1) !== accessorKind && (details & layout.require('propertyLocationMask')) === 0;
    const index =
      (details & layout.require('propertyIndexMask')) >>> layout.require('propertyIndexShift');
    if (key !== null && isField && start + index < end)
      fields.push({ key, wordIndex: start + index });
  }
  return fields;
}

interface Descriptor {
  /** Null: a private symbol of V8's or Node's own. */
  readonly key: string | null;
  readonly details: number;
  readonly value: Tagged;
}

/** Descriptors of one map in order, each read when it is first asked for. Many objects have the same map. */
class Descriptors {
  readonly #heap: Heap;
  readonly #first: number;
  readonly #count: number;
  readonly #known: Descriptor[] = [];

  constructor(heap: Heap, map: Tagged, bits: number) {
    const { layout } = heap;
    this.#heap = heap;
    this.#count =
      (bits & layout.require('ownDescriptorsMask')) >>> layout.require('ownDescriptorsShift');
    this.#first =
      untag(heap.field(map, layout.require('mapDescriptors'))) +
      layout.require('descriptorsHeader');
  }

  *[Symbol.iterator](): Generator<Descriptor> {
    for (let i = 0; i < this.#count; i++) yield (this.#known[i] ??= this.#read(i));
  }

  #read(index: number): Descriptor {
    const { memory } = this.#heap;
    const entry = this.#first + index * 24;
    const key = readPropertyKey(this.#heap, memory.u64(entry));
    const details = smiValue(memory.u64(entry + 8)) ?? 0;
    return { key, details, value: memory.u64(entry + 16) };
  }
}

/** What is the same for all objects of a map, as far as it has been read. */
interface KnownMap {
  descriptors?: Descriptors;
  className?: string | null;
}

const knownMaps = new WeakMap<Heap, Map<Tagged, KnownMap>>();

function knownOfMap(heap: Heap, map: Tagged): KnownMap {
  let maps = knownMaps.get(heap);
  if (maps === undefined) {
    maps = new Map();
    knownMaps.set(heap, maps);
  }
  let known = maps.get(map);
  if (known === undefined) {
    known = {};
    maps.set(map, known);
  }
  return known;
}

function descriptorsOf(heap: Heap, map: Tagged, bits: number): Descriptors {
  return (knownOfMap(heap, map).descriptors ??= new Descriptors(heap, map, bits));
}

function readDictionary(heap: Heap, dictionary: Tagged, maxCount: number): OwnProperties {
  const capacity = smiValue(heap.element(dictionary, hashTable.capacityIndex)) ?? 0;
  const first = hashTable.headerWords + heap.layout.require('nameDictionaryPrefix');
  const properties: Property[] = [];
  const hidden: Tagged[] = [];
  // What is a key is told by its map, anywhere in the heap: of thousands only as many are looked at as are wanted.
  for (const index of entriesInOrder(heap, dictionary, first, capacity)) {
    const at = first + index * hashTable.entryWords;
    const keyWord = heap.element(dictionary, at);
    const key = readPropertyKey(heap, keyWord);
    if (key === null && !heap.is(keyWord, 'SYMBOL')) continue;
    if (properties.length >= maxCount) return { properties, isTruncated: true, hidden };
    const details = smiValue(heap.element(dictionary, at + hashTable.detailsIndex)) ?? 0;
    const word = (details & 1) === accessorKind ? null : heap.element(dictionary, at + 1);
    if (key !== null) properties.push({ key, word });
    else if (word !== null) hidden.push(word);
  }
  return { properties, isTruncated: false, hidden };
}

/** Places of a dictionary that are or were taken, in the order in which that happened: empty ones have no details. */
function entriesInOrder(heap: Heap, dictionary: Tagged, first: number, capacity: number): number[] {
  const count = Math.min(Math.max(capacity, 0), maxTableCapacity);
  const start = untag(dictionary) + heap.layout.require('fixedArrayData') + first * 8;
  const bytes = heap.memory.bytes(start, count * hashTable.entryWords * 8);
  const order = new Float64Array(count);
  let taken = 0;
  for (let index = 0; index < count; index++) {
    const at = (index * hashTable.entryWords + hashTable.detailsIndex) * 8;
    // A Smi: the upper half of its word.
    if (bytes.readInt32LE(at) !== 0) continue;
    order[taken++] = insertedAt(bytes.readInt32LE(at + 4)) * maxTableCapacity + index;
  }
  return Array.from(order.subarray(0, taken).sort(), (placed) => placed % maxTableCapacity);
}

/** PropertyDetails::DictionaryStorageField: the order of insertion. */
function insertedAt(details: number): number {
  return (details >>> 8) & 0x7fffff;
}

/**
 * A property's key for people. Private names are `#name`; V8's and Node's internal private symbols give null, as do
 * empty places of hash tables.
 */
export function readPropertyKey(heap: Heap, key: Tagged): string | null {
  if (heap.isString(key)) return readString(heap, key, maxKeyChars);
  if (!heap.is(key, 'SYMBOL')) return null;
  const flags = heap.memory.u32(untag(key) + symbolFlagsOffset);
  if ((flags & heap.layout.require('symbolPrivateMask')) === 0) return `[${readSymbol(heap, key)}]`;
  const description = readSymbolDescription(heap, key);
  const isName =
    (flags & heap.layout.require('symbolNameMask')) === heap.layout.require('symbolNameValue');
  return isName ? description : null;
}

/** `Symbol(description)`. @throws UnreadableMemory */
export function readSymbol(heap: Heap, symbol: Tagged): string {
  return `Symbol(${readSymbolDescription(heap, symbol)})`;
}

function readSymbolDescription(heap: Heap, symbol: Tagged): string {
  const description = heap.field(symbol, 16);
  return heap.isString(description) ? (readString(heap, description, maxKeyChars) ?? '') : '';
}

/** Map::Bits2::NewTargetIsBaseBit (src/objects/map.tq): the constructor of the map is the class itself. */
const newTargetIsBase = 1;

/**
 * Name of the class an object was made by. The map's constructor is the *base* class of a derived one, and that of an
 * object whose prototype was changed is the old one; then the `constructor` of the prototype tells, if it is a plain data
 * property.
 * @returns empty when there is none, `null` for objects without prototype
 * @throws UnreadableMemory
 */
export function readClassName(heap: Heap, object: Tagged): string | null {
  return readClassNameOfMap(heap, heap.field(object, 0));
}

/** The same for objects of a map. @throws UnreadableMemory */
export function readClassNameOfMap(heap: Heap, map: Tagged): string | null {
  const known = knownOfMap(heap, map);
  if (known.className === undefined) known.className = findClassName(heap, map);
  return known.className;
}

function findClassName(heap: Heap, map: Tagged): string | null {
  const constructor = findConstructor(heap, map);
  if (constructor === 'none') return null;
  return constructor === null
    ? ''
    : readSharedFunction(heap, sharedOfFunction(heap, constructor)).name;
}

/**
 * The function that objects of a map were made by.
 * @returns null when it cannot be told, `none` for objects without prototype
 * @throws UnreadableMemory
 */
export function findConstructor(heap: Heap, map: Tagged): Tagged | 'none' | null {
  const prototype = heap.field(map, heap.layout.require('mapPrototype'));
  if (!isReceiver(heap, prototype)) return 'none';
  const isBase =
    (heap.memory.u8(untag(map) + heap.layout.require('mapBitField2')) & newTargetIsBase) !== 0;
  const maker = constructorOfMap(heap, map);
  const isOwnPrototype = isBase && maker !== null && prototypeMadeBy(heap, maker) === prototype;
  return (isOwnPrototype ? null : constructorOfPrototype(heap, prototype)) ?? maker;
}

/** Proxies come first of all receivers in src/objects/instance-type.h. */
export function isReceiver(heap: Heap, object: Tagged): boolean {
  return heap.type(object) >= (heap.layout.types.get('JS_PROXY') ?? Number.MAX_SAFE_INTEGER);
}

/** The prototype that a constructor gives to what it makes; 0 when it has made nothing yet. */
function prototypeMadeBy(heap: Heap, constructor: Tagged): Tagged {
  const initialMap = heap.field(constructor, heap.layout.require('functionInitialMap'));
  return heap.is(initialMap, 'MAP')
    ? heap.field(initialMap, heap.layout.require('mapPrototype'))
    : 0;
}

function constructorOfPrototype(heap: Heap, prototype: Tagged): Tagged | null {
  const { properties } = readOwnProperties(heap, prototype, maxPrototypeProperties);
  const word = properties.find(({ key }) => key === 'constructor')?.word ?? null;
  return word !== null && heap.isFunction(word) ? word : null;
}

/** The constructor at the end of the map's back pointers. */
function constructorOfMap(heap: Heap, map: Tagged): Tagged | null {
  const offset = heap.layout.require('mapConstructor');
  let word = heap.field(map, offset);
  for (let i = 0; i < limits.maxMapChain && heap.is(word, 'MAP'); i++)
    word = heap.field(word, offset);
  return heap.isFunction(word) ? word : null;
}
