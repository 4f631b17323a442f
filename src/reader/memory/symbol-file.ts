/** The file behind a mapping of another process, found wherever it can still be opened. */
import { statSync } from 'node:fs';
import { ElfFile } from './elf.ts';
import type { Mapping } from './maps.ts';
import type { PagedMemory } from './paged.ts';
import { UnreadableMemory } from './source.ts';

/** Holds the ELF header, the program headers and, as linkers place it, the build id. */
const comparedBytes = 1024;

/** Paths where the file of a mapping may be found, the best first. */
export type FilePlaces = (mapping: Mapping) => readonly string[];

/**
 * Of a live process: the path as the process sees it, as we see it, the kernel's link to the mapped file (needs CAP_CHECKPOINT_RESTORE;
 * there even when the file was deleted), the process's own program.
 */
export function livePlaces(pid: number): FilePlaces {
  return ({ start, end, path }) => [
    `/proc/${pid}/root${path}`,
    // The kernel names files by our own root: those of a process in a chroot stand where it says.
    path,
    `/proc/${pid}/map_files/${start.toString(16)}-${end.toString(16)}`,
    `/proc/${pid}/exe`,
  ];
}

/** A mapped file that holds V8 beside a small program, as distributions split it. */
export const v8Library = /\/libnode\.so(\.\d+)*( \(deleted\))?$/;
/** libuv, where it is a library of its own. */
export const uvLibrary = /\/libuv\.so(\.\d+)*( \(deleted\))?$/;

/** Tells a file from all others, and from what it was before a change. @throws the system's error */
export function fileIdentity(path: string): string {
  const { dev, ino, size, mtimeMs } = statSync(path);
  return `${dev} ${ino} ${size} ${mtimeMs}`;
}

/**
 * Opens the ELF file whose start `mapping` shows. Only a regular file that begins like the memory is taken: one that was
 * put in its place since has other functions.
 * @returns null when there is none; the caller closes it
 */
export function openSymbolFile(
  places: FilePlaces,
  mapping: Mapping,
  memory: PagedMemory,
): ElfFile | null {
  for (const place of places(mapping)) {
    const file = openIfSame(place, mapping, memory);
    if (file !== null) return file;
  }
  return null;
}

function openIfSame(path: string, mapping: Mapping, memory: PagedMemory): ElfFile | null {
  let file: ElfFile;
  try {
    // A pipe of that name would keep us waiting.
    if (!statSync(path).isFile()) return null;
    file = new ElfFile(path);
  } catch {
    // Not there, not permitted, not ELF: the next candidate may be.
    return null;
  }
  try {
    if (memory.bytes(mapping.start, comparedBytes).equals(file.readFile(0, comparedBytes)))
      return file;
  } catch (error) {
    if (!(error instanceof UnreadableMemory)) {
      file.close();
      throw error;
    }
  }
  file.close();
  return null;
}
