/**
 * The directory of what saves work from one start to the next: $XDG_CACHE_HOME/sleeper (default ~/.cache), root's in
 * /var/cache/sleeper. Nothing depends on it.
 *
 * A file that somebody else could have written is not used: directories and files must be ours, closed to all others, no
 * links; both are opened first and looked at then, so that nothing can be exchanged in between. CommonJS, as the command uses it
 * before its first module is loaded.
 */
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { isAbsolute, join } from 'node:path';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
/** Bits of a mode that let others in. */
const forOthers = 0o077;
/** A file that is being written belongs to nobody any more after this time. */
const abandonedAfterMs = 3_600_000;
const unfinished = '.new';

/**
 * Calls with a path that leads to the open directory, whatever is renamed meanwhile.
 * @param part a directory below it; both are made where they are not there
 * @returns null when anything fails: not there, not permitted, full, read-only
 */
export function inCacheDirectory<T>(part: string | null, use: (directory: string) => T): T | null {
  const place = locate();
  if (place === null) return null;
  const open: number[] = [];
  const enter = (directory: string): string | null => {
    const fd = openDirectory(directory);
    open.push(fd);
    return isOurs(fstatSync(fd)) ? `/proc/self/fd/${fd}` : null;
  };
  try {
    const whole = enter(place);
    const directory = whole === null || part === null ? whole : enter(join(whole, part));
    return directory === null ? null : use(directory);
  } catch {
    return null;
  } finally {
    for (const fd of open) closeSync(fd);
  }
}

/** @returns null when it is not ours, or larger than that; throws when it is not there */
export function readOwnFile(file: string, maxBytes: number): Buffer | null {
  const fd = openSync(file, O_RDONLY | O_NOFOLLOW);
  try {
    const facts = fstatSync(fd);
    const isSound = facts.isFile() && isOurs(facts) && facts.nlink === 1 && facts.size <= maxBytes;
    return isSound ? readFileSync(fd) : null;
  } finally {
    closeSync(fd);
  }
}

/** Written beside it first, so that nobody ever reads half of it. */
export function replaceFile(directory: string, name: string, parts: readonly Uint8Array[]): void {
  const temporary = join(directory, `${name}.${process.pid}${unfinished}`);
  const fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    for (const part of parts) writeFileSync(fd, part);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, join(directory, name));
}

/** Removes what killed writers left, and the oldest files until so many are left. */
export function keepNewest(directory: string, maxFiles: number): void {
  const files = readdirSync(directory).flatMap((name) => {
    const file = join(directory, name);
    const facts = statSync(file, { throwIfNoEntry: false });
    return facts?.isFile() === true ? [{ file, writtenAtMs: facts.mtimeMs }] : [];
  });
  const isUnfinished = ({ file }: (typeof files)[number]): boolean => file.endsWith(unfinished);
  const abandoned = files.filter(
    (one) => isUnfinished(one) && Date.now() - one.writtenAtMs > abandonedAfterMs,
  );
  const whole = files
    .filter((one) => !isUnfinished(one))
    .sort((a, b) => b.writtenAtMs - a.writtenAtMs);
  for (const { file } of [...whole.slice(maxFiles), ...abandoned]) rmSync(file, { force: true });
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
  if (chosen !== undefined && isAbsolute(chosen)) return join(chosen, 'sleeper');
  if (user === 0) return '/var/cache/sleeper';
  return home !== undefined && isAbsolute(home) ? join(home, '.cache', 'sleeper') : null;
}

function isOurs({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  return uid === process.geteuid?.() && (mode & forOthers) === 0;
}
