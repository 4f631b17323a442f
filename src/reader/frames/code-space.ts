/**
 * What a program counter points into: an embedded builtin, machine code made at run time, or anything else (C++).
 *
 * The builtins are part of the node binary, but V8 maps them a second time near its code range ("short builtin calls"),
 * once per isolate: same file, same file offset, another address. Addresses are therefore translated
 * mapping → file offset → address of the file before they are looked up.
 */
import { type Builtin, findBuiltin, type NodeBinary } from '../layout/node-binary.ts';
import { findMapping, type Mapping } from '../memory/maps.ts';
import type { Address } from '../memory/source.ts';

export class CodeSpace {
  readonly #binary: NodeBinary;
  readonly #mappings: readonly Mapping[];
  /** Path of the node binary as the kernel prints it in the map. */
  readonly #mappedPath: string;

  constructor(binary: NodeBinary, mappings: readonly Mapping[], mappedPath: string) {
    this.#binary = binary;
    this.#mappings = mappings;
    this.#mappedPath = mappedPath;
  }

  /** Distance between addresses of the file and of the process: 0 unless the binary is position independent. */
  get loadBias(): number {
    if (!this.#binary.isRelocatable) return 0;
    const first = this.#mappings.find((mapping) => mapping.path === this.#mappedPath);
    const segment = this.#binary.segments[0];
    return first === undefined || segment === undefined ? 0 : first.start - segment.address;
  }

  /** The builtin that holds `pc`, at the addresses where this process runs it. */
  builtinAt(pc: Address): Builtin | null {
    const mapping = findMapping(this.#mappings, pc);
    if (mapping?.executable !== true || mapping.path !== this.#mappedPath) return null;
    const fileOffset = pc - mapping.start + mapping.fileOffset;
    const segment = this.#binary.segments.find(
      (s) =>
        s.isExecutable && fileOffset >= s.fileOffset && fileOffset < s.fileOffset + s.fileBytes,
    );
    if (segment === undefined) return null;
    const address = segment.address + fileOffset - segment.fileOffset;
    const builtin = findBuiltin(this.#binary, address);
    if (builtin === null) return null;
    const shift = pc - address;
    return { name: builtin.name, start: builtin.start + shift, end: builtin.end + shift };
  }

  /** True for anonymous executable memory: code of the compilers. */
  isGenerated(pc: Address): boolean {
    const mapping = findMapping(this.#mappings, pc);
    return mapping !== null && mapping.executable && mapping.path === '';
  }

  isJavaScript(pc: Address): boolean {
    return this.isGenerated(pc) || this.builtinAt(pc) !== null;
  }

  /** The mapping that holds a stack pointer: the bounds of the stack. */
  stackOf(stackPointer: Address): Mapping | null {
    return findMapping(this.#mappings, stackPointer);
  }
}
