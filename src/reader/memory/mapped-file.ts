/**
 * A file that a core names because it was mapped. What the core leaves out of it (code, constants) is read from the file
 * itself, but only when it is an ELF file and the same build: a core is not believed when it names other files, which may
 * be secrets or devices, and another build would show code that never ran.
 */
import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
import { pageBytes } from '../../native.ts';
import { readFully } from './core-file.ts';
import { ElfFile } from './elf.ts';

/** Or why it is not used. */
export type OpenedFile =
  | {
      readonly file: MappedFile;
      /** False: the core holds nothing of the file that could be compared. */
      readonly isProved: boolean;
    }
  | { readonly file: null; readonly reason: string };

interface Part {
  readonly from: number;
  readonly to: number;
}

export class MappedFile {
  readonly path: string;
  /** Tells it from all other files, and from what it was before a change. */
  readonly key: string;
  readonly #fd: number;
  readonly #sizeBytes: number;
  /** Parts of the file that are code. */
  readonly #code: readonly Part[];

  constructor(path: string, fd: number, stat: Stats, code: readonly Part[]) {
    this.path = path;
    this.key = `${path} ${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeMs}`;
    this.#fd = fd;
    this.#sizeBytes = stat.size;
    this.#code = code;
  }

  close(): void {
    closeSync(this.#fd);
  }

  isCode(offset: number): boolean {
    return this.#code.some(({ from, to }) => offset >= from && offset < to);
  }

  /** Copies bytes as a mapping shows them: the last page goes on with zeros. @returns bytes copied */
  read(offset: number, out: Uint8Array): number {
    const count = readFully(this.#fd, offset, out);
    if (count === out.byteLength || offset + count < this.#sizeBytes) return count;
    const mappedBytes = Math.ceil(this.#sizeBytes / pageBytes) * pageBytes;
    const end = Math.max(count, Math.min(out.byteLength, mappedBytes - offset));
    out.fill(0, count, end);
    return end;
  }
}

/**
 * Opens a mapped file if it is what the process had.
 * @param firstPage what the core holds of its first page, where the headers and the build id are; null: nothing
 */
export function openMappedFile(path: string, firstPage: Buffer | null): OpenedFile {
  let fd: number;
  try {
    // O_NONBLOCK: opening a pipe would wait for somebody who writes.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return { file: null, reason: `unreadable: ${path} cannot be opened (${code})` };
  }
  const stat = fstatSync(fd);
  const code = stat.isFile() ? codeOf(path) : null;
  if (code === null) {
    closeSync(fd);
    return { file: null, reason: `not-supported: ${path} is no ELF file` };
  }
  const file = new MappedFile(path, fd, stat, code);
  if (firstPage === null) return { file, isProved: false };
  const now = Buffer.alloc(firstPage.length);
  if (file.read(0, now) === now.length && now.equals(firstPage)) return { file, isProved: true };
  file.close();
  return { file: null, reason: `unreadable: ${path} is not the build that the process ran` };
}

/** @returns null when it is no ELF file */
function codeOf(path: string): Part[] | null {
  try {
    const elf = new ElfFile(path);
    elf.close();
    return elf.loadSegments
      .filter(({ flags }) => (flags & 1) !== 0)
      .map(({ fileOffset, fileBytes }) => ({
        // Mapped in whole pages.
        from: fileOffset - (fileOffset % pageBytes),
        to: fileOffset + fileBytes,
      }));
  } catch {
    return null;
  }
}
