/**
 * The names in an archive: which reports there are, what is pinned, what is no report. The directory is the truth; asking it is all that
 * a listing of a hundred thousand must do for each of them, so that nothing here makes an object of a name.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SleeperError } from '../errors.ts';
import { isTemporaryName } from './atomic-write.ts';
import { type ParsedReportName, isOwnName, isReportName, parseReportName } from './file-name.ts';
import { errnoOf } from './location.ts';
import { noteSuffix, pinSuffix } from './sidecars.ts';

/** What it says of a link, or a directory, that has the name of a report. */
export const notRegular = 'it is not a regular file';

/** What is in the directory but is no report. */
export interface OtherFile {
  readonly fileName: string;
  readonly path: string;
  readonly reason: 'unfinished' | 'foreign name' | 'twice' | 'not a regular file';
}

/** What the directory tells. */
export interface ArchiveNames {
  /** Files of reports, of each report one; newest first, within one second by name. */
  readonly fileNames: readonly string[];
  readonly others: readonly OtherFile[];
  readonly isPinned: (stem: string) => boolean;
  readonly hasNote: (stem: string) => boolean;
}

/**
 * Reads the names. A directory that is not there is an empty archive.
 * @throws SleeperError ERR_SLEEPER_NO_SUCH_REPORT when the directory cannot be read
 */
export async function readNames(directory: string): Promise<ArchiveNames> {
  const names = await readDirectoryNames(directory);
  names.sort(); // they begin with the time
  const fileNames: string[] = [];
  const others: OtherFile[] = [];
  const sidecars = new Set<string>();
  let previous = '';
  for (const fileName of names) {
    if (isReportName(fileName)) {
      // A writer died between compressing a report and removing the plain one: the plain one counts.
      if (fileName.endsWith('.gz') && fileName === `${previous}.gz`) {
        others.push({ fileName, path: join(directory, fileName), reason: 'twice' });
      } else fileNames.push(fileName);
      previous = fileName;
    } else if (fileName.endsWith(pinSuffix) || fileName.endsWith(noteSuffix)) {
      sidecars.add(fileName);
    } else if (!isOwnName(fileName)) {
      const reason = isTemporaryName(fileName) ? 'unfinished' : 'foreign name';
      others.push({ fileName, path: join(directory, fileName), reason });
    }
  }
  return {
    fileNames: fileNames.reverse(),
    others,
    isPinned: (stem) => sidecars.has(`${stem}${pinSuffix}`),
    hasNote: (stem) => sidecars.has(`${stem}${noteSuffix}`),
  };
}

/** A report by what its name tells. */
export type NamedReport = ParsedReportName & { readonly path: string };

/**
 * Reports of some processes, newest first, by their names alone: for those who wait for one, and ask again and again.
 * @param sinceMs wall clock, milliseconds since 1970
 * @throws SleeperError as readNames()
 */
export async function findByProcess(
  directory: string,
  pids: ReadonlySet<number>,
  sinceMs: number,
): Promise<NamedReport[]> {
  const { fileNames } = await readNames(directory);
  return fileNames.flatMap((fileName) => {
    const name = parseReportName(fileName);
    if (name === null || !pids.has(name.pid) || name.capturedAtMs < sinceMs) return [];
    return { ...name, path: join(directory, fileName) };
  });
}

async function readDirectoryNames(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === 'ENOENT') {
      return [];
    }
    throw new SleeperError(
      'ERR_SLEEPER_NO_SUCH_REPORT',
      `Cannot read the archive ${directory}: ${errno}.`,
      { directory, errno },
      { cause },
    );
  }
}
