/**
 * Which file of a live process holds V8: its program file, or the `libnode.so` that distributions split off (then libuv
 * is often a library of its own as well). A library is read only when it is what is mapped, not what lies at its path now.
 */
import { SleeperError } from '../errors.ts';
import {
  type NodeBinary,
  readDefaultLoopPointer,
  readNodeBinary,
  usesMusl,
} from './layout/node-binary.ts';
import { ElfFile } from './memory/elf.ts';
import { LiveMemory } from './memory/live.ts';
import { type Mapping, readMaps } from './memory/maps.ts';
import { PagedMemory } from './memory/paged.ts';
import { readExecutablePath } from './memory/process-files.ts';
import type { Address } from './memory/source.ts';
import {
  fileIdentity,
  livePlaces,
  openSymbolFile,
  uvLibrary,
  v8Library,
} from './memory/symbol-file.ts';

export interface FoundProgram {
  readonly binary: NodeBinary;
  /** Path of the file as the memory map has it. */
  readonly mappedPath: string;
  /** Address in the process of libuv's pointer to its main loop, when libuv is not part of that file. */
  readonly loopPointer: Address | null;
}

/** Binaries are large and processes share them: by device, inode, size and time of change. */
const binaries = new Map<string, NodeBinary>();

/** @throws SleeperError as readNodeBinary(); the system's error */
export function findProgram(pid: number): FoundProgram {
  const program = `/proc/${pid}/exe`;
  const mappedPath = readExecutablePath(pid);
  try {
    return { binary: loadBinary(fileIdentity(program), program), mappedPath, loopPointer: null };
  } catch (error) {
    if (!(error instanceof SleeperError) || error.code !== 'ERR_SLEEPER_NOT_NODE') throw error;
    return findLibrary(pid) ?? rethrow(error);
  }
}

/**
 * The metadata of a node binary, read once.
 * @param key what tells this binary from all others
 * @throws as readNodeBinary()
 */
export function loadBinary(key: string, path: string): NodeBinary {
  let binary = binaries.get(key);
  if (binary === undefined) {
    binary = readNodeBinary(path);
    binaries.set(key, binary);
  }
  return binary;
}

function findLibrary(pid: number): FoundProgram | null {
  const mappings = readMaps(pid);
  const start = startOf(mappings, v8Library);
  const file = start === null ? null : openLibrary(pid, start);
  if (start === null || file === null) return null;
  if (mappings.some(({ path }) => /\/ld-musl-[^/]*$/.test(path))) throw usesMusl(start.path);
  const { path } = file;
  file.close();
  const binary = loadBinary(fileIdentity(path), path);
  return { binary, mappedPath: start.path, loopPointer: findLoopPointer(pid, mappings) };
}

function findLoopPointer(pid: number, mappings: readonly Mapping[]): Address | null {
  const start = startOf(mappings, uvLibrary);
  const file = start === null ? null : openLibrary(pid, start);
  if (start === null || file === null) return null;
  file.close();
  return readLoopPointer(file.path, start.start);
}

/**
 * libuv's pointer to its main loop.
 * @param path the library
 * @param start where its beginning is mapped
 * @returns its address in the process; null when the library does not tell
 */
export function readLoopPointer(path: string, start: Address): Address | null {
  const file = new ElfFile(path);
  try {
    const [first] = file.loadSegments;
    const pointer = readDefaultLoopPointer(file);
    return pointer === null || first === undefined ? null : pointer + start - first.address;
  } finally {
    file.close();
  }
}

function startOf(mappings: readonly Mapping[], name: RegExp): Mapping | null {
  return mappings.find(({ path, fileOffset }) => fileOffset === 0 && name.test(path)) ?? null;
}

function openLibrary(pid: number, start: Mapping) {
  return openSymbolFile(livePlaces(pid), start, new PagedMemory(new LiveMemory(pid)));
}

function rethrow(error: SleeperError): never {
  throw error;
}
