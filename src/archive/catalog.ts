/**
 * The reports of an archive by number, 0 the newest, and what the index tells of each. A hundred thousand reports have an index of
 * 60 MB: kept is only where in it each line stands.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { stemOf } from './file-name.ts';
import { parseIndexLine } from './index-file.ts';
import { IndexReader } from './index-reader.ts';
import { openSafeDirectory } from './location.ts';
import { type ArchiveNames, readNames } from './names.ts';
import type { Insight } from './look-into.ts';

/** Told of a report: its line of the index, or why there is none. */
export type Visit = (number: number, text: string | undefined) => void;

/** An archive that is looked at. */
export class Catalog {
  readonly directory: string;
  readonly names: ArchiveNames;
  readonly #reader: IndexReader;
  readonly #offsets: Float64Array;
  /** 0: not found so far. */
  readonly #lengths: Uint32Array;
  /** Of reports that the index did not know. */
  readonly #insights = new Map<number, Insight>();

  private constructor(directory: string, names: ArchiveNames, reader: IndexReader) {
    this.directory = directory;
    this.names = names;
    this.#reader = reader;
    this.#offsets = new Float64Array(names.fileNames.length);
    this.#lengths = new Uint32Array(names.fileNames.length);
  }

  /**
   * Reads the names; the caller closes.
   * @throws SleeperError ERR_SLEEPER_NO_SUCH_REPORT when the directory cannot be read
   */
  static async open(directory: string): Promise<Catalog> {
    const names = await readNames(directory);
    return new Catalog(directory, names, await IndexReader.open(directory));
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  get size(): number {
    return this.names.fileNames.length;
  }

  nameOf(number: number): string {
    return this.names.fileNames[number] ?? '';
  }

  /**
   * Finds what is told of some reports; looks into those of which nothing is, and tells the index, when this user may write.
   * @param visit called once for each, in any order
   */
  async find(numbers: readonly number[], visit: Visit = () => undefined): Promise<void> {
    const wanted = new Map(numbers.map((number) => [stemOf(this.nameOf(number)), number]));
    if (wanted.size > 0) {
      await this.#reader.walk((line) => {
        const number = wanted.get(line.stem);
        if (number === undefined) return true;
        const text = line.text();
        if (parseIndexLine(text) === null) return true;
        wanted.delete(line.stem);
        this.#offsets[number] = line.offset;
        this.#lengths[number] = line.length;
        visit(number, text);
        return wanted.size > 0;
      });
    }
    if (wanted.size > 0) await this.#lookInto([...wanted.values()], visit);
  }

  /** The line of the index on a report that find() found. */
  async textOf(number: number): Promise<string | undefined> {
    const length = this.#lengths[number] ?? 0;
    if (length === 0) return this.#insights.get(number)?.text;
    return this.#reader.read(this.#offsets[number] ?? 0, length);
  }

  /** Why a report cannot be read, and its size; undefined for those that can. */
  problemOf(number: number): { readonly problem: string; readonly bytes: number } | undefined {
    const insight = this.#insights.get(number);
    return insight?.problem === undefined ? undefined : insight;
  }

  async #lookInto(numbers: readonly number[], visit: Visit): Promise<void> {
    const paths = numbers.map((number) => join(this.directory, this.nameOf(number)));
    const { lookInto } = await import('./look-into.ts');
    const isThere = await lstat(this.directory).catch(() => null);
    const writeTo =
      isThere === null ? undefined : await openSafeDirectory(this.directory).catch(() => undefined);
    try {
      await lookInto(paths, writeTo, (index, insight) => {
        const number = numbers[index];
        if (number === undefined) return;
        this.#insights.set(number, insight);
        visit(number, insight.text);
      });
    } finally {
      await writeTo?.handle.close();
    }
  }
}
