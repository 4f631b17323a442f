/**
 * One look at a whole archive: every report with its size, signature and pin, what writers that died left, and what is not ours. Costs
 * time with the number of reports: pruning and checking do it, never the sealing of a report (rotation.ts).
 */
import { join } from 'node:path';
import { type ParsedReportName, parseReportName, stemOf } from './file-name.ts';
import { type IndexLine, parseIndexLine } from './index-file.ts';
import { IndexReader } from './index-reader.ts';
import type { SafeDirectory } from './location.ts';
import { lookInto } from './look-into.ts';
import { type OtherFile, readNames } from './names.ts';

/** A report file, as its name, the index and the directory tell. */
export interface ArchiveFile extends ParsedReportName {
  readonly fileName: string;
  /** The name without `.msgpack` and `.gz`: the same before and after compression. */
  readonly stem: string;
  readonly path: string;
  readonly isPinned: boolean;
  readonly hasNote: boolean;
  /** Absent when the index does not know the report. */
  readonly line?: IndexLine;
}

/** What a directory and its index tell, without opening a report. */
export interface Directory {
  /** Newest first. */
  readonly files: readonly ArchiveFile[];
  readonly others: readonly OtherFile[];
  /** Lines of the index, useless ones included. */
  readonly indexLines: number;
}

/**
 * Names and index. A directory that is not there is an empty archive.
 * @throws SleeperError ERR_SLEEPER_NO_SUCH_REPORT when the directory cannot be read
 */
export async function readDirectory(directory: string): Promise<Directory> {
  const { fileNames, others, isPinned, hasNote } = await readNames(directory);
  const lines = new Map<string, IndexLine | null>(fileNames.map((name) => [stemOf(name), null]));
  const reader = await IndexReader.open(directory);
  let indexLines: number;
  try {
    indexLines = await reader.walk(({ stem, text }) => {
      if (lines.get(stem) !== null) return true; // gone, or a newer line was there
      const line = parseIndexLine(text());
      if (line !== null && 'stem' in line) lines.set(stem, line);
      return true;
    });
  } finally {
    await reader.close();
  }
  const files = fileNames.flatMap((fileName) => {
    const name = parseReportName(fileName);
    const stem = stemOf(fileName);
    const line = lines.get(stem) ?? null;
    if (name === null) return [];
    return {
      ...name,
      fileName,
      stem,
      path: join(directory, fileName),
      isPinned: isPinned(stem),
      hasNote: hasNote(stem),
      ...(line !== null && { line }),
    };
  });
  return { files, others, indexLines };
}

/**
 * Looks into reports that the index does not know. With a directory to write to, the index knows them afterwards.
 * @returns the same files, in the same order, with a line wherever a report could be read
 */
export async function completeFromFiles(
  files: readonly ArchiveFile[],
  writeTo?: SafeDirectory,
): Promise<ArchiveFile[]> {
  const unknown = files.filter(({ line }) => line === undefined);
  const completed = new Map<string, IndexLine>();
  await lookInto(
    unknown.map(({ path }) => path),
    writeTo,
    (index, { text }) => {
      const line = text === undefined ? null : parseIndexLine(text);
      const stem = unknown[index]?.stem;
      if (line !== null && 'stem' in line && stem !== undefined) completed.set(stem, line);
    },
  );
  return files.map((file) => {
    const line = file.line ?? completed.get(file.stem);
    return line === undefined ? file : { ...file, line };
  });
}
