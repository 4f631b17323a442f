/**
 * Frames of WebAssembly (src/execution/frame-constants.h WasmFrameConstants): typed frames whose next word, at fp - 16, is
 * the instance, or from 12.4 on its trusted data. Functions that the compiler inlined are told by the source positions.
 */
import { limits } from '../../limits.ts';
import type { Frame } from '../../report/schema.ts';
import { findPosition, type SourcePosition, unpackPosition } from '../frames/position.ts';
import type { WasmFrame } from '../frames/frame.ts';
import { readScriptName } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { type WasmRows, wasmRows } from '../layout/wasm-rows.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import { type WasmCode, WasmCodeTable } from './code-table.ts';
import { parseWasmModule, type WasmModule } from './module-bytes.ts';

/** Modules of one process, kept from look to look. A module's bytes may be megabytes. */
export type WasmModules = Map<string, WasmModule | null>;

const instanceSlot = -16;
/** Managed<T>: the address of a shared_ptr's holder, and where in it the object's pointer is. */
const managed = { holder: 8, pointer: 0x18 } as const;
/** { function index, is a tail call, position in the caller }, packed. */
const inlining = { bytes: 13, position: 5 } as const;
/** Bytes of a position table: some for each call of the function. */
const maxPositionBytes = 4 << 20;
/** Compared at both ends of a module, to tell it from one that got its address later. */
const fingerprintBytes = 64;

interface WasmPlace {
  readonly functionIndex: number;
  /** Offset in the body of the function; -1 unknown. */
  readonly offset: number;
}

export class WasmFrameReader {
  readonly code: WasmCodeTable;
  readonly #heap: Heap;
  readonly #rows: WasmRows;
  readonly #modules: WasmModules;

  constructor(heap: Heap, statePointer: Address | null, modules: WasmModules) {
    this.#heap = heap;
    this.#rows = wasmRows[heap.layout.version];
    this.#modules = modules;
    this.code = new WasmCodeTable(heap.memory, this.#rows, statePointer);
  }

  /** Innermost first; several when functions were inlined. Empty for a frame of V8's own, such as a builtin's. */
  describe({ fp, pc: at, isTop }: WasmFrame): Frame[] {
    const file = (fp === null ? null : this.#evenIfUnreadable(() => this.#scriptName(fp))) ?? '';
    const place = {
      kind: 'wasm' as const,
      arguments: [],
      locals: [],
      ...(file !== '' && { file }),
    };
    const pc = isTop ? at : at - 1;
    const owner = fp === null ? null : this.#evenIfUnreadable(() => this.#nativeModule(fp));
    const code = this.code.find(pc, owner);
    if (code === null || code.functionIndex < 0)
      return [{ function: 'wasm-function[?]', ...place }];
    const module = this.#evenIfUnreadable(() => this.#module(code.nativeModule));
    const places = this.#evenIfUnreadable(() => this.#places(code, pc)) ?? [
      { functionIndex: code.functionIndex, offset: -1 },
    ];
    return places.map(({ functionIndex, offset }, i) => {
      const body = module?.bodyOffset(functionIndex) ?? null;
      return {
        function: module?.names.get(functionIndex) ?? `wasm-function[${functionIndex}]`,
        ...place,
        // As V8 tells it: the module is one line, and the column is the offset in its bytes.
        ...(body !== null && offset >= 0 && { line: 1, column: body + offset + 1 }),
        ...(code.tier !== null && { tier: code.tier }),
        ...(i < places.length - 1 && { inlined: true }),
      };
    });
  }

  #evenIfUnreadable<Result>(read: () => Result): Result | null {
    try {
      return read();
    } catch (error) {
      if (error instanceof UnreadableMemory) return null;
      throw error;
    }
  }

  #scriptName(fp: Address): string {
    const script = this.#follow(fp, this.#rows.script);
    return this.#heap.is(script, 'SCRIPT') ? readScriptName(this.#heap, script) : '';
  }

  #nativeModule(fp: Address): Address {
    const holder = this.#heap.field(this.#follow(fp, this.#rows.nativeModule), managed.holder);
    return this.#heap.memory.u64(this.#heap.memory.u64(holder + managed.pointer));
  }

  #follow(fp: Address, fields: readonly number[]): number {
    let word = this.#heap.memory.u64(fp + instanceSlot);
    for (const field of fields) word = this.#heap.field(word, field);
    return word;
  }

  #places(code: WasmCode, pc: Address): WasmPlace[] {
    const { memory, layout } = this.#heap;
    const { positions, hasInlining } = this.#rows;
    const table =
      memory.u64(code.address + positions.data) +
      memory.u32(code.address + positions.first) +
      memory.u32(code.address + positions.second);
    const length = memory.u32(code.address + positions.length);
    if (length > maxPositionBytes) throw new UnreadableMemory(table);
    const isUnsigned = layout.require('positionsUnsigned') === 1;
    const found = findPosition(memory.bytes(table, length), pc - code.start, isUnsigned);
    const places: WasmPlace[] = [];
    let position: SourcePosition = found ?? { offset: -1, inliningId: -1 };
    while (hasInlining && position.inliningId >= 0 && places.length < limits.maxInlineDepth) {
      const entry = table + length + position.inliningId * inlining.bytes;
      places.push({ functionIndex: memory.i32(entry), offset: position.offset });
      position = unpackPosition(memory.word(entry + inlining.position));
    }
    return [...places, { functionIndex: code.functionIndex, offset: position.offset }];
  }

  #module(nativeModule: Address): WasmModule | null {
    const { memory } = this.#heap;
    const bytes = memory.u64(nativeModule + this.#rows.wireBytes);
    const start = memory.u64(bytes);
    const length = memory.u64(bytes + 8);
    if (length < 2 * fingerprintBytes) return this.#parse(start, length);
    const ends = [start, start + length - fingerprintBytes].map((address) =>
      memory.bytes(address, fingerprintBytes).toString('base64'),
    );
    const key = `${start} ${length} ${ends.join(' ')}`;
    let module = this.#modules.get(key);
    if (module === undefined) {
      module = this.#parse(start, length);
      this.#modules.set(key, module);
    }
    return module;
  }

  #parse(start: Address, length: number): WasmModule | null {
    return length > limits.maxWasmModuleBytes
      ? null
      : parseWasmModule(this.#heap.memory.bytes(start, length));
  }
}
