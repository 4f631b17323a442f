/**
 * Whose it is, what keeps a resolve function: from an array, a Map or a plain object to the variable it is in, or to an object of a class that
 * has it. Each arrow to the left is a search of the heap.
 *
 *     array ◄─ [properties ◄─] plain object ◄─ … ◄─ the context of a variable, or an object of a class: `Pool.waiting`
 */
import type { Heap } from '../heap/heap.ts';
import { readScopeInfo } from '../heap/scope-info.ts';
import type { Tagged } from '../layout/tagged.ts';
import { isReceiver, readClassName, readOwnProperties } from '../values/properties.ts';
import { isBackingStore, readEntry } from './backing-stores.ts';
import { isCollection } from './holder-words.ts';
import { tellOwnObject } from './own-objects.ts';

/** Names on the way: what is longer is no place that people know by heart. */
const maxNames = 4;
const maxProperties = 100;
/** Which one says nothing: the next moment it is another one. */
const anElement = '[]';

/** Who refers to `address` is asked for. */
export interface OwnerLead {
  readonly kind: 'owner';
  /** The container, or what has its contents. */
  readonly address: Tagged;
  readonly container: Tagged;
  /** Under which name its owner has it, where that is known already. */
  readonly key: string | null;
  /** Names from there to where the function is. */
  readonly names: readonly string[];
}

/** What owns a container. */
export interface Owner {
  /** `waiting`, `Pool {id: 7}.waiting` */
  readonly words: string;
  /** Not only a variable. */
  readonly isObject: boolean;
}

/**
 * Null: the holder tells by itself what it is.
 * @param names from the holder to what is told to be kept somewhere
 * @throws UnreadableMemory
 */
export function leadToOwner(
  heap: Heap,
  holder: Tagged,
  names: readonly string[],
): OwnerLead | null {
  return isContainer(heap, holder)
    ? { kind: 'owner', address: holder, container: holder, key: null, names }
    : null;
}

/**
 * @param index of the word in a holder that is a backing store, behind map and length
 * @returns null when it leads nowhere
 * @throws UnreadableMemory
 */
export function followOwner(
  heap: Heap,
  lead: OwnerLead,
  holder: Tagged,
  { index, withValues }: { readonly index: number; readonly withValues: boolean },
): OwnerLead | Owner | null {
  const { address, container, names } = lead;
  const type = heap.typeName(holder);
  if (isBackingStore(type)) {
    const entry = readEntry(heap, holder, index);
    if (entry === null || address !== container) return null;
    return { ...lead, address: holder, key: type === 'NAME_DICTIONARY' ? entry.key : null };
  }
  // Since 14.x a variable may sit in a cell of its own.
  if (type === 'CONTEXT_CELL') return { ...lead, address: holder };
  if (heap.isContext(holder)) {
    const name = variableName(heap, holder, address);
    return name === '' ? null : { words: joinNames([name, ...names]), isObject: false };
  }
  if (!isReceiver(heap, holder)) return null;
  const key = keyOf(heap, holder, container) ?? lead.key;
  if (isContainer(heap, holder)) {
    const named = [key ?? anElement, ...names];
    return named.length > maxNames
      ? null
      : { kind: 'owner', address: holder, container: holder, key: null, names: named };
  }
  if (key === null || !heap.is(holder, 'JS_OBJECT')) return null;
  const told = withValues ? tellOwnObject(heap, holder)?.words : undefined;
  return {
    words: joinNames([told ?? readClassName(heap, holder) ?? '', key, ...names]),
    isObject: true,
  };
}

/** Name of the variable that a context has something in; empty: V8 has none. @throws UnreadableMemory */
export function variableName(heap: Heap, context: Tagged, value: Tagged): string {
  const info = readScopeInfo(heap, heap.element(context, 0));
  const index = info.contextLocals.findIndex(
    (_, i) => heap.element(context, info.firstContextSlot + i) === value,
  );
  return info.contextLocals[index] ?? '';
}

/** Of no class that a program made: there are many of it for many things. */
function isContainer(heap: Heap, object: Tagged): boolean {
  const type = heap.typeName(object);
  if (type === 'JS_ARRAY' || isCollection(type)) return true;
  return type === 'JS_OBJECT' && /^(?:Object)?$/.test(readClassName(heap, object) ?? '');
}

function keyOf(heap: Heap, object: Tagged, value: Tagged): string | null {
  const { properties } = readOwnProperties(heap, object, maxProperties);
  return properties.find(({ word }) => word === value)?.key ?? null;
}

function joinNames(names: readonly string[]): string {
  return names.reduce((path, name) =>
    name === anElement
      ? path + name
      : /^[\w$#]+$/.test(name)
        ? `${path}.${name}`
        : `${path}[${JSON.stringify(name)}]`,
  );
}
