/**
 * Code objects: which compiled code a program counter lies in, and what its compiler recorded about it.
 *
 * The JSFunction's own code pointer is not used: it misses code entered by on-stack replacement. Instead the header of
 * the instructions is searched backwards from the pc: a word that is the map of instruction streams (10.2: of Code
 * objects). That map is recognised once by its type and is the same for all code of the process's isolate.
 */
import { limits } from '../../limits.ts';
import { isPointer, type Tagged, untag } from '../layout/tagged.ts';
import type { Address } from '../memory/source.ts';
import { UnreadableMemory } from '../memory/source.ts';
import type { Heap } from '../heap/heap.ts';
import type { Tier } from '../../report/schema.ts';

export interface CodeObject {
  readonly address: Tagged;
  /** Machine code, [start, end). */
  readonly start: Address;
  readonly end: Address;
  /** Null: a kind of code that is not a function's, such as a regular expression's. */
  readonly tier: Tier | null;
  readonly deoptimizationData: Tagged;
  /** Source position table; of baseline code the bytecode offset table. */
  readonly positions: Tagged;
}

export class CodeLookup {
  readonly #heap: Heap;
  readonly #headerType: number;
  readonly #isEmbedded: boolean;
  readonly #found: CodeObject[] = [];
  #headerMap: Tagged = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
    this.#isEmbedded = heap.layout.find('codeEmbeddedInstructions') !== undefined;
    this.#headerType =
      heap.layout.types.get(this.#isEmbedded ? 'CODE' : 'INSTRUCTION_STREAM') ?? -2;
  }

  /** The code that holds `pc`, or null when no header is found below it. */
  find(pc: Address): CodeObject | null {
    // A return address may equal the end: a call can be the last instruction.
    const known = this.#found.find((code) => pc >= code.start && pc <= code.end);
    if (known !== undefined) return known;
    const code = this.#search(pc);
    if (code !== null) this.#found.push(code);
    return code;
  }

  #search(pc: Address): CodeObject | null {
    const { memory } = this.#heap;
    const lowest = pc - limits.maxCodeSearchBytes;
    for (let address = pc - (pc % 8); address > lowest; address -= 8) {
      if (!memory.isReadable(address)) return null;
      const word = memory.u64(address);
      if (!this.#isHeaderMap(word)) continue;
      const code = this.#readCode(address);
      if (code !== null && pc >= code.start && pc <= code.end) {
        this.#headerMap = word;
        return code;
      }
      if (this.#headerMap !== 0) return null;
    }
    return null;
  }

  #isHeaderMap(word: Tagged): boolean {
    if (this.#headerMap !== 0) return word === this.#headerMap;
    if (!isPointer(word)) return false;
    const { memory, layout } = this.#heap;
    const instanceType = layout.require('mapInstanceType');
    if (!memory.isReadable(untag(word)) || !memory.isReadable(untag(word) + instanceType))
      return false;
    const mapOfMap = memory.u64(untag(word));
    if (!isPointer(mapOfMap) || !memory.isReadable(untag(mapOfMap))) return false;
    // The map of maps is its own map.
    return (
      memory.u64(untag(mapOfMap)) === mapOfMap &&
      memory.u16(untag(word) + instanceType) === this.#headerType
    );
  }

  #readCode(header: Address): CodeObject | null {
    const { memory, layout } = this.#heap;
    try {
      const code = this.#isEmbedded ? header + 1 : memory.u64(header + 8);
      if (!this.#isEmbedded && !this.#heap.is(code, 'CODE')) return null;
      const start = this.#isEmbedded
        ? header + layout.require('codeEmbeddedInstructions')
        : this.#heap.field(code, layout.require('codeInstructionStart'));
      const size = memory.i32(untag(code) + layout.require('codeInstructionSize'));
      const flags = memory.u32(untag(code) + layout.require('codeFlags'));
      if (size <= 0 || size > limits.maxCodeSearchBytes) return null;
      return {
        address: code,
        start,
        end: start + size,
        tier: this.#tierOf(flags & layout.require('codeKindMask')),
        deoptimizationData: this.#heap.field(code, layout.require('codeDeoptimizationData')),
        positions: this.#heap.field(code, layout.require('codePositions')),
      };
    } catch (error) {
      if (error instanceof UnreadableMemory) return null;
      throw error;
    }
  }

  #tierOf(kind: number): Tier | null {
    // src/objects/code-kind.h: BASELINE, MAGLEV, TURBOFAN(_JS) stand in this order in every version that has them.
    const tiers: readonly Tier[] = ['baseline', 'maglev', 'turbofan'];
    return tiers[kind - this.#heap.layout.require('codeKindBaseline')] ?? null;
  }
}
