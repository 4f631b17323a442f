/**
 * The files of /proc/PID that are read every second, held open. That is cheap (no path is looked up, no object made), and it
 * is safe: an open file of /proc belongs to that very process. When it has ended, reading fails, even if its pid was given to
 * another one meanwhile. A descriptor of the directory does for signals what a pidfd does (pidfd_send_signal(2)).
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { type Fact, absent, errnoOf, known, readFact, reasonOf } from './fact.ts';
import type { ProcessIdentity } from './identity.ts';
import { type StatReading, parseStat } from './stat.ts';
import { type SyscallReading, parseSyscall } from './syscall.ts';

/** Longest answer of the files read here: fields of stat, six arguments of a call. */
const buffer = Buffer.alloc(4096);

/** Open files of one process. */
export class OpenFiles {
  readonly identity: ProcessIdentity;
  readonly #stat: number | null;
  #syscall: number | null = null;

  private constructor(identity: ProcessIdentity, stat: number | null) {
    this.identity = identity;
    this.#stat = stat;
  }

  /** Opens them; null when that process does not exist any more. Without descriptors left, files are opened each time. */
  static open(identity: ProcessIdentity): OpenFiles | null {
    const stat = tryOpen(`/proc/${identity.pid}/stat`);
    if (!stat.known && !isShortage(stat.reason)) return null;
    const files = new OpenFiles(identity, stat.known ? stat.value : null);
    if (files.readStat() !== null) return files;
    files.close();
    return null;
  }

  /** Null when the process does not exist any more. A zombie still does. */
  readStat(): StatReading | null {
    const path = `/proc/${this.identity.pid}/stat`;
    const stat = this.#stat === null ? readFact(path, parseStat) : readOpen(this.#stat, parseStat);
    if (!stat.known) return null;
    return stat.value.startTicks === this.identity.startTicks ? stat.value : null;
  }

  /** The call the main thread is in. Call readStat() first: it knows whose file this is. */
  readSyscall(): Fact<SyscallReading> {
    const { pid } = this.identity;
    const path = `/proc/${pid}/task/${pid}/syscall`;
    const parse = (text: string): SyscallReading => parseSyscall(text);
    if (this.#syscall === null) {
      const file = tryOpen(path);
      if (!file.known) return isShortage(file.reason) ? readFact(path, parse) : file;
      this.#syscall = file.value;
    }
    return readOpen(this.#syscall, parse);
  }

  close(): void {
    if (this.#stat !== null) closeQuietly(this.#stat);
    if (this.#syscall !== null) closeQuietly(this.#syscall);
    this.#syscall = null;
  }
}

/**
 * A descriptor of /proc/PID, checked to be that of the very process meant. The caller closes it.
 * @returns null when the process does not exist any more
 */
export function openProcessDirectory(identity: ProcessIdentity): number | null {
  let fd: number;
  try {
    fd = openSync(`/proc/${identity.pid}`, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return null;
  }
  const stat = readFact(`/proc/self/fd/${fd}/stat`, parseStat);
  if (stat.known && stat.value.startTicks === identity.startTicks) return fd;
  closeSync(fd);
  return null;
}

function tryOpen(path: string): Fact<number> {
  try {
    return known(openSync(path, 'r'));
  } catch (error) {
    const errno = errnoOf(error);
    return absent(errno === 'EMFILE' || errno === 'ENFILE' ? errno : reasonOf(error));
  }
}

function isShortage(reason: string): boolean {
  return reason === 'EMFILE' || reason === 'ENFILE';
}

function readOpen<T>(fd: number, parse: (text: string) => T): Fact<T> {
  try {
    const bytes = readSync(fd, buffer, 0, buffer.length, 0);
    return known(parse(buffer.toString('latin1', 0, bytes)));
  } catch (error) {
    return absent(reasonOf(error));
  }
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // Closed already: nothing is left to do.
  }
}
