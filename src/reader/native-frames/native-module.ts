/**
 * The ELF files mapped into a process: which of them holds a program counter, its unwind rules, its function names.
 *
 * Rules are read from the target's memory (frame-table.ts), names from the file, since .symtab is not loaded. The file
 * may have been replaced meanwhile, or lie in another mount namespace, so its first page is compared with the mapped one.
 */
import path from 'node:path';
import { limits } from '../../limits.ts';
import { findMapping, type Mapping } from '../memory/maps.ts';
import { PagedMemory } from '../memory/paged.ts';
import { type Address, type MemorySource, UnreadableMemory } from '../memory/source.ts';
import { type FilePlaces, openSymbolFile } from '../memory/symbol-file.ts';
import { type FrameRules, runFrameProgram } from './frame-rules.ts';
import { FrameTable } from './frame-table.ts';
import { FunctionNames } from './symbols.ts';
import { MalformedTable } from './table-bytes.ts';

const elfMagic = 0x464c457f;
const programHeaderBytes = 56;
const PT_LOAD = 1;
const PT_GNU_EH_FRAME = 0x6474e550;
const maxProgramHeaders = 64;
/** push rbp; mov rbp, rsp */
const framePrologue = Buffer.from([0x55, 0x48, 0x89, 0xe5]);
const prologueSearchBytes = 64;
const deletedSuffix = ' (deleted)';

export class NativeModule {
  /** Last part of its path. */
  readonly name: string;
  /** Distance between addresses of the process and of the file. */
  readonly bias: number;
  readonly #memory: PagedMemory;
  readonly #places: FilePlaces;
  readonly #mapping: Mapping;
  readonly #tableHeader: Address | null;
  #table: FrameTable | null = null;
  #names: FunctionNames | null | undefined;
  readonly #rules = new Map<Address, FrameRules | null>();

  /** @throws UnreadableMemory, MalformedTable when no ELF file is mapped there */
  constructor(places: FilePlaces, memory: PagedMemory, mapping: Mapping) {
    this.#places = places;
    this.#memory = memory;
    this.#mapping = mapping;
    this.name = path.basename(mapping.path.replace(deletedSuffix, ''));
    const { start } = mapping;
    if (memory.u32(start) !== elfMagic) throw new MalformedTable(`${this.name} is not an ELF file`);
    const headers = start + memory.u64(start + 32);
    const count = Math.min(memory.u16(start + 56), maxProgramHeaders);
    let bias: number | null = null;
    let tableHeader: Address | null = null;
    for (let i = 0; i < count; i++) {
      const header = headers + i * programHeaderBytes;
      const type = memory.u32(header);
      const address = memory.u64(header + 16);
      if (type === PT_LOAD) bias ??= start - (address - memory.u64(header + 8));
      if (type === PT_GNU_EH_FRAME) tableHeader = address;
    }
    this.bias = bias ?? 0;
    this.#tableHeader = tableHeader === null ? null : tableHeader + this.bias;
  }

  /** Null when nothing covers `pc`. @throws UnreadableMemory, MalformedTable */
  rulesFor(pc: Address): FrameRules | null {
    const known = this.#rules.get(pc);
    if (known !== undefined) return known;
    if (this.#tableHeader === null) throw new MalformedTable(`${this.name} has no unwind table`);
    this.#table ??= new FrameTable(this.#memory, this.#tableHeader);
    const entry = this.#table.find(pc);
    const rules = entry === null ? null : runFrameProgram(entry, pc);
    if (this.#rules.size < limits.maxRememberedAddresses) this.#rules.set(pc, rules);
    return rules;
  }

  /**
   * True when `pc`, a place behind a call, is in a function that keeps a frame pointer: hand-written code without an
   * unwind table (V8's PushAllRegistersAndIterateStack, on the stack of every collection) that begins as compilers do.
   */
  keepsFramePointer(pc: Address): boolean {
    const from = Math.max(this.#mapping.start, pc - prologueSearchBytes);
    return this.#memory.bytes(from, pc - from).includes(framePrologue);
  }

  /**
   * The function that holds `pc`, as the linker knows it.
   * @param functionStart from the unwind table; tells which unsized symbols may be meant
   */
  symbolAt(pc: Address, functionStart: Address | null): string | null {
    this.#names ??= this.#openNames();
    const start = functionStart === null ? null : functionStart - this.bias;
    return this.#names?.find(pc - this.bias, start) ?? null;
  }

  #openNames(): FunctionNames | null {
    if (this.#names === null || !this.#mapping.path.startsWith('/')) return null;
    const open = () => openSymbolFile(this.#places, this.#mapping, this.#memory);
    const file = open();
    if (file === null) return null;
    try {
      return new FunctionNames(file, open);
    } finally {
      file.close();
    }
  }
}

/** The modules of one process, remembered from look to look. */
export class NativeModules {
  readonly #places: FilePlaces;
  /** Headers and unwind tables: they never change while they are mapped, so they belong to every moment. */
  readonly #memory: PagedMemory;
  readonly #modules = new Map<string, NativeModule | string>();

  constructor(source: MemorySource, places: FilePlaces) {
    this.#places = places;
    this.#memory = new PagedMemory(source);
  }

  /** @returns a sentence when no ELF file holds `pc` */
  at(mappings: readonly Mapping[], pc: Address): NativeModule | string {
    const mapping = findMapping(mappings, pc);
    if (mapping === null) return `0x${pc.toString(16)} is not mapped`;
    const base = findBase(mappings, mapping);
    if (base === null) return `the code at 0x${pc.toString(16)} belongs to no file`;
    const key = `${base.start} ${base.path}`;
    let module = this.#modules.get(key);
    if (module === undefined) {
      module = this.#open(base);
      this.#modules.set(key, module);
    }
    return module;
  }

  #open(base: Mapping): NativeModule | string {
    try {
      return new NativeModule(this.#places, this.#memory, base);
    } catch (error) {
      if (error instanceof UnreadableMemory || error instanceof MalformedTable)
        return error.message;
      throw error;
    }
  }
}

/** Where the file of this mapping begins in memory: its nearest mapping below with file offset 0. */
function findBase(mappings: readonly Mapping[], mapping: Mapping): Mapping | null {
  if (mapping.path === '') return null;
  for (let i = mappings.indexOf(mapping); i >= 0; i--) {
    const candidate = mappings[i];
    if (candidate?.path === mapping.path && candidate.fileOffset === 0) return candidate;
  }
  return null;
}
