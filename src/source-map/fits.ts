/**
 * Does a source map belong to a text? A map of another build is worse than none. What can be told: its debug id, whether all that
 * it maps is there in the text, and whether identifiers of the text stand in the original where the map says they came from.
 */
import { debugIdOf } from './comment.ts';
import { MapProblem } from './map-problem.ts';
import type { SourceMap } from './source-map.ts';

/** Identifiers compared; the same number of them for maps of all sizes. */
const maxSamples = 400;
/** Fewer say nothing. */
const minSamples = 20;
/**
 * Compilers write some words of their own where a word of the original stood. Of their own texts' identifiers that the map names no
 * other name for, tsc keeps over 80 %, esbuild over 90 %; of another build's text a tenth agrees by chance.
 */
const minAgreement = 0.3;

/** @throws MapProblem when it belongs to another text */
export function requireFit(map: SourceMap, text: string): void {
  const debugId = debugIdOf(text);
  if (debugId !== null && map.debugId !== null && debugId !== map.debugId)
    throw new MapProblem('is of another build: its debug id is another one');
  const lines = text.split('\n');
  let samples = 0;
  let agreed = 0;
  let count = 0;
  const total = countSegments(map, lines);
  const step = Math.max(1, Math.floor(total / maxSamples / 4));
  const originals = new Map<string, readonly string[]>();
  for (const { line, column, traced } of map.segments()) {
    if (count++ % step !== 0 || samples >= maxSamples) continue;
    const word = wordAt(lines[line] ?? '', column);
    const place = word === null ? null : traced();
    if (word === null || place?.content == null) continue;
    let original = originals.get(place.file);
    if (original === undefined) {
      original = place.content.split('\n');
      originals.set(place.file, original);
    }
    samples++;
    if (wordAt(original[place.line - 1] ?? '', place.column - 1) === word) agreed++;
  }
  if (samples >= minSamples && agreed < samples * minAgreement)
    throw new MapProblem(
      `is of another build: of ${samples} words of the program only ${agreed} stand where it says they came from`,
    );
}

/** @throws MapProblem when something is mapped that the text does not have */
function countSegments(map: SourceMap, lines: readonly string[]): number {
  let total = 0;
  for (const { line, column } of map.segments()) {
    total++;
    const length = lines[line]?.length;
    // A column may stand behind the last character.
    if (length === undefined || column > length)
      throw new MapProblem('is of another build: it maps places that the program does not have');
  }
  return total;
}

/** An identifier of some length that begins at a column. */
function wordAt(line: string, column: number): string | null {
  const rest = line.slice(column, column + 80);
  const isInside = column > 0 && /[\w$]/.test(line.charAt(column - 1));
  return isInside ? null : (/^[A-Za-z_$][\w$]{2,}/.exec(rest)?.[0] ?? null);
}
