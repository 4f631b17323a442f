/**
 * What people keep beside a report: a pin (`<stem>.pin`, an empty file) and remarks (`<stem>.note`, one JSON object a line). A report itself
 * never changes.
 */
import { constants } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { SleeperError } from '../errors.ts';
import { limits } from '../limits.ts';
import { type SafeDirectory, errnoOf, openSafeDirectory } from './location.ts';

/** One remark. */
export interface Note {
  /** RFC 3339. */
  readonly at: string;
  /** Login name of who wrote it. */
  readonly by: string;
  readonly text: string;
}

export const pinSuffix = '.pin';
export const noteSuffix = '.note';

/** Pins a report, or unpins it. @throws SleeperError ERR_SLEEPER_ARCHIVE_UNSAFE, ERR_SLEEPER_ARCHIVE_WRITE */
export async function setPin(path: string, stem: string, isPinned: boolean): Promise<void> {
  await inDirectory(path, stem, async (directory) => {
    const name = directory.pathOf(`${stem}${pinSuffix}`);
    if (isPinned) {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
      const file = await open(name, flags, 0o600);
      await file.close();
      await directory.handle.sync().catch(() => undefined);
      return;
    }
    await unlink(name).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
    });
  });
}

/** Adds a remark. @throws SleeperError ERR_SLEEPER_ARCHIVE_UNSAFE, ERR_SLEEPER_ARCHIVE_WRITE */
export async function addNote(path: string, stem: string, note: Note): Promise<void> {
  await inDirectory(path, stem, async (directory) => {
    const flags =
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
    const file = await open(directory.pathOf(`${stem}${noteSuffix}`), flags, 0o600);
    try {
      await file.write(`${JSON.stringify(note)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

/** The remarks on a report, oldest first. */
export async function readNotes(path: string, stem: string): Promise<Note[]> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(`${path}/${stem}${noteSuffix}`, flags).catch(() => null);
  if (file === null) return [];
  try {
    const buffer = Buffer.alloc(limits.maxNoteBytes);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.toString('utf8', 0, bytesRead).split('\n').flatMap(parseNote);
  } finally {
    await file.close();
  }
}

function parseNote(line: string): Note[] {
  try {
    const { at, by, text } = JSON.parse(line) as Record<string, unknown>;
    return typeof text === 'string' ? [{ at: String(at), by: String(by), text }] : [];
  } catch {
    return [];
  }
}

async function inDirectory(
  path: string,
  stem: string,
  act: (directory: SafeDirectory) => Promise<void>,
): Promise<void> {
  const directory = await openSafeDirectory(path);
  try {
    await act(directory);
  } catch (cause) {
    const errno = errnoOf(cause);
    throw new SleeperError(
      'ERR_SLEEPER_ARCHIVE_WRITE',
      `Cannot write beside the report ${stem} in ${path}: ${errno}.`,
      { path, stem, errno },
      { cause },
    );
  } finally {
    await directory.handle.close();
  }
}
