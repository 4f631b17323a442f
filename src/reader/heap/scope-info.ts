/**
 * ScopeInfo: names of context-allocated variables, the function's name and source range
 * (src/objects/scope-info.tq). Variable in length; the words behind the map are
 *
 *     flags, parameter count, context local count            all versions
 *     start position, end position                           13.x and later
 *     module variable count                                  only module scopes, 13.x and later
 *     names of context locals (or one hash table, from 75 on), then their info words
 *     saved class variable                                   flag bit 10
 *     function variable: name, context slot                  flag bits 12..13 not zero
 *     inferred function name                                 flag bit 14
 *     start position, end position                           before 13.x
 *     outer scope info                                       flag bit 22
 */
import { limits } from '../../limits.ts';
import { isPointer, isSmi, smiValue, type Tagged, untag } from '../layout/tagged.ts';
import type { Heap } from './heap.ts';
import { readString } from './strings.ts';

export interface ScopeInfo {
  /** The function's own name; empty when anonymous. */
  readonly name: string;
  /** What V8 infers from the place of definition, such as `Shop.process` or `handler`. */
  readonly inferredName: string;
  readonly isClassConstructor: boolean;
  /** Set for the function that V8 makes of the fields, or the static fields and blocks, of a class. */
  readonly initialises: 'instance' | 'static' | null;
  /** Offsets in the script's source; -1 when not recorded. */
  readonly start: number;
  readonly end: number;
  /** Names of the variables kept in the function's context, by slot behind the header. */
  readonly contextLocals: readonly string[];
  /** First context slot of contextLocals. */
  readonly firstContextSlot: number;
}

const words = {
  flags: 8,
  contextLocalCount: 24,
  positions: 32,
} as const;
const flag = {
  savedClassVariable: 1 << 10,
  functionVariable: 3 << 12,
  inferredName: 1 << 14,
  contextExtension: 1 << 26,
} as const;
const scopeTypeMask = 15;
/** FunctionKind, bits 17..21; kBaseConstructor to kDerivedConstructor, kClass…Initializer. Source: src/objects/function-kind.h. */
const functionKind = {
  shift: 17,
  mask: 31,
  firstConstructor: 3,
  lastConstructor: 6,
  membersInitializer: 24,
} as const;
/**
 * ScopeType::MODULE_SCOPE where module scopes have one more word before the names, the module variable count. Before
 * 13.x that word stands behind everything read here. Source: src/common/globals.h, src/objects/scope-info.tq; checked
 * against the variables of real modules.
 */
const moduleScopeWithCount: Readonly<Record<string, number>> = {
  '12.4': 3,
  '13.6': 5,
  '14.6': 5,
};
const maxNameChars = 200;

/** @throws UnreadableMemory */
export function readScopeInfo(heap: Heap, info: Tagged): ScopeInfo {
  const positionsFirst = heap.layout.require('scopeInfoFirstVariable') === 5;
  const address = untag(info);
  // A Smi before 13.x, a plain 32-bit word since: whichever half is not zero.
  const flags =
    heap.memory.u32(address + words.flags) || heap.memory.u32(address + words.flags + 4);
  const count = heap.smiField(info, words.contextLocalCount);
  const cursor = new WordCursor(heap, info, 1 + heap.layout.require('scopeInfoFirstVariable'));
  if ((flags & scopeTypeMask) === moduleScopeWithCount[heap.layout.version]) cursor.skip(1);
  const contextLocals = readContextLocals(heap, cursor, count);
  if ((flags & flag.savedClassVariable) !== 0) cursor.skip(1);
  let name = '';
  if ((flags & flag.functionVariable) !== 0) {
    name = cursor.string();
    cursor.skip(1);
  }
  const inferredName = (flags & flag.inferredName) !== 0 ? cursor.string() : '';
  const [start, end] = positionsFirst
    ? [heap.smiField(info, words.positions), heap.smiField(info, words.positions + 8)]
    : cursor.positions();
  const firstContextSlot =
    heap.layout.require('contextHeaderSlots') + ((flags & flag.contextExtension) !== 0 ? 1 : 0);
  const kind = (flags >>> functionKind.shift) & functionKind.mask;
  const isClassConstructor =
    kind >= functionKind.firstConstructor && kind <= functionKind.lastConstructor;
  const initialises =
    kind < functionKind.membersInitializer
      ? null
      : kind < heap.layout.require('staticInitializerKind')
        ? 'instance'
        : 'static';
  return {
    ...{ name, inferredName, isClassConstructor, initialises },
    ...{ start, end, contextLocals, firstContextSlot },
  };
}

/** Names, or an empty list when they are kept in a hash table (very large scopes): then they stay unnamed. */
function readContextLocals(heap: Heap, cursor: WordCursor, count: number): string[] {
  if (count < 0 || count > limits.maxSourceChars) return [];
  if (count >= heap.layout.require('scopeInfoInlineNamesLimit')) {
    cursor.skip(1 + count);
    return [];
  }
  const names = Array.from({ length: count }, () => cursor.string());
  cursor.skip(count);
  return names;
}

class WordCursor {
  readonly #heap: Heap;
  readonly #object: Tagged;
  #index: number;

  constructor(heap: Heap, object: Tagged, index: number) {
    this.#heap = heap;
    this.#object = object;
    this.#index = index;
  }

  skip(count: number): void {
    this.#index += count;
  }

  next(): Tagged {
    return this.#heap.field(this.#object, this.#index++ * 8);
  }

  string(): string {
    const word = this.next();
    return isPointer(word) ? (readString(this.#heap, word, maxNameChars) ?? '') : '';
  }

  positions(): [number, number] {
    const start = this.next();
    const end = this.next();
    if (!isSmi(start) || !isSmi(end)) return [-1, -1];
    return [smiValue(start) ?? -1, smiValue(end) ?? -1];
  }
}
