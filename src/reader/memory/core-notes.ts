/**
 * The notes of a core: what it tells besides memory. Sources: elf(5), core(5), Linux include/linux/elfcore.h and
 * fs/binfmt_elf.c (the kernel writes them), gdb gcore.c and linux-tdep.c (gcore writes them).
 *
 *   note       who      holds
 *   PRSTATUS   both     one for each thread, the one that got the signal first: tid, signal, registers;
 *                       CPU time (only the kernel fills it in)
 *   SIGINFO    both     the signal in detail: why, fault address or sender. Belongs to the PRSTATUS before it
 *   PRPSINFO   both     pid, name, the first 80 characters of the command line
 *   AUXV       both     the auxiliary vector: where the program headers and the arguments are
 *   FILE       both     which files were mapped where. Code of files is mostly not in the core itself
 *
 * The kernel begins with a PRSTATUS, gdb with the PRPSINFO: that tells who wrote a core.
 *
 * Offsets are those of x86-64: struct elf_prstatus (336 bytes), elf_prpsinfo (136), siginfo (128).
 */
import { limits } from '../../limits.ts';
import { generalSetBytes } from '../../native.ts';
import type { Missing } from '../../report/schema.ts';
import type { CoreFile, FileRange } from './core-file.ts';
import { wordAt } from './elf.ts';
import {
  parseRegisterCall,
  parseRegisters,
  type RegisterCall,
  type Registers,
} from './registers.ts';
import type { Address } from './source.ts';

const NT_PRSTATUS = 1;
const NT_PRPSINFO = 3;
const NT_AUXV = 6;
const NT_FILE = 0x46494c45;
const NT_SIGINFO = 0x53494749;
const status = { signal: 12, tid: 32, userTime: 48, systemTime: 64, registers: 112 } as const;
const info = { pid: 24, name: 40, nameBytes: 16, arguments: 56, argumentBytes: 80 } as const;

export interface CoreThread {
  readonly tid: number;
  readonly registers: Registers;
  /** The system call it stood in. */
  readonly call: RegisterCall | null;
  /** Signal that stopped it; 0: none of its own. */
  readonly signal: number;
  /** CPU time used; null when the writer of the core does not tell. */
  readonly cpuMs: number | null;
  readonly signalDetail: SignalDetail | null;
}

/** siginfo_t, raw. */
export interface SignalDetail {
  readonly signal: number;
  /** si_code: above 0 the kernel found the fault, at 0 and below somebody sent the signal. */
  readonly code: number;
  /** si_addr, for faults. */
  readonly address: Address;
  /** si_pid, for signals that were sent. */
  readonly senderPid: number;
}

/** A file mapped at [start, end). */
export interface MappedRange {
  readonly start: Address;
  readonly end: Address;
  readonly fileOffset: number;
  readonly path: string;
}

export interface CoreNotes {
  /** The one that got the signal first; at most limits.maxThreads. */
  readonly threads: readonly CoreThread[];
  /** Null: the core does not tell. */
  readonly process: {
    readonly pid: number;
    readonly name: string;
    readonly command: string;
  } | null;
  /** Entries of the auxiliary vector, by type. */
  readonly auxiliary: ReadonlyMap<number, number>;
  /** Sorted by start, without overlaps. */
  readonly files: readonly MappedRange[];
  readonly writtenBy: 'debugger' | 'kernel';
}

/** Reads all notes; what is cut, too large or too many is left out with its reason. */
export function readNotes(file: CoreFile, missing: Missing[]): CoreNotes {
  const reader = new NotesReader(file, missing);
  for (const range of file.notes) reader.read(range);
  return reader.result();
}

class NotesReader {
  readonly #file: CoreFile;
  readonly #missing: Missing[];
  readonly #threads: CoreThread[] = [];
  #process: CoreNotes['process'] = null;
  #auxiliary: ReadonlyMap<number, number> = new Map();
  #files: readonly MappedRange[] = [];
  #writtenBy: CoreNotes['writtenBy'] = 'kernel';
  #count = 0;

  constructor(file: CoreFile, missing: Missing[]) {
    this.#file = file;
    this.#missing = missing;
  }

  result(): CoreNotes {
    return {
      threads: this.#threads,
      process: this.#process,
      auxiliary: this.#auxiliary,
      files: this.#files,
      writtenBy: this.#writtenBy,
    };
  }

  read({ offset, bytes }: FileRange): void {
    const end = Math.min(offset + bytes, this.#file.sizeBytes);
    const header = Buffer.alloc(12);
    for (let at = offset; at + header.length <= end; this.#count++) {
      if (this.#count >= limits.maxCoreNotes) {
        this.#lack('some notes of the core', `over-limit: only ${limits.maxCoreNotes} are read`);
        return;
      }
      if (this.#file.read(at, header) < header.length) return;
      const description = at + header.length + align(header.readUInt32LE(0));
      const length = header.readUInt32LE(4);
      const type = header.readUInt32LE(8);
      if (description + length > end) {
        this.#lack('some notes of the core', 'unreadable: a note goes on behind the end');
        return;
      }
      this.#take(type, description, length);
      at = description + align(length);
    }
  }

  #take(type: number, offset: number, length: number): void {
    if (![NT_PRSTATUS, NT_PRPSINFO, NT_AUXV, NT_FILE, NT_SIGINFO].includes(type)) return;
    if (length > limits.maxCoreNoteBytes) {
      this.#lack('a note of the core', `over-limit: it claims ${length} bytes`);
      return;
    }
    const bytes = Buffer.alloc(length);
    if (this.#file.read(offset, bytes) < length) return;
    if (type === NT_PRSTATUS) this.#takeThread(bytes);
    if (type === NT_PRPSINFO) this.#takeProcess(bytes);
    if (type === NT_AUXV) this.#auxiliary = parseAuxiliary(bytes);
    if (type === NT_FILE) this.#files = parseFiles(bytes);
    if (type === NT_SIGINFO) this.#takeDetail(bytes);
  }

  #takeThread(bytes: Buffer): void {
    if (bytes.length < status.registers + generalSetBytes) return;
    if (this.#threads.length >= limits.maxThreads) {
      this.#lack('some threads', `over-limit: only ${limits.maxThreads} are read`);
      return;
    }
    const registers = bytes.subarray(status.registers, status.registers + generalSetBytes);
    const cpuMs = timeMs(bytes, status.userTime) + timeMs(bytes, status.systemTime);
    this.#threads.push({
      tid: bytes.readUInt32LE(status.tid),
      registers: parseRegisters(registers),
      call: parseRegisterCall(registers),
      signal: bytes.readUInt16LE(status.signal),
      cpuMs: cpuMs > 0 ? cpuMs : null,
      signalDetail: null,
    });
  }

  #takeProcess(bytes: Buffer): void {
    if (this.#threads.length === 0) this.#writtenBy = 'debugger';
    this.#process ??= parseProcess(bytes);
  }

  #takeDetail(bytes: Buffer): void {
    const thread = this.#threads.at(-1);
    if (thread === undefined || bytes.length < 24) return;
    this.#threads[this.#threads.length - 1] = {
      ...thread,
      signalDetail: {
        signal: bytes.readInt32LE(0),
        code: bytes.readInt32LE(8),
        address: wordAt(bytes, 16),
        senderPid: bytes.readInt32LE(16),
      },
    };
  }

  #lack(what: string, reason: string): void {
    if (!this.#missing.some((entry) => entry.what === what)) this.#missing.push({ what, reason });
  }
}

function align(length: number): number {
  return Math.ceil(length / 4) * 4;
}

/** struct timeval. */
function timeMs(bytes: Buffer, offset: number): number {
  return wordAt(bytes, offset) * 1_000 + wordAt(bytes, offset + 8) / 1_000;
}

function parseProcess(bytes: Buffer): CoreNotes['process'] {
  if (bytes.length < info.arguments + info.argumentBytes) return null;
  return {
    pid: bytes.readUInt32LE(info.pid),
    name: textAt(bytes, info.name, info.nameBytes),
    command: textAt(bytes, info.arguments, info.argumentBytes).trimEnd(),
  };
}

function textAt(bytes: Buffer, offset: number, length: number): string {
  const field = bytes.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

function parseAuxiliary(bytes: Buffer): Map<number, number> {
  const entries = new Map<number, number>();
  for (let at = 0; at + 16 <= bytes.length; at += 16)
    entries.set(wordAt(bytes, at), wordAt(bytes, at + 8));
  return entries;
}

/** count, page size, count × (start, end, offset in pages), then the paths, each ended by a zero. */
function parseFiles(bytes: Buffer): MappedRange[] {
  if (bytes.length < 16) return [];
  const pageBytes = wordAt(bytes, 8);
  const count = Math.min(wordAt(bytes, 0), Math.floor((bytes.length - 16) / 25));
  const ranges: MappedRange[] = [];
  let nameAt = 16 + count * 24;
  for (let at = 16; at < 16 + count * 24; at += 24) {
    const nameEnd = bytes.indexOf(0, nameAt);
    if (nameEnd < 0) break;
    ranges.push({
      start: wordAt(bytes, at),
      end: wordAt(bytes, at + 8),
      fileOffset: wordAt(bytes, at + 16) * pageBytes,
      path: bytes.toString('utf8', nameAt, nameEnd),
    });
    nameAt = nameEnd + 1;
  }
  ranges.sort((a, b) => a.start - b.start);
  let end = 0;
  return ranges.filter((range) => {
    const fits = range.start >= end && range.end > range.start;
    if (fits) ({ end } = range);
    return fits;
  });
}
