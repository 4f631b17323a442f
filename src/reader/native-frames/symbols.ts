/** Names of functions by address, from the symbol table of an ELF file. Source of the format: elf(5). */
import { limits } from '../../limits.ts';
import type { ElfFile, SymbolTable } from '../memory/elf.ts';
import type { Address } from '../memory/source.ts';

const symbolBytes = 24;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;
const STT_NOTYPE = 0;
/** Start and index share one double: sorting plain numbers is many times faster than sorting records. */
const maxSpan = 2 ** 33;
const indexRange = 2 ** 20;
/** Labels may stand between the start of a function and an address in it. */
const searchedSymbols = 64;

/** @returns null when the file has no symbols, or more than can be believed */
export function readFunctionSymbols(file: ElfFile): FunctionSymbols | null {
  const [table] = file.readSymbolTables();
  return table === undefined || table.entries.length / symbolBytes > limits.maxSymbols
    ? null
    : new FunctionSymbols(table);
}

export class FunctionSymbols {
  readonly #entries: Buffer;
  readonly #names: Buffer;
  /** Sorted: (start - lowest) · indexRange + index of the entry. */
  readonly #sorted: Float64Array;
  readonly #lowest: Address;

  constructor(table: SymbolTable) {
    this.#entries = table.entries;
    this.#names = table.names;
    const count = Math.min(Math.floor(this.#entries.length / symbolBytes), limits.maxSymbols);
    const indexes: number[] = [];
    let lowest = Infinity;
    for (let index = 0; index < count; index++) {
      if (!this.#isFunction(index)) continue;
      indexes.push(index);
      lowest = Math.min(lowest, this.#start(index));
    }
    this.#lowest = lowest;
    const keys = Float64Array.from(indexes, (index) => this.#key(index));
    this.#sorted = keys.filter((key) => key >= 0).sort();
  }

  /**
   * The mangled name of the function that holds `address`.
   * @param functionStart where it begins, when that is known: hand-written code has symbols without a size
   */
  find(address: Address, functionStart: Address | null): string | null {
    const limit = (address - this.#lowest + 1) * indexRange;
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] ?? 0) < limit) low = middle + 1;
      else high = middle;
    }
    const names: string[] = [];
    let start: Address | null = null;
    for (let i = low - 1; i >= Math.max(0, low - searchedSymbols); i--) {
      const index = this.#index(i);
      if (index === null || (start !== null && this.#start(index) !== start)) break;
      if (!this.#holds(index, address, functionStart)) continue;
      start = this.#start(index);
      names.push(this.#name(index));
    }
    return names.filter((name) => name !== '').sort(compareNames)[0] ?? null;
  }

  #isFunction(index: number): boolean {
    const at = index * symbolBytes;
    const type = this.#entries.readUInt8(at + 4) & 15;
    const isDefined = this.#entries.readUInt16LE(at + 6) !== 0;
    return isDefined && (type === STT_FUNC || type === STT_GNU_IFUNC || type === STT_NOTYPE);
  }

  #holds(index: number, address: Address, functionStart: Address | null): boolean {
    const size = this.#entries.readUInt32LE(index * symbolBytes + 16);
    const start = this.#start(index);
    return size > 0 ? address < start + size : start === functionStart;
  }

  #start(index: number): Address {
    const at = index * symbolBytes + 8;
    return this.#entries.readUInt32LE(at) + this.#entries.readUInt32LE(at + 4) * 2 ** 32;
  }

  #key(index: number): number {
    const distance = this.#start(index) - this.#lowest;
    return distance < maxSpan ? distance * indexRange + index : -1;
  }

  #index(position: number): number | null {
    const key = this.#sorted[position];
    return key === undefined ? null : key % indexRange;
  }

  #name(index: number): string {
    const from = this.#entries.readUInt32LE(index * symbolBytes);
    const end = this.#names.indexOf(0, from);
    const to = Math.min(end < 0 ? this.#names.length : end, from + limits.maxSymbolChars);
    return this.#names.toString('latin1', from, to);
  }
}

/** Of several names for one place the public one: `read` before `__read` and `__libc_read`. */
function compareNames(left: string, right: string): number {
  return (
    underscores(left) - underscores(right) || left.length - right.length || (left < right ? -1 : 1)
  );
}

function underscores(name: string): number {
  return name.startsWith('_Z') ? 0 : name.length - name.replace(/^_+/, '').length;
}
