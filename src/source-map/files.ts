/**
 * Files that the program, or its source maps, name. Whoever wrote those chose the names: a device that never answers, a link to a
 * file of secrets, a file of terabytes. So only plain files of bounded size are read, through no symbolic link, in bounded time.
 */
import { constants } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import path from 'node:path';

export interface ReadFile {
  readonly bytes: Buffer;
  readonly modifiedAtMs: number;
}

/** Names of files with source text: what a map may make us read. */
const sourceName = /\.(?:[cm]?[jt]sx?|vue|svelte|astro|coffee|res|civet)$/i;
/** Directories looked at upwards for the project that a file belongs to. */
const maxUpwards = 32;

/** Files as one process sees them. */
export class BoundedFiles {
  readonly #root: string;
  readonly #endsAtMs: number;
  readonly #projects = new Map<string, Promise<string>>();

  /**
   * @param root what stands before the paths: `/proc/PID/root` of a process in a container
   * @param endsAtMs performance.now() after which nothing more is read
   */
  constructor(root: string, endsAtMs: number) {
    this.#root = root;
    this.#endsAtMs = endsAtMs;
  }

  get isLate(): boolean {
    return performance.now() >= this.#endsAtMs;
  }

  /** Null: it is not there, is no plain file, is too large, a link leads to it, or time is over. */
  async read(file: string, maxBytes: number): Promise<ReadFile | null> {
    const leftMs = this.#endsAtMs - performance.now();
    if (leftMs <= 0 || !file.startsWith('/') || file.includes('\0')) return null;
    const reading = this.#read(path.posix.normalize(file), maxBytes).catch(() => null);
    let timer: NodeJS.Timeout | undefined;
    // A file system whose server is gone answers never.
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, leftMs, null);
    });
    const read = await Promise.race([reading, late]);
    clearTimeout(timer);
    return read;
  }

  /**
   * The same for the text of a program before compilation, named by a map: only what has the name of source text and belongs to
   * the same project, the nearest directory above the map with a package.json, else its own.
   */
  async readOriginal(file: string, mapPath: string, maxBytes: number): Promise<ReadFile | null> {
    if (!sourceName.test(file) || !file.startsWith('/')) return null;
    const start = path.posix.dirname(mapPath);
    let project = this.#projects.get(start);
    if (project === undefined) {
      project = this.#projectOf(start);
      this.#projects.set(start, project);
    }
    const inside = path.posix.relative(await project, path.posix.normalize(file));
    return inside === '' || inside.startsWith('..') ? null : this.read(file, maxBytes);
  }

  async #projectOf(start: string): Promise<string> {
    let directory = start;
    for (let steps = 0; steps < maxUpwards && directory !== '/'; steps++) {
      if ((await this.read(path.posix.join(directory, 'package.json'), 1 << 20)) !== null)
        return directory;
      directory = path.posix.dirname(directory);
    }
    return start;
  }

  async #read(file: string, maxBytes: number): Promise<ReadFile | null> {
    // Most of what is looked for is not there.
    if (!(await lstat(this.#root + file)).isFile()) return null;
    // The kernel would follow a container's absolute link into our own files.
    let seen = this.#root;
    for (const part of file.split('/').slice(1)) {
      seen = `${seen}/${part}`;
      if ((await lstat(seen)).isSymbolicLink()) return null;
    }
    const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
    const before = await lstat(seen);
    const handle = await open(seen, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    try {
      const stats = await handle.stat();
      const isSame = stats.ino === before.ino && stats.dev === before.dev;
      if (!isSame || !stats.isFile() || stats.size > maxBytes) return null;
      const bytes = Buffer.alloc(stats.size);
      const { bytesRead } = await handle.read(bytes, 0, stats.size, 0);
      return { bytes: bytes.subarray(0, bytesRead), modifiedAtMs: stats.mtimeMs };
    } finally {
      await handle.close();
    }
  }
}

/** A directory without links on the way to it; null: it is not there. */
export async function realDirectory(directory: string): Promise<string | null> {
  return realpath(directory).catch(() => null);
}
