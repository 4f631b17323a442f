/**
 * Reads ELF64 little-endian files: program headers, symbols, bytes by virtual address. Source of the format:
 * elf(5). The file is never read whole; a node binary is 100 MB and its symbol tables 20 MB.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { SleeperError } from '../../errors.ts';
import { readCacheFile, writeCacheFile } from './cache-files.ts';
import { PrefixTree } from './prefix-tree.ts';
import type { Address } from './source.ts';

const PT_LOAD = 1;
const PT_INTERP = 3;
const PT_TLS = 7;
const SHT_SYMTAB = 2;
const SHT_DYNSYM = 11;
const ET_DYN = 3;
const maxPathBytes = 4096;
/** Section and segment tables larger than this belong to no program we know. */
const maxTableEntries = 4_096;
/** .symtab of node 26 is 6 MB, .strtab 14 MB. */
const maxTableBytes = 256 << 20;

export interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly fileOffset: number;
  readonly address: Address;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  readonly alignment: number;
}

export interface ElfSymbol {
  /** st_value: a virtual address of the file, or an offset in the TLS block. */
  readonly value: number;
  readonly size: number;
}

/** Raw symbols and the names they refer to. */
export interface SymbolTable {
  readonly entries: Buffer;
  readonly names: Buffer;
}

/** By what tells a file and its contents from all others, the one used last at the end. */
const keptTables = new Map<string, readonly SymbolTable[]>();
const maxKeptTables = 6;

/** Bytes of a symbol table. */
const manySymbols = 1 << 20;

interface Section {
  readonly type: number;
  readonly fileOffset: number;
  readonly bytes: number;
  readonly link: number;
}

/** A read of at most so much takes what stands behind it along. */
const nearbyBytes = 64;
const nearBytes = 16 << 10;

export class ElfFile {
  readonly path: string;
  /** True: addresses of the file are relative to where it was loaded (PIE, shared library). */
  readonly isRelocatable: boolean;
  readonly segments: readonly Segment[];
  readonly loadSegments: readonly Segment[];
  /** Tells this file as it is now from all others and from itself after any change: device, inode, size, times. */
  readonly identity: string;
  readonly #sections: readonly Section[];
  readonly #fd: number;
  /** What was read last, and what stands behind it. */
  #near: { readonly offset: number; readonly bytes: Buffer } = {
    offset: 0,
    bytes: Buffer.alloc(0),
  };

  /** @throws SleeperError ERR_SLEEPER_NOT_NODE when the file is not ELF64; the system's error when unreadable */
  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, 'r');
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = fstatSync(this.#fd, { bigint: true });
      this.identity = [dev, ino, size, mtimeNs, ctimeNs].join(' ');
      const header = this.readFile(0, 64);
      if (header.length < 64 || header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2)
        throw new SleeperError('ERR_SLEEPER_NOT_NODE', `${path} is not a 64-bit ELF file.`, {
          path,
        });
      this.isRelocatable = header.readUInt16LE(16) === ET_DYN;
      this.segments = this.#readSegments(header);
      this.loadSegments = this.segments.filter(({ type }) => type === PT_LOAD);
      this.#sections = this.#readSections(header);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  get tls(): Segment | undefined {
    return this.segments.find((segment) => segment.type === PT_TLS);
  }

  /** Path of the loader that starts the program; null for a shared library. */
  get interpreter(): string | null {
    const segment = this.segments.find(({ type }) => type === PT_INTERP);
    if (segment === undefined) return null;
    const bytes = this.readFile(segment.fileOffset, Math.min(segment.fileBytes, maxPathBytes));
    return bytes.toString('latin1').replace(/\0.*$/s, '');
  }

  /** True: reading the symbols takes longer than reading a cache file. */
  get hasManySymbols(): boolean {
    return this.#sections.some(({ type, bytes }) => type === SHT_SYMTAB && bytes >= manySymbols);
  }

  /** Bytes at a file offset; shorter than wanted at the end of the file. */
  readFile(offset: number, length: number): Buffer {
    if (length > nearbyBytes) return this.#readBytes(offset, length);
    // A thousand constants stand side by side.
    const isNear =
      offset >= this.#near.offset && offset + length <= this.#near.offset + this.#near.bytes.length;
    if (!isNear) this.#near = { offset, bytes: this.#readBytes(offset, nearBytes) };
    const start = offset - this.#near.offset;
    return Buffer.from(this.#near.bytes.subarray(start, start + length));
  }

  #readBytes(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const count = readSync(this.#fd, bytes, done, length - done, offset + done);
      if (count <= 0) break;
      done += count;
    }
    return bytes.subarray(0, done);
  }

  /** Bytes at a virtual address of the file, as it is before relocation; null when no segment holds them all. */
  readAddress(address: Address, length: number): Buffer | null {
    const segment = this.loadSegments.find(
      (s) => address >= s.address && address + length <= s.address + s.fileBytes,
    );
    if (segment === undefined) return null;
    const bytes = this.readFile(segment.fileOffset + address - segment.address, length);
    return bytes.length === length ? bytes : null;
  }

  /**
   * Defined symbols whose name starts with one of `prefixes`, from .symtab and .dynsym. The predicate works on raw
   * bytes: making strings of 150,000 names would take longer than everything else. Those of large tables are kept in a
   * cache file, by identity: another user's file of the same build id must not decide what is read of ours.
   */
  readSymbols(prefixes: readonly string[]): Map<string, ElfSymbol> {
    const key = `symbols 1 ${this.identity} ${[...prefixes].sort().join(' ')}`;
    const kept = parseSymbols(readCacheFile(key));
    if (kept !== null) return kept;
    const symbols = this.#collectSymbols(prefixes);
    if (this.hasManySymbols)
      writeCacheFile(
        key,
        Array.from(symbols, ([name, { value, size }]) => [name, value, size]),
      );
    return symbols;
  }

  #collectSymbols(prefixes: readonly string[]): Map<string, ElfSymbol> {
    const wanted = new PrefixTree(prefixes);
    const symbols = new Map<string, ElfSymbol>();
    for (const table of this.readSymbolTables()) collectSymbols(table, wanted, symbols);
    return symbols;
  }

  /**
   * .symtab; of a stripped file .dynsym, which has only what is exported. Those of the files asked for last are kept: a node
   * binary's take 20 MB, and both its metadata and the names of its functions come from them.
   */
  readSymbolTables(): readonly SymbolTable[] {
    const tables = keptTables.get(this.identity) ?? this.#readTables();
    keptTables.delete(this.identity);
    keptTables.set(this.identity, tables);
    for (const oldest of keptTables.keys())
      if (keptTables.size > maxKeptTables) keptTables.delete(oldest);
    return tables;
  }

  #readTables(): SymbolTable[] {
    const tables = this.#sections.filter(({ type }) => type === SHT_SYMTAB);
    if (tables.length === 0)
      tables.push(...this.#sections.filter(({ type }) => type === SHT_DYNSYM));
    return tables.flatMap(({ link, fileOffset, bytes }) => {
      const names = this.#sections[link];
      if (names === undefined || bytes > maxTableBytes || names.bytes > maxTableBytes) return [];
      return {
        entries: this.readFile(fileOffset, bytes),
        names: this.readFile(names.fileOffset, names.bytes),
      };
    });
  }

  #readSegments(header: Buffer): Segment[] {
    const count = Math.min(header.readUInt16LE(56), maxTableEntries);
    const table = this.readFile(wordAt(header, 32), count * 56);
    return Array.from({ length: Math.floor(table.length / 56) }, (_, i) => {
      const at = i * 56;
      return {
        type: table.readUInt32LE(at),
        flags: table.readUInt32LE(at + 4),
        fileOffset: wordAt(table, at + 8),
        address: wordAt(table, at + 16),
        fileBytes: wordAt(table, at + 32),
        memoryBytes: wordAt(table, at + 40),
        alignment: wordAt(table, at + 48),
      };
    });
  }

  #readSections(header: Buffer): Section[] {
    const count = Math.min(header.readUInt16LE(60), maxTableEntries);
    const table = this.readFile(wordAt(header, 40), count * 64);
    return Array.from({ length: Math.floor(table.length / 64) }, (_, i) => {
      const at = i * 64;
      return {
        type: table.readUInt32LE(at + 4),
        fileOffset: wordAt(table, at + 24),
        bytes: wordAt(table, at + 32),
        link: table.readUInt32LE(at + 40),
      };
    });
  }
}

function collectSymbols(
  { entries, names }: SymbolTable,
  wanted: PrefixTree,
  into: Map<string, ElfSymbol>,
): void {
  for (let at = 0; at + 24 <= entries.length; at += 24) {
    const name = entries.readUInt32LE(at);
    if (!wanted.beginsOneAt(names, name) || entries.readUInt16LE(at + 6) === 0) continue;
    const end = names.indexOf(0, name);
    into.set(names.toString('latin1', name, end < 0 ? names.length : end), {
      value: wordAt(entries, at + 8),
      size: entries.readUInt32LE(at + 16),
    });
  }
}

/** Null when it is not a list of names with two numbers each. */
function parseSymbols(content: unknown): Map<string, ElfSymbol> | null {
  if (!Array.isArray(content)) return null;
  const symbols = new Map<string, ElfSymbol>();
  for (const row of content as unknown[]) {
    if (!Array.isArray(row)) return null;
    const [name, value, size] = row as unknown[];
    if (typeof name !== 'string' || !isCount(value) || !isCount(size)) return null;
    symbols.set(name, { value, size });
  }
  return symbols;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** A 64-bit word as a number: exact below 2^53. */
export function wordAt(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 2 ** 32;
}
