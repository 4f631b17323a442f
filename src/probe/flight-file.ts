/**
 * The file of a process's flight recorder. Found by its mapping while the process lives, and held open, so that it can be
 * read after the end from whatever mount namespace, and although its name is gone.
 */
import fs from 'node:fs';
import path from 'node:path';
import { requireNative } from '../native.ts';
import { readFact } from './fact.ts';
import type { ProcessEnd } from './process-end.ts';
import { describeExitStatus } from './process-end.ts';
import { type FlightRecord, flightFileBytes, flightState, parseFlight } from './flight-layout.ts';

/** `…-… rw-s … /run/sleeper/4711-12345.flight`, with ` (deleted)` when its name is gone. */
const mapping = /^\S+ rw-s .*? (\/[^\n]*\/\d+-\d+\.flight)( \(deleted\))?$/m;

/** Path of a process's recorder as the process sees it; null when it has none, or its name is gone. */
export function findFlightPath(pid: number): string | null {
  const maps = readFact(`/proc/${pid}/maps`, (text) => mapping.exec(text));
  if (!maps.known || maps.value === null || maps.value[2] !== undefined) return null;
  return maps.value[1] ?? null;
}

/** What the recorder of a living process tells; null when it carries no agent, or may not be read. */
export function readFlight(pid: number): FlightRecord | null {
  const file = openFlight(pid);
  if (file === null) return null;
  try {
    return file.read();
  } finally {
    file.close();
  }
}

/** An open recorder, for the time after its process. */
export class FlightFile {
  readonly #fd: number;
  readonly #path: string;
  /** -1: the kernel is too old. */
  readonly #pidfd: number;

  constructor(fd: number, filePath: string, pidfd: number) {
    this.#fd = fd;
    this.#path = filePath;
    this.#pidfd = pidfd;
  }

  /** Twice, so that what is being written right now is told apart. */
  read(): FlightRecord | null {
    const first = Buffer.alloc(flightFileBytes);
    const second = Buffer.alloc(flightFileBytes);
    try {
      if (fs.readSync(this.#fd, first, 0, first.length, 0) !== first.length) return null;
      if (fs.readSync(this.#fd, second, 0, second.length, 0) !== second.length) return null;
    } catch {
      return null;
    }
    return parseFlight(first, second);
  }

  /** How the process ended, by the kernel's word; null while it lives or is not collected, or where the kernel does not tell. */
  readEnd(): ProcessEnd | null {
    const status = this.#pidfd < 0 ? -1 : requireNative().readExitStatus(this.#pidfd);
    return status < 0 ? null : describeExitStatus(status);
  }

  /** True: the report of its end is ours to make, and nobody else will make it. */
  claim(): boolean {
    try {
      const state = Buffer.alloc(4);
      fs.readSync(this.#fd, state, 0, 4, flightState.offset);
      // Without a name somebody else has made the report and put the file away.
      if (state.readUInt32LE() !== flightState.open || fs.fstatSync(this.#fd).nlink === 0)
        return false;
      state.writeUInt32LE(flightState.claimed);
      return fs.writeSync(this.#fd, state, 0, 4, flightState.offset) === 4;
    } catch {
      return false;
    }
  }

  /** Removes the file once its report is made; when it cannot be seen from here, the next start of an agent there does. */
  remove(): void {
    try {
      const [own, named] = [fs.fstatSync(this.#fd), fs.statSync(this.#path)];
      if (own.ino === named.ino && own.dev === named.dev) fs.unlinkSync(this.#path);
    } catch {
      // Gone already, or of another mount namespace.
    }
  }

  close(): void {
    fs.closeSync(this.#fd);
    if (this.#pidfd >= 0) fs.closeSync(this.#pidfd);
  }
}

/** Opens the recorder of a living process; null when it has none, or may not be read. */
export function openFlight(pid: number): FlightFile | null {
  const found = findFlightPath(pid);
  if (found === null) return null;
  const fd = openFile(`/proc/${pid}/root${found}`);
  return fd === null ? null : new FlightFile(fd, found, requireNative().openProcess(pid));
}

/** Opens the recorder that a vanished process has left behind; null when it cannot be read. */
export function openAbandonedFlight(directory: string, name: string): FlightFile | null {
  const file = path.join(directory, path.basename(name));
  const fd = openFile(file);
  return fd === null ? null : new FlightFile(fd, file, -1);
}

function openFile(file: string): number | null {
  try {
    return fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_NOFOLLOW);
  } catch {
    return null;
  }
}
