/**
 * An ELF core as a file: which addresses lie at which offset, and where the notes are. Source of the format: elf(5),
 * core(5). Cores are gigabytes: only tables and notes are read here, everything else by offset when it is asked for.
 *
 *   header ─► program headers ─┬─ PT_LOAD  a range of memory; fewer bytes in the file than in memory: the rest was left
 *                              │           out (code of files, pages never dumped)
 *                              └─ PT_NOTE  threads, registers, mapped files (core-notes.ts)
 *
 * The kernel puts the notes first, gdb's gcore puts them last: a gcore cut short has lost them.
 * Nothing in the file is believed: counts, offsets and sizes are bounded by the size of the file and by limits.ts.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { SleeperError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Missing } from '../../report/schema.ts';
import { wordAt } from './elf.ts';
import type { Address } from './source.ts';

const ET_CORE = 4;
const EM_X86_64 = 62;
const PT_LOAD = 1;
const PT_NOTE = 4;
/** e_phnum when the count does not fit: it stands in sh_info of section 0 (kernels do so beyond 65,534 mappings). */
const PN_XNUM = 0xffff;
const headerBytes = 64;
const entryBytes = 56;
const addressLimit = 2 ** 47;

/** Compressed files, by their first bytes, and what unpacks them. */
const packers: readonly { readonly magic: string; readonly unpack: string }[] = [
  { magic: '28b52ffd', unpack: 'unzstd' },
  { magic: '04224d18', unpack: 'unlz4' },
  { magic: 'fd377a58', unpack: 'unxz' },
  { magic: '1f8b', unpack: 'gunzip' },
];

/** A range of memory, [start, end). */
export interface CoreSegment {
  readonly start: Address;
  readonly end: Address;
  /** End of what the file holds of it. */
  readonly dumpedEnd: Address;
  readonly fileOffset: number;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
}

/** A part of the file. */
export interface FileRange {
  readonly offset: number;
  readonly bytes: number;
}

export class CoreFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** Wall clock, milliseconds since 1970: when the file was last written. */
  readonly modifiedAtMs: number;
  /** Sorted by start, without overlaps. */
  readonly segments: readonly CoreSegment[];
  readonly notes: readonly FileRange[];
  /** What is wrong with the file. */
  readonly missing: readonly Missing[];
  readonly #fd: number;

  /** @throws SleeperError ERR_SLEEPER_NOT_A_CORE */
  constructor(path: string) {
    this.path = path;
    this.#fd = openRegularFile(path);
    try {
      const stat = fstatSync(this.#fd);
      this.sizeBytes = stat.size;
      this.modifiedAtMs = stat.mtimeMs;
      const table = this.#readTable();
      const missing: Missing[] = [];
      const entries = parseEntries(table);
      this.segments = disjoint(entries.segments, missing);
      this.notes = entries.notes;
      this.#noteCut(entries.wantedBytes, missing);
      this.missing = missing;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  /**
   * Copies bytes of the file.
   * @returns bytes copied; fewer than wanted at the end of the file, 0 when it cannot be read
   */
  read(offset: number, out: Uint8Array): number {
    return readFully(this.#fd, offset, out);
  }

  #readTable(): Buffer {
    const header = Buffer.alloc(headerBytes);
    if (this.read(0, header) < headerBytes || header.readUInt32BE(0) !== 0x7f454c46)
      throw this.#refuse(`it is no ELF file${unpackHint(header)}`);
    if (header[4] !== 2 || header[5] !== 1 || header.readUInt16LE(18) !== EM_X86_64)
      throw this.#refuse('it is not of a 64-bit x86 process');
    if (header.readUInt16LE(16) !== ET_CORE)
      throw this.#refuse('it is a program or a library, not a core');
    if (header.readUInt16LE(54) !== entryBytes)
      throw this.#refuse('its program headers have an unknown size');
    const count = this.#countEntries(header);
    if (count > limits.maxCoreSegments)
      throw this.#refuse(`it claims ${count} segments, no process has so many`);
    const table = Buffer.alloc(count * entryBytes);
    const length = this.read(wordAt(header, 32), table);
    if (count === 0 || length < entryBytes)
      throw this.#refuse('its table of segments lies behind its end: it was cut off');
    return table.subarray(0, length - (length % entryBytes));
  }

  #countEntries(header: Buffer): number {
    const count = header.readUInt16LE(56);
    if (count !== PN_XNUM) return count;
    const section = Buffer.alloc(64);
    return this.read(wordAt(header, 40), section) < 64 ? 0 : section.readUInt32LE(44);
  }

  #noteCut(wantedBytes: number, missing: Missing[]): void {
    if (wantedBytes <= this.sizeBytes) return;
    missing.push({
      what: 'the end of the core file',
      reason: `unreadable: the file ends at ${this.sizeBytes} of ${wantedBytes} bytes (a full disk, or a limit of the core's size: ulimit -c)`,
    });
  }

  #refuse(reason: string): SleeperError {
    return notACore(this.path, reason);
  }
}

/** ERR_SLEEPER_NOT_A_CORE, in words. */
export function notACore(path: string, reason: string, cause?: unknown): SleeperError {
  return new SleeperError(
    'ERR_SLEEPER_NOT_A_CORE',
    `Cannot read ${path} as a core file: ${reason}.`,
    { path },
    ...(cause === undefined ? [] : [{ cause }]),
  );
}

/**
 * Copies bytes of an open file.
 * @returns bytes copied; fewer than wanted at its end, 0 when it cannot be read
 */
export function readFully(fd: number, offset: number, out: Uint8Array): number {
  let done = 0;
  while (done < out.byteLength && Number.isSafeInteger(offset + out.byteLength)) {
    let count: number;
    try {
      count = readSync(fd, out, done, out.byteLength - done, offset + done);
    } catch {
      return done;
    }
    if (count <= 0) break;
    done += count;
  }
  return done;
}

/** Opens nothing that could wait, such as a pipe. */
function openRegularFile(path: string): number {
  let fd: number;
  try {
    // O_NONBLOCK: opening a pipe would wait for somebody who writes.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw notACore(path, `it cannot be opened (${code})`, cause);
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw notACore(path, 'it is not a regular file');
}

function unpackHint(header: Buffer): string {
  const first = header.toString('hex', 0, 8);
  const packer = packers.find(({ magic }) => first.startsWith(magic));
  return packer === undefined ? '' : `, it is compressed: unpack it with ${packer.unpack} first`;
}

interface Entries {
  readonly segments: CoreSegment[];
  readonly notes: FileRange[];
  /** Where the last segment ends in the file. */
  readonly wantedBytes: number;
}

function parseEntries(table: Buffer): Entries {
  const segments: CoreSegment[] = [];
  const notes: FileRange[] = [];
  let wantedBytes = 0;
  for (let at = 0; at < table.length; at += entryBytes) {
    const type = table.readUInt32LE(at);
    const flags = table.readUInt32LE(at + 4);
    const fileOffset = wordAt(table, at + 8);
    const start = wordAt(table, at + 16);
    const fileBytes = wordAt(table, at + 32);
    const end = start + Math.max(fileBytes, wordAt(table, at + 40));
    if (type === PT_NOTE) notes.push({ offset: fileOffset, bytes: fileBytes });
    // The kernel's vsyscall page lies above all that a process can have.
    const isLoad = type === PT_LOAD && end > start && end <= addressLimit;
    if (isLoad)
      segments.push({
        start,
        end,
        dumpedEnd: start + fileBytes,
        fileOffset,
        readable: (flags & 4) !== 0,
        writable: (flags & 2) !== 0,
        executable: (flags & 1) !== 0,
      });
    if (isLoad || type === PT_NOTE) wantedBytes = Math.max(wantedBytes, fileOffset + fileBytes);
  }
  return { segments: segments.sort((a, b) => a.start - b.start), notes, wantedBytes };
}

/** Of two segments for the same address the one that starts first is believed. */
function disjoint(sorted: readonly CoreSegment[], missing: Missing[]): CoreSegment[] {
  const segments: CoreSegment[] = [];
  let end = 0;
  let overlaps = 0;
  for (const segment of sorted) {
    if (segment.start < end) overlaps++;
    if (segment.end <= end) continue;
    const skip = Math.max(0, end - segment.start);
    const start = segment.start + skip;
    segments.push({
      ...segment,
      start,
      dumpedEnd: Math.max(start, segment.dumpedEnd),
      fileOffset: segment.fileOffset + skip,
    });
    ({ end } = segment);
  }
  if (overlaps > 0)
    missing.push({
      what: 'memory map',
      reason: `unreadable: ${overlaps} segments of the core overlap others; what they hold may be wrong`,
    });
  return segments;
}
