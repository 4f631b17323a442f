/** From a program counter to the WebAssembly function it lies in, by V8's own tables (layout/wasm-rows.ts draws them). */
import { limits } from '../../limits.ts';
import type { WasmRows } from '../layout/wasm-rows.ts';
import type { PagedMemory } from '../memory/paged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';

/** Machine code of one function, of one compiler. */
export interface WasmCode {
  readonly address: Address;
  readonly nativeModule: Address;
  /** Machine code, [start, end). */
  readonly start: Address;
  readonly end: Address;
  /** Index of the function in its module, imports included. */
  readonly functionIndex: number;
  readonly tier: 'liftoff' | 'turbofan' | null;
}

/** Node of libstdc++'s std::map: colour, parent, left, right, then the pair. */
const treeNode = { left: 0x10, right: 0x18, key: 0x20, value: 0x28 } as const;
const codeStart = 8;
/** ExecutionTier of src/wasm/wasm-tier.h. */
const tiers = [null, 'liftoff', 'turbofan'] as const;

export class WasmCodeTable {
  readonly #memory: PagedMemory;
  readonly #rows: WasmRows;
  /** Address of V8's pointer to its WasmCodeManager; null: the binary does not tell. */
  readonly #statePointer: Address | null;
  readonly #found: WasmCode[] = [];

  constructor(memory: PagedMemory, rows: WasmRows, statePointer: Address | null) {
    this.#memory = memory;
    this.#rows = rows;
    this.#statePointer = statePointer;
  }

  /**
   * @param pc an instruction; of a return address the byte before it, so that it lies in the call
   * @param nativeModule the module that the frame names, when there is a frame
   * @returns null when `pc` is in no WebAssembly function that could be found
   */
  find(pc: Address, nativeModule: Address | null = null): WasmCode | null {
    const known = this.#found.find((code) => pc >= code.start && pc < code.end);
    if (known !== undefined) return known;
    try {
      const owner = this.#findModule(pc) ?? nativeModule;
      const code = owner === null ? null : this.#findIn(owner, pc);
      if (code !== null) this.#found.push(code);
      return code;
    } catch (error) {
      if (error instanceof UnreadableMemory) return null;
      throw error;
    }
  }

  #findModule(pc: Address): Address | null {
    if (this.#statePointer === null) return null;
    const manager = this.#memory.u64(this.#statePointer);
    if (manager === 0) return null;
    const region = this.#floor(this.#memory.u64(manager + this.#rows.regionsRoot), pc);
    if (region === null || pc >= this.#memory.u64(region + treeNode.value)) return null;
    return this.#memory.u64(region + treeNode.value + 8);
  }

  #findIn(nativeModule: Address, pc: Address): WasmCode | null {
    const { codeRoot, newCode } = this.#rows;
    const node = this.#floor(this.#memory.u64(nativeModule + codeRoot), pc);
    if (node !== null) {
      const code = this.#read(this.#memory.u64(node + treeNode.value), nativeModule, pc);
      if (code !== null) return code;
    }
    const begin = this.#memory.u64(nativeModule + newCode);
    const end = this.#memory.u64(nativeModule + newCode + 8);
    const count = Math.min((end - begin) / 8, limits.maxNewWasmCode);
    for (let i = 0; i < count; i++) {
      const code = this.#read(this.#memory.u64(begin + i * 8), nativeModule, pc);
      if (code !== null) return code;
    }
    return null;
  }

  /** The node of a std::map with the greatest key not above `key`. */
  #floor(root: Address, key: Address): Address | null {
    let best: Address | null = null;
    let node = root;
    for (let steps = 0; node !== 0 && steps < limits.maxTreeDepth; steps++) {
      const isBelow = this.#memory.u64(node + treeNode.key) <= key;
      if (isBelow) best = node;
      node = this.#memory.u64(node + (isBelow ? treeNode.right : treeNode.left));
    }
    return best;
  }

  #read(address: Address, nativeModule: Address, pc: Address): WasmCode | null {
    const { codeSize, functionIndex, tier } = this.#rows;
    const memory = this.#memory;
    if (memory.u64(address) !== nativeModule) return null;
    const start = memory.u64(address + codeStart);
    const end = start + memory.u32(address + codeSize);
    if (pc < start || pc >= end || end - start > limits.maxCodeSearchBytes) return null;
    return {
      address,
      nativeModule,
      start,
      end,
      functionIndex: memory.i32(address + functionIndex),
      tier: tiers[(memory.u8(address + tier.byte) >> tier.shift) & 3] ?? null,
    };
  }
}
