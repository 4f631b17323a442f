/**
 * One source map, read as what it is: text that somebody else wrote, perhaps for another build, perhaps to do harm. Nothing of it
 * is believed that was not looked at; what is wrong with it as a whole is a MapProblem, what is wrong with one place makes that place
 * unknown. Only the mappings are decoded by a library (@jridgewell/trace-mapping); paths, sections and bounds are ours.
 * Source: ECMA-426 (Source Map, revision 3).
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodedMappings, TraceMap, traceSegment } from '@jridgewell/trace-mapping';
import { limits } from '../limits.ts';
import { MapProblem } from './map-problem.ts';

/** A place before compilation. Line and column count from 1. */
export interface Traced {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The whole text of `file`, where the map holds it. */
  readonly content: string | null;
}

type Fields = Readonly<Record<string, unknown>>;

/** One section: a map by itself, from a place of the compiled file on. Counts from 0. */
interface Section {
  readonly line: number;
  readonly column: number;
  readonly fields: Fields;
}

export class SourceMap {
  readonly debugId: string | null;
  readonly #sections: readonly Section[];
  readonly #at: string;
  readonly #read = new Map<Section, FlatMap>();

  /**
   * @param at path of the map, which its sources are relative to; of an inline map, of the file it stands in
   * @throws MapProblem
   */
  constructor(text: string, at: string) {
    const fields = parseJson(text);
    this.#at = at;
    this.#sections = sectionsOf(fields);
    const id = fields['debugId'] ?? fields['debug_id'];
    this.debugId = typeof id === 'string' ? id : null;
  }

  /** Where a place of the compiled file came from; null: not told, or not there. @throws MapProblem */
  trace(line: number, column: number): Traced | null {
    const at = this.#segmentAt(line, column);
    return at === null ? null : at.map.placeOf(at.segment);
  }

  /** The name that stood where the compiled file has an identifier; null: the same one, or not told. @throws MapProblem */
  nameAt(line: number, column: number): string | null {
    const at = this.#segmentAt(line, column);
    return at === null || at.segment[0] !== at.column ? null : at.map.nameOf(at.segment);
  }

  /** All that is mapped, in the order of the compiled file; counts from 0. @throws MapProblem */
  *segments(): Generator<{ line: number; column: number; traced: () => Traced | null }> {
    for (const section of this.#sections) {
      const map = this.#open(section);
      for (const [line, segments] of map.lines().entries())
        for (const segment of segments)
          yield {
            line: section.line + line,
            column: (segment[0] ?? 0) + (line === 0 ? section.column : 0),
            traced: () => (segment.length === 4 ? map.placeOf(segment) : null),
          };
    }
  }

  #segmentAt(
    line: number,
    column: number,
  ): { readonly map: FlatMap; readonly segment: Segment; readonly column: number } | null {
    if (!Number.isSafeInteger(line) || !Number.isSafeInteger(column)) return null;
    if (line < 1 || column < 1) return null;
    const section = this.#sections.findLast(
      (one) => one.line < line - 1 || (one.line === line - 1 && one.column <= column - 1),
    );
    if (section === undefined) return null;
    const row = line - 1 - section.line;
    const inside = column - 1 - (row === 0 ? section.column : 0);
    const map = this.#open(section);
    const segment = map.segmentAt(row, inside);
    return segment === null ? null : { map, segment, column: inside };
  }

  #open(section: Section): FlatMap {
    let map = this.#read.get(section);
    if (map === undefined) {
      map = new FlatMap(section.fields, this.#at);
      this.#read.set(section, map);
    }
    return map;
  }
}

/** `[column, source, line, column, name]` as in the file, from 0. */
type Segment = readonly number[];

/** A map without sections. */
class FlatMap {
  readonly #map: TraceMap;
  readonly #sources: readonly unknown[];
  readonly #names: readonly unknown[];
  readonly #contents: readonly unknown[];
  readonly #root: string;
  readonly #at: string;

  constructor(fields: Fields, at: string) {
    const { mappings } = fields;
    if (typeof mappings !== 'string') throw new MapProblem('has no mappings');
    checkMappings(mappings);
    this.#sources = listIn(fields, 'sources');
    this.#names = listIn(fields, 'names');
    this.#contents = listIn(fields, 'sourcesContent');
    this.#root = typeof fields['sourceRoot'] === 'string' ? fields['sourceRoot'] : '';
    this.#at = at;
    // Sources are resolved here, one by one and as they are asked for.
    this.#map = new TraceMap({ version: 3, sources: [], names: [], mappings });
  }

  segmentAt(line: number, column: number): Segment | null {
    return traceSegment(this.#map, line, column);
  }

  /** By line. */
  lines(): readonly (readonly Segment[])[] {
    return decodedMappings(this.#map);
  }

  placeOf([, source = -1, line = -1, column = -1]: Segment): Traced | null {
    const named = this.#sources[source];
    if (typeof named !== 'string' || line < 0 || column < 0) return null;
    const file = resolveSource(named, this.#root, this.#at);
    if (file === null) return null;
    const content = this.#contents[source];
    return {
      file,
      line: line + 1,
      column: column + 1,
      content: typeof content === 'string' ? content : null,
    };
  }

  nameOf(segment: Segment): string | null {
    const name = this.#names[segment[4] ?? -1];
    // A name is an identifier; what is none would only confuse.
    return typeof name === 'string' &&
      /^[\p{ID_Start}$_#][\p{ID_Continue}$.\u200c\u200d]{0,200}$/u.test(name)
      ? name
      : null;
  }
}

function parseJson(text: string): Fields {
  if (text.length > limits.maxSourceMapBytes) throw new MapProblem('is too large to be read');
  let parsed: unknown;
  try {
    // A first line that makes it no script, as the specification allows.
    parsed = JSON.parse(text.startsWith(")]}'") ? text.slice(text.indexOf('\n') + 1) : text);
  } catch {
    throw new MapProblem('is not JSON');
  }
  if (!isFields(parsed)) throw new MapProblem('is not a source map');
  if (Number(parsed['version']) !== 3) throw new MapProblem('is not a source map of version 3');
  return parsed;
}

function sectionsOf(fields: Fields): Section[] {
  const { sections } = fields;
  if (sections === undefined) return [{ line: 0, column: 0, fields }];
  if (!Array.isArray(sections)) throw new MapProblem('has sections that are none');
  if (sections.length > limits.maxMapSections) throw new MapProblem('has too many sections');
  let last = { line: 0, column: -1 };
  return sections.map((section: unknown) => {
    const { offset, map } = isFields(section) ? section : {};
    const { line, column } = isFields(offset) ? offset : {};
    if (!isIndex(line) || !isIndex(column)) throw new MapProblem('has a section without a place');
    if (line < last.line || (line === last.line && column <= last.column))
      throw new MapProblem('has sections in disorder');
    last = { line, column };
    // One that names another map by address could name itself.
    if (!isFields(map) || map['sections'] !== undefined)
      throw new MapProblem('has a section that holds no plain map');
    return { line, column, fields: map };
  });
}

function checkMappings(mappings: string): void {
  if (mappings.length > limits.maxMappingsChars) throw new MapProblem('has too many mappings');
  let lines = 1;
  for (let at = mappings.indexOf(';'); at >= 0; at = mappings.indexOf(';', at + 1)) lines++;
  if (lines > limits.maxMapLines) throw new MapProblem('maps too many lines');
  if (!/^[A-Za-z0-9+/,;]*$/.test(mappings)) throw new MapProblem('has mappings that are none');
}

/** A path where it is one on this kind of machine; other addresses as they are. */
function resolveSource(source: string, root: string, at: string): string | null {
  if (source.length + root.length > limits.maxMapNameChars) return null;
  const joined =
    root === '' || isAbsolute(source) ? source : `${root.replace(/\/$/, '')}/${source}`;
  if (joined.startsWith('file:')) {
    try {
      return fileURLToPath(joined);
    } catch {
      return null;
    }
  }
  if (/^[a-z][a-z\d+.-]*:/i.test(joined)) return joined;
  return path.posix.resolve('/', path.posix.dirname(at), joined);
}

const isAbsolute = (source: string): boolean =>
  source.startsWith('/') || /^[a-z][a-z\d+.-]*:/i.test(source);

const isIndex = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function listIn(fields: Fields, key: string): readonly unknown[] {
  const list = fields[key];
  return Array.isArray(list) ? list : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
