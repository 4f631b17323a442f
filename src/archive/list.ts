/** What an archive holds: names first, the index for what names do not tell, reports only where the index knows nothing. */
import { join } from 'node:path';
import type { ReportHeader } from '../encode/report-header.ts';
import { Catalog } from './catalog.ts';
import { type ParsedReportName, parseReportName, stemOf } from './file-name.ts';
import { type IndexFacts, factsOfLine, parseIndexLine } from './index-file.ts';
import { type OtherFile, notRegular } from './names.ts';
import {
  type SortKey,
  type Wanted,
  asksNames,
  isWantedByFacts,
  isWantedByName,
  needsFacts,
} from './select.ts';

/** One report of a listing. */
export interface ArchiveEntry extends ParsedReportName {
  readonly fileName: string;
  readonly stem: string;
  readonly path: string;
  readonly bytes: number;
  readonly isPinned: boolean;
  readonly hasNote: boolean;
  /** Undefined when the file cannot be read as a report; then `problem` says why. */
  readonly header: ReportHeader | undefined;
  readonly functions: readonly string[];
  readonly signature: string | undefined;
  readonly problem: string | undefined;
}

export interface Listing {
  /** Newest first. */
  readonly entries: readonly ArchiveEntry[];
  readonly skipped: readonly OtherFile[];
}

/** How a listing is asked for. */
export interface Query extends Wanted {
  readonly sort?: SortKey;
  readonly isReversed?: boolean;
  /** So many are looked at beyond what is needed to choose. */
  readonly limit?: number;
}

/** Reports that were chosen. The caller closes it. */
export interface Selection {
  /** Reports in the archive, and how many of them were chosen; of these the limit may show fewer. */
  readonly total: number;
  readonly count: number;
  /** In order, read as they are asked for. */
  readonly entries: () => AsyncGenerator<ArchiveEntry, void>;
  /** What is no report; those that are found to be none on the way are in it afterwards. */
  readonly skipped: readonly OtherFile[];
  /** Numbers and signatures, in order, of all that were chosen: for groups. */
  readonly signatures: () => Promise<readonly SignedReport[]>;
  readonly entry: (number: number) => Promise<ArchiveEntry | null>;
  readonly close: () => Promise<void>;
}

/** A report of a group. */
export interface SignedReport {
  readonly number: number;
  readonly fileName: string;
  /** Undefined when the report cannot be read. */
  readonly signature: string | undefined;
}

/**
 * Everything there is. What the index did not know, it knows afterwards, when this user may write.
 * @throws SleeperError ERR_SLEEPER_NO_SUCH_REPORT when the directory cannot be read
 */
export async function listArchive(directory: string): Promise<Listing> {
  const selection = await selectReports(directory, {});
  try {
    const entries: ArchiveEntry[] = [];
    for await (const entry of selection.entries()) entries.push(entry);
    return { entries, skipped: selection.skipped };
  } finally {
    await selection.close();
  }
}

/** Chooses reports. @throws SleeperError ERR_SLEEPER_NO_SUCH_REPORT when the directory cannot be read */
export async function selectReports(directory: string, query: Query): Promise<Selection> {
  const catalog = await Catalog.open(directory);
  try {
    const skipped = [...catalog.names.others];
    const { numbers, isFound } = await choose(catalog, query);
    const entry = (number: number): Promise<ArchiveEntry | null> =>
      readEntry(catalog, number, skipped);
    return {
      total: catalog.size,
      count: numbers.length,
      skipped,
      entry,
      entries: () => readEntries(catalog, numbers, query, isFound, entry),
      signatures: () => readSignatures(catalog, numbers),
      close: () => catalog.close(),
    };
  } catch (error) {
    await catalog.close();
    throw error;
  }
}

/** Numbers of what is wanted, in the order in which it is wanted. */
async function choose(
  catalog: Catalog,
  query: Query,
): Promise<{ readonly numbers: number[]; readonly isFound: boolean }> {
  const { sort = 'time', isReversed = false } = query;
  let numbers = Array.from({ length: catalog.size }, (_, number) => number);
  if (asksNames(query)) {
    numbers = numbers.filter((number) =>
      isWantedByName(catalog.nameOf(number), query, catalog.names),
    );
  }
  const isFound = needsFacts(query) || sort === 'size' || sort === 'kind';
  if (isFound) {
    const sizes = new Float64Array(catalog.size);
    const kinds = new Map<number, string>();
    const unwanted = new Set<number>();
    await catalog.find(numbers, (number, text) => {
      if (!isWantedByFacts(text, catalog.nameOf(number), query)) unwanted.add(number);
      if (sort === 'size') sizes[number] = sizeOf(text) ?? catalog.problemOf(number)?.bytes ?? 0;
      if (sort === 'kind') kinds.set(number, signatureIn(text)?.split(' ', 1)[0] ?? '');
    });
    numbers = numbers.filter((number) => !unwanted.has(number));
    if (sort === 'size') numbers.sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0));
    if (sort === 'kind')
      numbers.sort((a, b) => compareText(kinds.get(a) ?? '', kinds.get(b) ?? ''));
  }
  return { numbers: isReversed ? numbers.reverse() : numbers, isFound };
}

async function readSignatures(
  catalog: Catalog,
  numbers: readonly number[],
): Promise<readonly SignedReport[]> {
  const signatures = new Map<number, string>();
  await catalog.find(numbers, (number, text) => {
    const signature = signatureIn(text);
    if (signature !== undefined) signatures.set(number, signature);
  });
  return numbers
    .filter((number) => catalog.problemOf(number)?.problem !== notRegular)
    .map((number) => ({
      number,
      fileName: catalog.nameOf(number),
      signature: signatures.get(number),
    }));
}

/** Entries within one second, of which names do not tell the order, are read together. */
async function* readEntries(
  catalog: Catalog,
  numbers: readonly number[],
  { sort = 'time', isReversed = false, limit = Infinity }: Query,
  isFound: boolean,
  read: (number: number) => Promise<ArchiveEntry | null>,
): AsyncGenerator<ArchiveEntry, void> {
  let end = Math.min(limit, numbers.length);
  while (sort === 'time' && isSameSecond(catalog, numbers[end - 1], numbers[end])) end++;
  if (!isFound) await catalog.find(numbers.slice(0, end));
  let left = limit;
  for (let first = 0, next: number; first < end && left > 0; first = next) {
    next = first + 1;
    while (sort === 'time' && next < end && isSameSecond(catalog, numbers[first], numbers[next]))
      next++;
    const together: ArchiveEntry[] = [];
    for (const number of numbers.slice(first, next)) {
      const entry = await read(number);
      if (entry !== null) together.push(entry);
    }
    if (together.length > 1) {
      together.sort(byExactTime);
      if (isReversed) together.reverse();
    }
    for (const entry of together) if (left-- > 0) yield entry;
  }
}

/** Characters of a name that tell its second. */
const timeChars = '20261123T004831Z'.length;

function isSameSecond(catalog: Catalog, a: number | undefined, b: number | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return catalog.nameOf(a).slice(0, timeChars) === catalog.nameOf(b).slice(0, timeChars);
}

function byExactTime(a: ArchiveEntry, b: ArchiveEntry): number {
  return (
    compareText(b.header?.capturedAt ?? '', a.header?.capturedAt ?? '') ||
    compareText(b.fileName, a.fileName)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** @returns null for what only has the name of a report */
async function readEntry(
  catalog: Catalog,
  number: number,
  skipped: OtherFile[],
): Promise<ArchiveEntry | null> {
  const fileName = catalog.nameOf(number);
  const name = parseReportName(fileName);
  const path = join(catalog.directory, fileName);
  const trouble = catalog.problemOf(number);
  if (trouble?.problem === notRegular)
    skipped.push({ fileName, path, reason: 'not a regular file' });
  if (name === null || trouble?.problem === notRegular) return null;
  const text = await catalog.textOf(number);
  const facts: IndexFacts | null = text === undefined ? null : factsOfLine(text);
  const stem = stemOf(fileName);
  return {
    ...name,
    fileName,
    stem,
    path,
    bytes: sizeOf(text) ?? trouble?.bytes ?? 0,
    isPinned: catalog.names.isPinned(stem),
    hasNote: catalog.names.hasNote(stem),
    header: facts?.header,
    functions: facts?.functions ?? [],
    signature: signatureIn(text),
    problem: trouble?.problem,
  };
}

function signatureIn(text: string | undefined): string | undefined {
  const line = text === undefined ? null : parseIndexLine(text);
  return line !== null && 'stem' in line ? line.signature : undefined;
}

function sizeOf(text: string | undefined): number | undefined {
  const line = text === undefined ? null : parseIndexLine(text);
  return line !== null && 'stem' in line ? line.bytes : undefined;
}
