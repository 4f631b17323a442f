/**
 * A WebAssembly module as bytes: names of its functions, and where their bodies begin. Source of the format: the
 * specification's chapter 5, "Binary Format", and its appendix "Custom Sections".
 */
import { limits } from '../../limits.ts';

const magic = 0x0061736d;
const sectionIds = { custom: 0, import: 2, export: 7, code: 10 } as const;
const functionNamesSubsection = 1;
const functionKind = 0;

export interface WasmModule {
  /** By function index, imports included: from the name section, else the name it is exported by. */
  readonly names: ReadonlyMap<number, string>;
  /** Offset in the module of the body of a function, where V8 counts its positions from; null: not in the code section. */
  bodyOffset(functionIndex: number): number | null;
}

/** @returns null when the bytes are no module. Sections that are cut or malformed are taken as far as they go. */
export function parseWasmModule(bytes: Buffer): WasmModule | null {
  if (bytes.length < 8 || bytes.readUInt32BE(0) !== magic) return null;
  const names = new Map<number, string>();
  const exported = new Map<number, string>();
  let bodies: readonly number[] = [];
  let imported = 0;
  const reader = new ByteReader(bytes, 8, bytes.length);
  while (!reader.isAtEnd) {
    const id = reader.byte();
    const section = reader.part(reader.unsigned());
    if (id === sectionIds.import) imported = countImportedFunctions(section);
    else if (id === sectionIds.export) readExports(section, exported);
    else if (id === sectionIds.code) bodies = readBodies(section);
    else if (id === sectionIds.custom && section.text() === 'name') readNames(section, names);
  }
  for (const [index, name] of exported) if (!names.has(index)) names.set(index, name);
  return { names, bodyOffset: (index) => bodies[index - imported] ?? null };
}

function readNames(section: ByteReader, names: Map<number, string>): void {
  while (!section.isAtEnd) {
    const id = section.byte();
    const subsection = section.part(section.unsigned());
    if (id !== functionNamesSubsection) continue;
    for (let left = subsection.count(); left > 0 && !subsection.isAtEnd; left--) {
      const index = subsection.unsigned();
      const name = subsection.text();
      if (name !== '') names.set(index, name);
    }
  }
}

function readExports(section: ByteReader, names: Map<number, string>): void {
  for (let left = section.count(); left > 0 && !section.isAtEnd; left--) {
    const name = section.text();
    const kind = section.byte();
    const index = section.unsigned();
    if (kind === functionKind && !names.has(index)) names.set(index, name);
  }
}

function readBodies(section: ByteReader): number[] {
  const bodies: number[] = [];
  for (let left = section.count(); left > 0 && !section.isAtEnd; left--) {
    const size = section.unsigned();
    bodies.push(section.offset);
    section.part(size);
  }
  return bodies;
}

/** Function imports stand before the module's own functions in the index space. */
function countImportedFunctions(section: ByteReader): number {
  let functions = 0;
  for (let left = section.count(); left > 0 && !section.isAtEnd; left--) {
    section.text();
    section.text();
    const kind = section.byte();
    if (kind === functionKind) {
      functions++;
      section.unsigned();
    } else if (kind === 1) {
      skipReferenceType(section);
      skipLimits(section);
    } else if (kind === 2) skipLimits(section);
    else if (kind === 3) {
      skipReferenceType(section);
      section.byte();
    } else {
      section.byte();
      section.unsigned();
    }
  }
  return functions;
}

/** A value type; (ref ht) and (ref null ht) are followed by the heap type. */
function skipReferenceType(section: ByteReader): void {
  const type = section.byte();
  if (type === 0x63 || type === 0x64) section.unsigned();
}

function skipLimits(section: ByteReader): void {
  const flags = section.byte();
  section.unsigned();
  if ((flags & 1) !== 0) section.unsigned();
}

/** A part of the module. Reads past its end give zeros and end it. */
class ByteReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, from: number, end: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = Math.min(end, bytes.length);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  get offset(): number {
    return this.#at;
  }

  byte(): number {
    return this.isAtEnd ? 0 : (this.#bytes[this.#at++] ?? 0);
  }

  /** LEB128 of up to 64 bits; more than 53 are not exact, and nothing that long is believed. */
  unsigned(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 63; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if ((byte & 0x80) === 0) break;
    }
    return value;
  }

  count(): number {
    return Math.min(this.unsigned(), limits.maxWasmFunctions);
  }

  text(): string {
    const length = this.unsigned();
    const part = this.part(length);
    const end = Math.min(part.#end, part.#at + limits.maxSymbolChars);
    return this.#bytes.toString('utf8', part.#at, end);
  }

  /** The next bytes as a part of their own; this one goes on behind them. */
  part(length: number): ByteReader {
    const from = this.#at;
    this.#at = Math.min(this.#end, from + length);
    return new ByteReader(this.#bytes, from, this.#at);
  }
}
