/**
 * Small files that save work from one start to the next: $XDG_CACHE_HOME/sleeper (default ~/.cache), root's in
 * /var/cache/sleeper. Nothing depends on them; whatever is wrong with one, it is as if it were not there.
 *
 * A file that somebody else could have written is not used: the directory and the file must be ours, closed to all others, no
 * links; both are opened first and looked at then, so that nothing can be exchanged in between. The content names what it
 * is for, and carries its SHA-256: a file cut short, or another one's put in its place, is deleted.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import nodeModule from 'node:module';
import path from 'node:path';
import { limits } from '../../limits.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
/** Bits of a mode that let others in. */
const forOthers = 0o077;
const extension = '.cache';
/** Where Node keeps what it compiled of us. */
const codeName = 'code';
/** A file that is being written belongs to nobody any more after this time. */
const abandonedAfterMs = 3_600_000;

/** @param key what the content is for, in full: other keys never get it. @returns null when there is none */
export function readCacheFile(key: string): unknown {
  return inDirectory((directory) => {
    const file = path.join(directory, nameOf(key));
    const fd = openSync(file, O_RDONLY | O_NOFOLLOW);
    try {
      const facts = fstatSync(fd);
      const isSound =
        facts.isFile() && isOurs(facts) && facts.nlink === 1 && facts.size <= limits.maxCacheBytes;
      const content = isSound ? parseContent(readFileSync(fd, 'utf8'), key) : null;
      if (content === null) rmSync(file, { force: true });
      return content;
    } finally {
      closeSync(fd);
    }
  });
}

/** Keeps a value that JSON can hold. Does nothing where that cannot be done safely. */
export function writeCacheFile(key: string, value: unknown): void {
  const body = JSON.stringify({ key, value });
  if (body.length > limits.maxCacheBytes) return;
  inDirectory((directory) => {
    const temporary = path.join(directory, `${nameOf(key)}.${process.pid}.new`);
    const fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      writeFileSync(fd, `${digestOf(body)}\n${body}`);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path.join(directory, nameOf(key)));
    prune(directory);
    return null;
  });
}

/**
 * Has Node keep what it compiles of our program beside these files, where it can (module.enableCompileCache(), Node.js 22 and
 * later): the next start compiles nothing of it again. What it finds there it runs; so the directory must be ours like
 * theirs, and is named by a descriptor that stays open, whatever is renamed meanwhile.
 */
export function keepCompiledCode(): void {
  const { enableCompileCache } = nodeModule as { enableCompileCache?: (place: string) => unknown };
  if (enableCompileCache === undefined) return;
  const fd = inDirectory((directory) => {
    const code = openDirectory(path.join(directory, codeName));
    if (isOurs(fstatSync(code))) return code;
    closeSync(code);
    return null;
  });
  if (fd !== null) enableCompileCache(`/proc/self/fd/${fd}`);
}

function nameOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 32) + extension;
}

function digestOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}

function parseContent(text: string, key: string): unknown {
  const end = text.indexOf('\n');
  const body = text.slice(end + 1);
  if (end < 0 || digestOf(body) !== text.slice(0, end)) return null;
  const content = JSON.parse(body) as { key: unknown; value: unknown };
  return content.key === key ? content.value : null;
}

/** Calls with a path that leads to the open directory, whatever is renamed meanwhile. @returns null when anything fails */
function inDirectory<T>(use: (directory: string) => T): T | null {
  const place = locate();
  if (place === null) return null;
  let fd: number | null = null;
  try {
    fd = openDirectory(place);
    const facts = fstatSync(fd);
    return facts.isDirectory() && isOurs(facts) ? use(`/proc/self/fd/${fd}`) : null;
  } catch {
    // Not there, not permitted, full, read-only: everything works without it.
    return null;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

function openDirectory(place: string): number {
  const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
  try {
    return openSync(place, flags);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(place, { recursive: true, mode: 0o700 });
    return openSync(place, flags);
  }
}

/** Null: nowhere; also for a program that runs with the rights of another user than the one who called it. */
function locate(): string | null {
  const { XDG_CACHE_HOME: chosen, HOME: home } = process.env;
  const user = process.geteuid?.();
  if (user === undefined || user !== process.getuid?.()) return null;
  if (chosen !== undefined && path.isAbsolute(chosen)) return path.join(chosen, 'sleeper');
  if (user === 0) return '/var/cache/sleeper';
  return home !== undefined && path.isAbsolute(home) ? path.join(home, '.cache', 'sleeper') : null;
}

function isOurs({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  return uid === process.geteuid?.() && (mode & forOthers) === 0;
}

/** The oldest go first, and what a killed writer left. */
function prune(directory: string): void {
  const files = readdirSync(directory).flatMap((name) => {
    const file = path.join(directory, name);
    const facts = statSync(file, { throwIfNoEntry: false });
    return facts?.isFile() === true ? [{ file, writtenAtMs: facts.mtimeMs }] : [];
  });
  const isLeft = ({ file, writtenAtMs }: (typeof files)[number]) =>
    !file.endsWith(extension) && Date.now() - writtenAtMs > abandonedAfterMs;
  const kept = files
    .filter(({ file }) => file.endsWith(extension))
    .sort((a, b) => b.writtenAtMs - a.writtenAtMs);
  for (const { file } of [...kept.slice(limits.maxCacheFiles), ...files.filter(isLeft)])
    rmSync(file, { force: true });
  pruneCode(path.join(directory, codeName));
}

/** Node has a directory for each of its versions, and never removes what an earlier version of ours left there. */
function pruneCode(directory: string): void {
  if (!existsSync(directory)) return;
  for (const name of readdirSync(directory)) {
    const own = path.join(directory, name);
    if (readdirSync(own).length > limits.maxCodeFiles)
      rmSync(own, { recursive: true, force: true });
  }
}
