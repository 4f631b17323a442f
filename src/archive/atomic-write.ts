/**
 * A file that is there whole or not at all.
 *
 *   new:     .<name>.<random>.tmp   O_EXCL, 0600, being written
 *   synced:  the same, on the disk
 *   sealed:  <name>                 a link to it; link(2) never overwrites
 *   done:    the temporary name is gone, and the directory is on the disk
 *
 * Killed anywhere on the way it leaves at most a temporary file, which listings skip and pruning removes.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, lstat, open, rename, unlink } from 'node:fs/promises';
import { errnoOf } from './location.ts';
import type { SafeDirectory } from './location.ts';

/** @returns true for names that atomicWrite gives to what is not finished */
export function isTemporaryName(fileName: string): boolean {
  return /^\..*\.[0-9a-f]{16}\.tmp$/.test(fileName);
}

/**
 * Writes a file into the directory, on the disk when this returns. Piece by piece, as they come: should this process die, what
 * was handed to the kernel is in the unfinished file.
 * @returns bytes written
 * @throws the system's error, with nothing left behind: EEXIST when the name is taken (the file there is
 *         untouched), ENOSPC, EIO, EROFS, …
 */
export async function atomicWrite(
  directory: SafeDirectory,
  fileName: string,
  pieces: Iterable<Uint8Array>,
): Promise<number> {
  const temporary = directory.pathOf(`.${fileName}.${randomBytes(8).toString('hex')}.tmp`);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(temporary, flags, 0o600);
  let bytes = 0;
  try {
    try {
      await file.chmod(0o600); // whatever the umask left
      for (const piece of pieces) {
        await file.writeFile(piece); // from where it stands: one behind the other
        bytes += piece.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await publish(temporary, directory.pathOf(fileName));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  // Sealed and readable already. Some file systems cannot sync a directory, and there is nothing better to do.
  await directory.handle.sync().catch(() => undefined);
  return bytes;
}

/** Gives the finished file its name without ever taking the name from another. */
async function publish(temporary: string, final: string): Promise<void> {
  try {
    await link(temporary, final);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(errnoOf(error))) {
      throw error;
    }
    // A file system without hard links (vfat, some FUSE). Our names are random enough that nobody comes between.
    if (await isThere(final)) {
      throw Object.assign(new Error(`EEXIST: ${final}`, { cause: error }), { code: 'EEXIST' });
    }
    await rename(temporary, final);
    return;
  }
  await unlink(temporary).catch(() => undefined); // sealed all the same; pruning removes the second name
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => errnoOf(error) !== 'ENOENT',
  );
}
