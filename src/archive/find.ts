/** From the words people type to one report. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SleeperError } from '../errors.ts';
import { parseReportName, shortIdDigits, stemOf } from './file-name.ts';
import { selectReports } from './list.ts';
import { readNames } from './names.ts';
import { readHeader } from './read.ts';

/**
 * Finds one report's path.
 * @param selector `last`, the beginning of an id, a file name of the archive, or a path
 * @throws SleeperError ERR_SLEEPER_NO_SUCH_REPORT, ERR_SLEEPER_USAGE when several begin so
 */
export async function findReport(path: string, selector: string): Promise<string> {
  return selector.includes('/') ? resolve(selector) : (await findEntry(path, selector)).path;
}

/** A report of the archive, by its names. */
export interface FoundReport {
  readonly fileName: string;
  readonly stem: string;
  readonly shortId: string;
  readonly path: string;
}

/** The same, for what is done in the archive: never a path elsewhere. @throws SleeperError as findReport() */
export async function findInArchive(path: string, selector: string): Promise<FoundReport> {
  const found = await findEntry(path, selector.split('/').at(-1) ?? '');
  if ('stem' in found) return found;
  return failToFind(path, `${JSON.stringify(selector)} is not in the archive`);
}

async function findEntry(
  path: string,
  selector: string,
): Promise<FoundReport | { readonly path: string }> {
  if (selector === 'last') {
    return (await findLast(path)) ?? failToFind(path, 'The archive holds no report');
  }
  const { fileNames } = await readNames(path);
  // The name it was promised or listed under may have got a `.gz` since.
  const stem = stemOf(selector);
  const sameName = fileNames.find((name) => name.startsWith(stem) && stemOf(name) === stem);
  if (sameName !== undefined) {
    return toFound(path, sameName);
  }
  if (await isFile(selector)) {
    return { path: resolve(selector) };
  }
  const found = await findNamed(path, fileNames, selector.toLowerCase());
  const [first, second] = found;
  if (first === undefined) {
    failToFind(path, `No report has an id that begins with ${JSON.stringify(selector)}`);
  }
  if (second !== undefined) {
    throw new SleeperError(
      'ERR_SLEEPER_USAGE',
      `${found.length} reports have an id that begins with ${JSON.stringify(selector)}; give more of it.`,
      { selector, fileNames: found.slice(0, 20).map(({ fileName }) => fileName) },
    );
  }
  return first;
}

/** Reports with this id, or one that begins so. @throws SleeperError ERR_SLEEPER_NO_SUCH_REPORT when the directory cannot be read */
export async function findById(path: string, id: string): Promise<FoundReport[]> {
  return findNamed(path, (await readNames(path)).fileNames, id.toLowerCase());
}

/** Of one second the headers tell which is the newest. */
async function findLast(path: string): Promise<FoundReport | null> {
  const selection = await selectReports(path, { limit: 1 });
  try {
    for await (const { fileName } of selection.entries()) return toFound(path, fileName);
    return null;
  } finally {
    await selection.close();
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}

/** Names tell eight digits of an id; who gives more of it means one report, and that is looked into. */
async function findNamed(
  path: string,
  fileNames: readonly string[],
  selector: string,
): Promise<FoundReport[]> {
  const digits = selector.replaceAll('-', '');
  const short = /^[0-9a-f]+$/.test(digits) ? digits.slice(0, shortIdDigits) : selector;
  if (short === '') return [];
  const named = fileNames.flatMap((fileName) => {
    const found = toFound(path, fileName);
    return found.shortId.startsWith(short) ? found : [];
  });
  if (digits.length <= shortIdDigits) return named;
  const known = await Promise.all(
    named.map(async (found) => {
      const header = await readHeader(found.path, { followLinks: false }).catch(() => null);
      return header?.id.toLowerCase().replaceAll('-', '').startsWith(digits) === true ? found : [];
    }),
  );
  return known.flat();
}

function toFound(directory: string, fileName: string): FoundReport {
  const shortId = parseReportName(fileName)?.shortId ?? '';
  return { fileName, stem: stemOf(fileName), shortId, path: join(directory, fileName) };
}

function failToFind(path: string, problem: string): never {
  throw new SleeperError('ERR_SLEEPER_NO_SUCH_REPORT', `${problem} (${path}).`, { path });
}
