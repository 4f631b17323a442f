/** Names of functions by address, from the symbol table of an ELF file. Source of the format: elf(5). */
import { limits } from '../../limits.ts';
import { learnedOf } from '../layout/learned.ts';
import type { ElfFile, SymbolTable } from '../memory/elf.ts';
import type { Address } from '../memory/source.ts';

const symbolBytes = 24;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;
const STT_NOTYPE = 0;
/** Symbols are found through pages of addresses; a node binary has 25,000 of them. */
const pageBytes = 4_096;
const maxPages = 2 ** 21;
/** Labels may stand between the start of a function and an address in it. */
const searchedSymbols = 64;

/** @returns null when the file has no symbols, or more than can be believed */
export function readFunctionSymbols(file: ElfFile): FunctionSymbols | null {
  const [table] = file.readSymbolTables();
  return table === undefined || table.entries.length / symbolBytes > limits.maxSymbols
    ? null
    : new FunctionSymbols(table);
}

/** Names of the functions of one file. The tables are read when an address is met that no run before has met. */
export class FunctionNames {
  readonly #identity: string;
  readonly #open: () => ElfFile | null;
  /** Null: the tables are small. */
  readonly #known: Map<Address, string> | null;
  #symbols: FunctionSymbols | null | undefined;

  /** @param open opens the file again; it may be another one by then, which is not used */
  constructor(file: ElfFile, open: () => ElfFile | null) {
    this.#identity = file.identity;
    this.#open = open;
    this.#known = file.hasManySymbols ? learnedOf(file.identity).functions : null;
  }

  /** As FunctionSymbols.find(). */
  find(address: Address, functionStart: Address | null): string | null {
    const known = this.#known?.get(address);
    if (known !== undefined) return known;
    this.#symbols ??= this.#read();
    const name = this.#symbols?.find(address, functionStart) ?? null;
    if (name !== null && this.#known !== null && this.#known.size < limits.maxRememberedAddresses)
      this.#known.set(address, name);
    return name;
  }

  #read(): FunctionSymbols | null {
    if (this.#symbols === null) return null;
    const file = this.#open();
    if (file === null) return null;
    try {
      return file.identity === this.#identity ? readFunctionSymbols(file) : null;
    } finally {
      file.close();
    }
  }
}

/** Looks functions up by address. Nothing is sorted: of 170,000 symbols a report needs some dozens. */
export class FunctionSymbols {
  readonly #entries: Buffer;
  readonly #names: Buffer;
  readonly #lowest: Address;
  /** Last symbol that starts in each page of addresses, and for each symbol the one before it in the same page; -1: none. */
  readonly #lastOfPage: Int32Array;
  readonly #previous: Int32Array;

  constructor(table: SymbolTable) {
    this.#entries = table.entries;
    this.#names = table.names;
    const count = Math.min(Math.floor(this.#entries.length / symbolBytes), limits.maxSymbols);
    let lowest = Infinity;
    let highest = 0;
    for (let index = 0; index < count; index++) {
      if (!this.#isFunction(index)) continue;
      const start = this.#start(index);
      if (start < lowest) lowest = start;
      if (start > highest) highest = start;
    }
    this.#lowest = lowest;
    const pages = Math.min(Math.floor(Math.max(0, highest - lowest) / pageBytes) + 1, maxPages);
    this.#lastOfPage = new Int32Array(pages).fill(-1);
    this.#previous = new Int32Array(count).fill(-1);
    for (let index = 0; index < count; index++) {
      if (!this.#isFunction(index)) continue;
      const page = Math.floor((this.#start(index) - lowest) / pageBytes);
      if (page >= pages) continue;
      this.#previous[index] = this.#lastOfPage[page] ?? -1;
      this.#lastOfPage[page] = index;
    }
  }

  /**
   * The mangled name of the function that holds `address`.
   * @param functionStart where it begins, when that is known: hand-written code has symbols without a size
   */
  find(address: Address, functionStart: Address | null): string | null {
    const names: string[] = [];
    let start: Address | null = null;
    for (const index of this.#nearest(address)) {
      if (start !== null && this.#start(index) !== start) break;
      if (!this.#holds(index, address, functionStart)) continue;
      start = this.#start(index);
      names.push(this.#name(index));
    }
    return names.filter((name) => name !== '').sort(compareNames)[0] ?? null;
  }

  /** Symbols that start at or before an address, the nearest first. */
  #nearest(address: Address): number[] {
    const found: number[] = [];
    const last = Math.floor((address - this.#lowest) / pageBytes);
    for (let page = Math.min(last, this.#lastOfPage.length - 1); page >= 0; page--) {
      const ofPage: number[] = [];
      for (let i = this.#lastOfPage[page] ?? -1; i >= 0; i = this.#previous[i] ?? -1)
        if (this.#start(i) <= address) ofPage.push(i);
      found.push(...ofPage.sort((a, b) => this.#start(b) - this.#start(a) || b - a));
      if (found.length >= searchedSymbols) break;
    }
    return found.slice(0, searchedSymbols);
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
