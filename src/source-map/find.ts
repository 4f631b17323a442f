/**
 * Finds the source map of a compiled file: inline, in a directory that somebody named, beside the file. The first one that fits is
 * taken; one that is there and does not fit is told.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { limits } from '../limits.ts';
import type { Script } from '../report/schema.ts';
import { decodeInline, isInline, sourceMapUrlOf } from './comment.ts';
import type { BoundedFiles } from './files.ts';
import { MapProblem } from './map-problem.ts';
import type { SourceMap } from './source-map.ts';

/** A compiled file, as far as it is known. */
export interface Compiled {
  /** As V8 names it. */
  readonly file: string;
  /** What ran; null: only its hash may be known. */
  readonly text: string | null;
  readonly sha256?: string;
  /** What its comment said, where the text is not known. */
  readonly sourceMapUrl?: string;
}

/** Where to look. */
export interface MapPlaces {
  readonly files: BoundedFiles;
  /** A directory with source maps, laid out like the program or flat. No link may be on the way to it. */
  readonly directory?: { readonly path: string; readonly files: BoundedFiles };
  /** False: a map beside the file counts only when the file there is the one that ran. */
  readonly trustsPlace: boolean;
}

export interface FoundMap {
  readonly script: Script;
  /** Null: there is none, or none that can be used. */
  readonly map: SourceMap | null;
  /** Where original files are read that the map does not hold. */
  readonly files?: BoundedFiles;
}

/** Levels of directories of a program that are tried below the directory with maps. */
const maxSuffixes = 12;

/** A map and what is there beside it. */
interface Candidate {
  readonly from: NonNullable<Script['sourceMap']>['from'];
  /** Where the map is; of an inline one, the compiled file. */
  readonly at: string;
  /** Where it would be beside the program: its sources are relative to that. */
  readonly belongsAt: string;
  readonly read: () => Promise<string | null>;
  readonly files: BoundedFiles;
  /** The compiled file that belongs to it. */
  readonly beside?: string;
}

export async function findSourceMap(compiled: Compiled, places: MapPlaces): Promise<FoundMap> {
  const { file, text } = compiled;
  const comment = text === null ? (compiled.sourceMapUrl ?? null) : sourceMapUrlOf(text);
  const sha256 = compiled.sha256 ?? (text === null ? undefined : hashOf(text));
  const script: Script = {
    file,
    ...(sha256 !== undefined && { sha256 }),
    ...(comment !== null && { sourceMapUrl: isInline(comment) ? 'data:' : comment }),
  };
  let problem: string | undefined;
  for (const candidate of candidatesOf(compiled, comment, places)) {
    const mapText = await candidate.read();
    if (mapText === null) continue;
    // Only now: most programs have no source map, and a dump should not wait for a library it does not need.
    const { SourceMap } = await import('./source-map.ts');
    try {
      const map = new SourceMap(mapText, candidate.belongsAt);
      await requireSame({ text, sha256 }, candidate, map, places.trustsPlace);
      const { from, at } = candidate;
      const where = { from, ...(from !== 'inline' && { path: at }), sha256: hashOf(mapText) };
      return { script: { ...script, sourceMap: where }, map, files: candidate.files };
    } catch (error) {
      if (!(error instanceof MapProblem)) throw error;
      problem ??= `${candidate.from === 'inline' ? 'the source map in it' : candidate.at} ${error.message}`;
    }
  }
  const late = places.files.isLate ? 'no time was left to look for its source map' : undefined;
  const told = problem ?? late;
  return { script: { ...script, ...(told !== undefined && { problem: told }) }, map: null };
}

function candidatesOf(
  { file, sourceMapUrl }: Compiled,
  comment: string | null,
  { files, directory, trustsPlace }: MapPlaces,
): Candidate[] {
  const inline = comment !== null && isInline(comment) && comment.length > 'data:'.length;
  const compiledPath = pathOf(file);
  const fileAt = (at: string, from: BoundedFiles): Pick<Candidate, 'at' | 'files' | 'read'> => ({
    at,
    files: from,
    read: async () =>
      (await from.read(at, limits.maxSourceMapBytes))?.bytes.toString('utf8') ?? null,
  });
  const candidates: Candidate[] = [];
  if (inline)
    candidates.push({
      from: 'inline',
      at: compiledPath ?? '/',
      belongsAt: compiledPath ?? '/',
      files,
      read: () => Promise.resolve(decodeInline(comment)),
    });
  if (compiledPath === null) return candidates;
  const named = mapPathOf(comment ?? sourceMapUrl ?? null, compiledPath);
  if (directory !== undefined)
    for (const place of suffixes(compiledPath)) {
      const beside = path.posix.join(directory.path, place);
      const names = [path.posix.basename(named ?? ''), `${path.posix.basename(place)}.map`];
      for (const name of new Set(names.filter((one) => one !== '')))
        candidates.push({
          from: 'directory',
          ...fileAt(path.posix.join(path.posix.dirname(beside), name), directory.files),
          belongsAt: compiledPath,
          beside,
        });
    }
  for (const at of new Set([named, `${compiledPath}.map`]))
    if (at !== null && (trustsPlace || comment !== 'data:'))
      candidates.push({
        from: 'beside',
        ...fileAt(at, files),
        belongsAt: at,
        beside: compiledPath,
      });
  return candidates;
}

/** Whether a map is of what ran. @throws MapProblem when it is not */
async function requireSame(
  { text, sha256 }: { readonly text: string | null; readonly sha256: string | undefined },
  { from, beside, files }: Candidate,
  map: SourceMap,
  trustsPlace: boolean,
): Promise<void> {
  const { requireFit } = await import('./fits.ts');
  if (from !== 'inline' && beside !== undefined) {
    const there = (await files.read(beside, limits.maxSourceChars * 2))?.bytes;
    const isSame = there === undefined ? null : hashOf(textOf(there)) === sha256;
    if (isSame === false && sha256 !== undefined)
      throw new MapProblem(
        'is of another build: the file that it belongs to is not the one that the process ran',
      );
    if (from === 'beside' && !trustsPlace && (isSame === null || sha256 === undefined))
      throw new MapProblem('may be of another build: the file that ran is not beside it');
    if (text === null && isSame === true && there !== undefined) {
      requireFit(map, textOf(there));
      return;
    }
  }
  if (text !== null) requireFit(map, text);
  // Decoded, so that what is wrong with it is known before any place is looked up.
  else map.trace(1, 1);
}

/** `/srv/app/dist/a.js` as `srv/app/dist/a.js`, `app/dist/a.js`, `dist/a.js`, `a.js`. */
function suffixes(file: string): string[] {
  const parts = file.split('/').filter((part) => part !== '');
  return parts.map((_, index) => parts.slice(index).join('/')).slice(-maxSuffixes);
}

/** Where the comment of a file says that its map is; null: nowhere that can be read. Nothing is ever fetched. */
function mapPathOf(url: string | null, compiledPath: string): string | null {
  if (url === null || isInline(url)) return null;
  if (/^[a-z][a-z\d+.-]*:/i.test(url)) return pathOf(url);
  const plain = url.replace(/[?#].*$/s, '');
  try {
    return path.posix.resolve(path.posix.dirname(compiledPath), decodeURIComponent(plain));
  } catch {
    return null;
  }
}

/** The path of a file as V8 names it; null when it is none. */
export function pathOf(file: string): string | null {
  if (file.startsWith('/')) return path.posix.normalize(file);
  try {
    return file.startsWith('file:') ? fileURLToPath(file) : null;
  } catch {
    return null;
  }
}

/** As V8 has it. */
export const textOf = (bytes: Buffer): string => bytes.toString('utf8').replace(/^\ufeff/, '');

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
