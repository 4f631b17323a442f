/**
 * Reads the index (index-file.ts) from its end to its beginning, a block at a time: newest lines first, so that the first line
 * of a report is the one that counts, and whoever wants only the newest reports reads only the last block. Lines of reports that are gone
 * ask for nothing: the directory says what is there.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../limits.ts';
import { indexName, parseIndexLine } from './index-file.ts';

const blockBytes = 1 << 20;
const newline = 0x0a;
const tab = 0x09;
const minus = 0x2d;

/** A line of a report, while it is looked at. */
export interface LineInSight {
  readonly stem: string;
  /** Where it stands. */
  readonly offset: number;
  readonly length: number;
  readonly text: () => string;
}

/** An index held open; one that is missing, a link, too large or another user's is empty. */
export class IndexReader {
  readonly bytes: number;
  readonly #file: FileHandle | null;
  readonly #block = Buffer.allocUnsafeSlow(blockBytes);
  /** What the block holds. */
  #from = 0;
  #to = 0;

  private constructor(file: FileHandle | null, bytes: number) {
    this.#file = file;
    this.bytes = bytes;
  }

  /** @param directory of the archive; the caller closes the reader */
  static async open(directory: string): Promise<IndexReader> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(join(directory, indexName), flags).catch(() => null);
    if (file === null) return new IndexReader(null, 0);
    const { size, uid } = await file.stat();
    const isOurs = uid === process.geteuid?.() || uid === 0;
    if (isOurs && size <= limits.maxIndexBytes) return new IndexReader(file, size);
    await file.close();
    return new IndexReader(null, 0);
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  /**
   * Shows lines of reports, the newest first.
   * @param visit called for each; false: that was enough
   * @returns how many lines there were, useless ones included
   */
  async walk(visit: (line: LineInSight) => boolean): Promise<number> {
    let end = this.bytes;
    let lines = 0;
    while (end > 0) {
      const start = Math.max(0, end - blockBytes);
      await this.#load(start, end);
      const block = this.#block;
      // The first line of a block may begin before it: it is read again with the block before.
      const mark = start === 0 ? 0 : block.indexOf(newline) + 1;
      // A block without the end of a line before its own is nothing that we wrote.
      const first = mark < end - start ? mark : 0;
      let lineEnd = end - start;
      while (lineEnd > first) {
        const before = lineEnd < 2 ? -1 : block.lastIndexOf(newline, lineEnd - 2);
        const lineStart = Math.max(first, before + 1);
        const line = lineAt(block, lineStart, lineEnd, start);
        if (line !== null) lines += 1;
        if (line !== null && line.stem !== '' && !visit(line)) return lines;
        lineEnd = lineStart;
      }
      end = start + first;
    }
    return lines;
  }

  /** The text of a line that walk() showed. */
  async read(offset: number, length: number): Promise<string> {
    if (offset < this.#from || offset + length > this.#to) {
      // Others that are wanted next stand before it, mostly.
      const end = Math.min(this.bytes, offset + length);
      await this.#load(Math.max(0, end - blockBytes), end);
    }
    return this.#block.toString('utf8', offset - this.#from, offset - this.#from + length);
  }

  async #load(from: number, to: number): Promise<void> {
    this.#from = from;
    this.#to = from;
    while (this.#to < to && this.#file !== null) {
      const at = this.#to - from;
      const { bytesRead } = await this.#file.read(this.#block, at, to - this.#to, this.#to);
      if (bytesRead === 0) {
        this.#block.fill(newline, at, to - from); // cut by somebody meanwhile
        this.#to = to;
      } else this.#to += bytesRead;
    }
  }
}

/** Newest lines of some reports, as they stand in the index; those that were asked for and are not there are absent. */
export async function readLines(
  directory: string,
  stems: readonly string[],
): Promise<Map<string, string>> {
  const wanted = new Set(stems);
  const lines = new Map<string, string>();
  const reader = await IndexReader.open(directory);
  try {
    await reader.walk(({ stem, text }) => {
      if (wanted.has(stem) && parseIndexLine(text()) !== null) {
        wanted.delete(stem);
        lines.set(stem, text());
      }
      return wanted.size > 0;
    });
  } finally {
    await reader.close();
  }
  return lines;
}

/** @returns null for an empty line; one that tells of no report has no stem */
function lineAt(block: Buffer, start: number, end: number, offset: number): LineInSight | null {
  const last = block[end - 1] === newline ? end - 1 : end;
  if (last <= start) return null;
  const text = (): string => block.toString('utf8', start, last);
  const stemEnd = block[start] === minus ? -1 : block.indexOf(tab, start);
  const stem = stemEnd === -1 || stemEnd >= last ? '' : block.toString('latin1', start, stemEnd);
  return { stem, offset: offset + start, length: last - start, text };
}
