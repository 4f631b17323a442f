/**
 * Where reports are kept, and whether that place may be trusted. A report holds values of a program: nobody but its
 * owner may read it, and nobody may make us write or delete elsewhere by means of a link.
 */
import { constants as fileConstants } from 'node:fs';
import { lstat, mkdir, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { constants, homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { SleeperError } from '../errors.ts';

/**
 * The archive's directory: the option, SLEEPER_ARCHIVE, /var/lib/sleeper for root, $XDG_STATE_HOME/sleeper, in this order.
 * Never the working directory.
 * @param option value of `--archive`; relative to the working directory
 */
export function locateArchive(
  option: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
  uid: number = process.geteuid?.() ?? 0,
): string {
  const chosen = option ?? env['SLEEPER_ARCHIVE'];
  if (chosen !== undefined && chosen !== '') {
    return resolve(chosen);
  }
  if (uid === 0) {
    return '/var/lib/sleeper';
  }
  const stateHome = env['XDG_STATE_HOME'];
  // XDG base directories must be absolute; a relative one is to be ignored.
  return stateHome?.startsWith('/') === true
    ? join(stateHome, 'sleeper')
    : join(homedir(), '.local/state/sleeper');
}

/** An archive directory held open, so that what was checked is what is written to. */
export interface SafeDirectory {
  /** What messages call it. */
  readonly path: string;
  readonly handle: FileHandle;
  /** Path of a file in the directory, by way of the open descriptor: a renamed directory does not mislead us. */
  readonly pathOf: (fileName: string) => string;
}

/**
 * Opens the archive's directory for writing, creating it (0700) when it is not there. The caller closes the handle.
 * @throws SleeperError ERR_SLEEPER_ARCHIVE_UNSAFE when it is a link, not a directory, not ours or writable by others;
 *         ERR_SLEEPER_ARCHIVE_WRITE when it cannot be created
 */
export async function openSafeDirectory(path: string): Promise<SafeDirectory> {
  await createDirectory(path);
  let handle: FileHandle;
  try {
    handle = await open(
      path,
      fileConstants.O_RDONLY | fileConstants.O_DIRECTORY | fileConstants.O_NOFOLLOW,
    );
  } catch (cause) {
    throw await describeOpenFailure(path, cause);
  }
  try {
    const { uid, mode } = await handle.stat();
    const ourUid = process.geteuid?.() ?? 0;
    if (uid !== ourUid) {
      throw unsafe(path, `it belongs to user ${uid}, and this is user ${ourUid}`, { uid });
    }
    if ((mode & 0o022) !== 0) {
      const bits = (mode & 0o7777).toString(8).padStart(4, '0');
      throw unsafe(path, `others may write to it (mode ${bits})`, { mode: bits });
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  return { path, handle, pathOf: (fileName) => `/proc/self/fd/${handle.fd}/${fileName}` };
}

async function createDirectory(path: string): Promise<void> {
  try {
    await makeMissing(path);
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === 'EEXIST' || code === 'ENOTDIR') {
      return; // open() says what it is
    }
    throw new SleeperError(
      'ERR_SLEEPER_ARCHIVE_WRITE',
      `Cannot create the archive ${path}: ${code}.`,
      { path, errno: code },
      { cause },
    );
  }
}

/**
 * Like mkdir's `recursive`, which never returns where the parent is there and mkdir(2) says ENOENT all the same, as
 * in /proc (seen with Node 20.20).
 */
async function makeMissing(path: string): Promise<void> {
  try {
    await mkdir(path, 0o700);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || dirname(path) === path) {
      throw error;
    }
    await makeMissing(dirname(path)).catch((parentError: unknown) => {
      if (errnoOf(parentError) !== 'EEXIST') {
        throw parentError;
      }
    });
    await mkdir(path, 0o700);
  }
}

async function describeOpenFailure(path: string, cause: unknown): Promise<SleeperError> {
  const code = errnoOf(cause);
  if (code === 'ELOOP' || code === 'ENOTDIR') {
    const found = await lstat(path).catch(() => null);
    const what = found?.isSymbolicLink() === true ? 'a symbolic link' : 'no directory';
    return unsafe(path, `it is ${what}`, { errno: code }, cause);
  }
  if (code === 'EACCES') {
    return unsafe(path, 'this user may not open it (EACCES)', { errno: code }, cause);
  }
  return new SleeperError(
    'ERR_SLEEPER_ARCHIVE_WRITE',
    `Cannot open the archive ${path}: ${code}.`,
    { path, errno: code },
    { cause },
  );
}

function unsafe(
  path: string,
  reason: string,
  details: Record<string, unknown>,
  cause?: unknown,
): SleeperError {
  return new SleeperError(
    'ERR_SLEEPER_ARCHIVE_UNSAFE',
    `Cannot use ${path} as the archive: ${reason}.`,
    { path, ...details },
    cause === undefined ? {} : { cause },
  );
}

/** The system's name of an error, such as ENOSPC, or its message. libuv has no names for some that file systems give: EDQUOT, ESTALE. */
export function errnoOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code === undefined) return error.message;
  if (!code.startsWith('Unknown system error')) return code;
  return (
    Object.entries(constants.errno).find(([, number]) => number === -(errno ?? 0))?.[0] ?? code
  );
}
