/**
 * From a slot to a Value: what a person would write to describe it, opened to a bounded depth. Primitives are here,
 * objects in objects.ts. Whatever is torn becomes a Value with a reason.
 */
import { limits } from '../../limits.ts';
import type { Slot } from '../heap/slot.ts';
import { type Heap, noType } from '../heap/heap.ts';
import { readString, readStringLength } from '../heap/strings.ts';
import { isPointer, smiValue, type Tagged, untag } from '../layout/tagged.ts';
import type { ScriptCache } from '../scripts.ts';
import { UnreadableMemory } from '../memory/source.ts';
import type { Value } from '../../report/schema.ts';
import { isHole, isKinOfHole } from './elements.ts';
import { readCaptured } from './captured.ts';
import { readObject } from './objects.ts';
import type { Budget, OpeningTime, ValueOpener } from './opening.ts';
import { absentValue, numberValue } from './primitives.ts';
import { readSymbol } from './properties.ts';

const uninitialized: Value = { type: 'uninitialized', preview: '<not initialised yet>' };

export class ValueReader implements ValueOpener {
  readonly heap: Heap;
  readonly scripts: ScriptCache;
  /** By word and depth: many variables hold the same request, the same configuration. */
  readonly #opened = new Map<number, { readonly value: Value; readonly nodes: number }>();

  constructor(heap: Heap, scripts: ScriptCache) {
    this.heap = heap;
    this.scripts = scripts;
  }

  /** The value of a variable, opened to limits.maxValueDepth. Never throws on bad memory. */
  read(slot: Slot, time: OpeningTime): Value {
    return this.open(slot, limits.maxValueDepth, { nodes: limits.maxValueNodes, time });
  }

  /** A value below another one. */
  open(slot: Slot, depth: number, budget: Budget): Value {
    budget.nodes--;
    switch (slot.kind) {
      case 'number':
        return numberValue(slot.value);
      case 'boolean':
        return { type: 'boolean', preview: String(slot.value) };
      case 'bigint':
        return { type: 'bigint', preview: `${slot.value.toString()}n` };
      case 'undefined':
        return { type: 'undefined', preview: 'undefined' };
      case 'absent':
        return absentValue(slot.reason);
      case 'captured':
      case 'tagged':
        try {
          return slot.kind === 'tagged'
            ? this.#openShared(slot.word, depth, budget)
            : readCaptured(this, slot.words, depth, budget);
        } catch (error) {
          if (error instanceof UnreadableMemory) return absentValue('unreadable');
          throw error;
        }
    }
  }

  /** What is in an object is told once, if all of it was and still would be: what there is room for is counted by variable. */
  #openShared(word: Tagged, depth: number, budget: Budget): Value {
    const key = word * (limits.maxValueDepth + 1) + depth;
    const known = this.#opened.get(key);
    if (known !== undefined && known.nodes < budget.nodes) {
      budget.nodes -= known.nodes;
      return known.value;
    }
    const { nodes } = budget;
    const { closed } = budget.time;
    const value = this.#openWord(word, depth, budget);
    const isWhole = budget.nodes > 0 && budget.time.closed === closed;
    if (nodes > budget.nodes && isWhole)
      this.#opened.set(key, { value, nodes: nodes - budget.nodes });
    return value;
  }

  #openWord(word: Tagged, depth: number, budget: Budget): Value {
    const small = smiValue(word);
    if (small !== null) return numberValue(small);
    if (!isPointer(word)) return absentValue('unreadable');
    const { heap } = this;
    if (heap.isString(word)) return this.#string(word);
    if (heap.type(word) === heap.layout.require('bigIntType')) return this.#bigInt(word);
    if (isHole(heap, word)) return uninitialized;
    // The hole's kin are V8's own words: optimized_out, stale_register, … Before 12.x they are oddballs.
    if (isKinOfHole(heap, word))
      return absentValue(heap.type(word) === noType ? 'unreadable' : 'optimized-out');
    switch (heap.typeName(word)) {
      case '':
        return heap.type(word) < 0
          ? absentValue('unreadable')
          : readObject(this, word, depth, budget);
      case 'HEAP_NUMBER':
        return numberValue(heap.memory.f64(untag(word) + 8));
      case 'ODDBALL':
        return this.#oddball(word);
      case 'SYMBOL':
        return { type: 'symbol', preview: readSymbol(heap, word) };
      default:
        return readObject(this, word, depth, budget);
    }
  }

  #string(word: Tagged): Value {
    const length = readStringLength(this.heap, word);
    const text = readString(this.heap, word, limits.maxStringPreview);
    if (text === null) return absentValue('unreadable');
    const isTruncated = length > text.length;
    const preview = JSON.stringify(text) + (isTruncated ? `… (${length} characters)` : '');
    return { type: 'string', preview, length, ...(isTruncated && { truncated: true }) };
  }

  #oddball(word: Tagged): Value {
    const { heap } = this;
    const { layout } = heap;
    switch (heap.smiField(word, layout.require('oddballKind'))) {
      case layout.require('oddballTrue'):
        return { type: 'boolean', preview: 'true' };
      case layout.require('oddballFalse'):
        return { type: 'boolean', preview: 'false' };
      case layout.require('oddballNull'):
        return { type: 'null', preview: 'null' };
      case layout.require('oddballUndefined'):
        return { type: 'undefined', preview: 'undefined' };
      default:
        // optimized_out, arguments_marker, stale_register: V8's own words for "not here".
        return absentValue('optimized-out');
    }
  }

  /** src/objects/bigint.h: bitfield (bit 0 sign, then length in digits), padding, 64-bit digits. */
  #bigInt(word: Tagged): Value {
    const { memory } = this.heap;
    const bits = memory.u32(untag(word) + 8);
    const digits = (bits >>> 1) & 0x3fffffff;
    if (digits > limits.maxBigIntDigits)
      return { type: 'bigint', preview: `<a BigInt of ${digits * 64} bits>`, truncated: true };
    let value = 0n;
    for (let i = digits - 1; i >= 0; i--) {
      const at = untag(word) + 16 + i * 8;
      value = (value << 64n) | (BigInt(memory.u32(at + 4)) << 32n) | BigInt(memory.u32(at));
    }
    return { type: 'bigint', preview: `${(bits & 1) === 1 ? '-' : ''}${value.toString()}n` };
  }
}
