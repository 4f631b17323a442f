/**
 * A core as a memory source.
 *
 *   address ─┬─ in a segment, and dumped ───────────────► bytes of the core
 *            ├─ in a mapped file that was not dumped ───► bytes of that file, if it is the same build
 *            └─ neither ────────────────────────────────► unreadable, never zeros
 *
 * Both writers leave out what can be found in files: the kernel writes segments without bytes (only the first page of
 * each ELF file), gcore no segments at all. V8's second mapping of its builtins, one for each isolate, is such a file
 * mapping too.
 */
import { SleeperError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { pageBytes } from '../../native.ts';
import type { Missing } from '../../report/schema.ts';
import { CoreFile, type CoreSegment } from './core-file.ts';
import { type CoreNotes, type MappedRange, readNotes } from './core-notes.ts';
import { findRange, type Mapping } from './maps.ts';
import { type MappedFile, type OpenedFile, openMappedFile } from './mapped-file.ts';
import type { Address, MemorySource } from './source.ts';
import { v8Library } from './symbol-file.ts';

/** Types of entries of the auxiliary vector (linux/auxvec.h). */
const AT_PHDR = 3;
const AT_SYSINFO_EHDR = 33;

/** The file of the process that holds V8: its program, or `libnode.so`. */
export interface CoreExecutable {
  /** As the core names it. */
  readonly mappedPath: string;
  /** Null: it is not here, or another build; `reason` says which. */
  readonly file: MappedFile | null;
  readonly reason?: string;
}

export interface CoreOptions {
  /** Read instead of the program file that the core names. */
  readonly node?: string;
  /** Time after which nothing is readable any more, so that a hostile core ends too; by performance.now(). */
  readonly endsAtMs: number;
}

export class CoreMemory implements MemorySource {
  readonly file: CoreFile;
  readonly notes: CoreNotes;
  readonly mappings: readonly Mapping[];
  /** Null: the core does not name any mapped file. */
  readonly executable: CoreExecutable | null;
  /** Grows when something is found missing later. */
  readonly missing: Missing[];
  readonly #endsAtMs: number;
  readonly #opened = new Map<string, OpenedFile>();
  /** Files whose absence was told. */
  readonly #told = new Set<string>();

  /** @throws SleeperError ERR_SLEEPER_NOT_A_CORE, ERR_SLEEPER_WRONG_NODE */
  constructor(path: string, options: CoreOptions) {
    this.#endsAtMs = options.endsAtMs;
    this.file = new CoreFile(path);
    this.missing = [...this.file.missing];
    try {
      this.notes = readNotes(this.file, this.missing);
      this.executable = this.#openExecutable(options.node);
      this.mappings = this.#map();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.file.close();
    for (const { file } of this.#opened.values()) file?.close();
    this.#opened.clear();
  }

  read(address: Address, out: Uint8Array): number {
    let done = 0;
    while (done < out.byteLength && !this.#isOver()) {
      const count = this.#readRun(address + done, out.subarray(done));
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  /** Opens a mapped file by the look of its path; null: none, or it is not what was mapped. */
  openMapped(name: RegExp): { readonly file: MappedFile; readonly start: Address } | null {
    const range = this.notes.files.find((one) => one.fileOffset === 0 && name.test(one.path));
    const file = range === undefined ? null : this.#open(range.path).file;
    return range === undefined || file === null ? null : { file, start: range.start };
  }

  /** Up to the end of the segment or mapping. @returns 0 when nothing is there */
  #readRun(address: Address, out: Uint8Array): number {
    const segment = findRange(this.file.segments, address);
    if (segment !== null && address < segment.dumpedEnd)
      return this.#readDumped(segment, address, out);
    const range = findRange(this.notes.files, address);
    if (range === null) return 0;
    const opened = this.#open(range.path);
    if (opened.file === null) {
      this.#tell(range.path, opened.reason);
      return 0;
    }
    const next = segment === null ? null : segment.end;
    const length = Math.min(out.byteLength, Math.min(range.end, next ?? range.end) - address);
    return opened.file.read(range.fileOffset + address - range.start, out.subarray(0, length));
  }

  #readDumped(segment: CoreSegment, address: Address, out: Uint8Array): number {
    const length = Math.min(out.byteLength, segment.dumpedEnd - address);
    return this.file.read(segment.fileOffset + address - segment.start, out.subarray(0, length));
  }

  #isOver(): boolean {
    if (performance.now() < this.#endsAtMs) return false;
    this.#tell('', 'over-limit: the time for reading the core had passed');
    return true;
  }

  #tell(path: string, reason: string): void {
    if (this.#told.has(path)) return;
    this.#told.add(path);
    this.missing.push({ what: path === '' ? 'some memory' : `memory of ${path}`, reason });
  }

  #open(path: string): OpenedFile {
    let opened = this.#opened.get(path);
    if (opened === undefined) {
      opened =
        this.#opened.size < limits.maxMappedFiles
          ? openMappedFile(path, this.#firstPageOf(path))
          : { file: null, reason: 'over-limit: the core names too many files' };
      this.#opened.set(path, opened);
    }
    return opened;
  }

  /** What the core itself holds of the beginning of a file. */
  #firstPageOf(path: string): Buffer | null {
    const range = this.notes.files.find((one) => one.path === path && one.fileOffset === 0);
    const segment = range === undefined ? null : findRange(this.file.segments, range.start);
    if (range === undefined || segment === null || segment.writable) return null;
    const page = Buffer.alloc(pageBytes);
    return this.#readDumped(segment, range.start, page) === pageBytes ? page : null;
  }

  #openExecutable(node: string | undefined): CoreExecutable | null {
    const { auxiliary, files } = this.notes;
    const program = findRange(files, auxiliary.get(AT_PHDR) ?? 0) ?? files[0];
    // Where distributions split Node.js, the program is a few kilobytes that call the library.
    const library = files.find(({ path, fileOffset }) => fileOffset === 0 && v8Library.test(path));
    const mappedPath = (library ?? program)?.path;
    if (mappedPath === undefined) return null;
    if (node !== undefined)
      this.#opened.set(mappedPath, openMappedFile(node, this.#firstPageOf(mappedPath)));
    const opened = this.#open(mappedPath);
    if (opened.file === null && node !== undefined)
      throw wrongNode(node, mappedPath, opened.reason);
    if (opened.file === null) {
      this.#told.add(mappedPath);
      return { mappedPath, file: null, reason: opened.reason };
    }
    if (!opened.isProved)
      this.missing.push({
        what: 'proof of the binary',
        reason: `unreadable: the core holds no page of ${mappedPath} to compare ${opened.file.path} with; if it is another build, stacks and values are wrong`,
      });
    return { mappedPath, file: opened.file };
  }

  /** As /proc/PID/maps would have shown it: segments, and what only the list of files knows. */
  #map(): Mapping[] {
    const { segments } = this.file;
    const { files, auxiliary } = this.notes;
    const vdso = auxiliary.get(AT_SYSINFO_EHDR);
    const bounds = [...segments, ...files].flatMap(({ start, end }) => [start, end]);
    const sorted = [...new Set(bounds)].sort((a, b) => a - b);
    const mappings: Mapping[] = [];
    sorted.forEach((start, i) => {
      const end = sorted[i + 1];
      const segment = findRange(segments, start);
      const range = findRange(files, start);
      if (end === undefined || (segment === null && range === null)) return;
      const fileOffset = range === null ? 0 : range.fileOffset + start - range.start;
      mappings.push({
        start,
        end,
        readable: segment?.readable ?? true,
        writable: segment?.writable ?? false,
        executable: segment?.executable ?? (range !== null && this.#isCode(range, fileOffset)),
        fileOffset,
        path: range?.path ?? (start === vdso ? '[vdso]' : ''),
      });
    });
    return mappings;
  }

  #isCode(range: MappedRange, fileOffset: number): boolean {
    return this.#open(range.path).file?.isCode(fileOffset) ?? false;
  }
}

function wrongNode(node: string, mappedPath: string, reason: string): SleeperError {
  return new SleeperError(
    'ERR_SLEEPER_WRONG_NODE',
    `Cannot use ${node} for a process that ran ${mappedPath}: ${reason.replace(/^[\w-]+: /, '')}.`,
    { node, mappedPath },
  );
}
