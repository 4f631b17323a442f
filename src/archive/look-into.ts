/**
 * Looks into reports that the index does not know. Apart from what lists them: reading reports is much code, and a listing
 * whose index is whole needs none of it.
 */
import { lstat } from 'node:fs/promises';
import { SleeperError } from '../errors.ts';
import { stemOf } from './file-name.ts';
import { appendToIndex, formatIndexLine } from './index-file.ts';
import { type SafeDirectory, errnoOf } from './location.ts';
import { notRegular } from './names.ts';
import { readFacts } from './read.ts';

/** Reports looked into at a time: enough to keep the thread pool busy, few enough for every descriptor limit. */
const filesAtOnce = 16;
/** Reports looked into until the index is told: what is done is done when we are killed. */
const filesAtATime = 512;

/** What a look into a report gives: its line for the index, or why there is none. */
export type Insight =
  | { readonly text: string; readonly problem?: undefined }
  | { readonly text?: undefined; readonly problem: string; readonly bytes: number };

/** Looks into reports, and tells the index. @param tell called for each path, by its position */
export async function lookInto(
  paths: readonly string[],
  writeTo: SafeDirectory | undefined,
  tell: (index: number, insight: Insight) => void,
): Promise<void> {
  for (let start = 0; start < paths.length; start += filesAtATime) {
    const some = paths.slice(start, start + filesAtATime);
    const insights: Insight[] = [];
    for (let first = 0; first < some.length; first += filesAtOnce) {
      insights.push(...(await Promise.all(some.slice(first, first + filesAtOnce).map(look))));
    }
    for (const [index, insight] of insights.entries()) tell(start + index, insight);
    const lines = insights.flatMap(({ text }) => text ?? []);
    if (writeTo !== undefined) await appendToIndex(writeTo, lines.reverse());
  }
}

async function look(path: string): Promise<Insight> {
  let bytes = 0;
  try {
    const stats = await lstat(path);
    bytes = stats.size;
    if (!stats.isFile()) return { problem: notRegular, bytes: 0 };
    const facts = await readFacts(path, { followLinks: false });
    return {
      text: formatIndexLine(stemOf(path.slice(path.lastIndexOf('/') + 1)), bytes, '', facts),
    };
  } catch (error) {
    if (!(error instanceof SleeperError) && errnoOf(error) !== 'ENOENT') throw error;
    return { problem: (error as Error).message, bytes };
  }
}
