/**
 * Source text for people: the line of a place and those around it. A bundle may be one line of a megabyte: of such a line the part
 * around the place. It is cut twice, since it can only be redacted where the name of a secret is still in the text: first widely,
 * when it is read, then, when secrets are out of it, to what a report keeps. Pure.
 */
import type { Excerpt } from './schema.ts';

/** Characters of one source line kept in the report. */
export const maxLineChars = 240;
/** Lines shown before and after that of the place. */
const linesAround = 2;
/** What stands where something was cut. */
const cutMark = '…';
/** Of a cut line so much stands before the place, and the rest behind it: what led to a call says more than what follows. */
const shareBefore = 0.6;

/** Characters before and behind what a report keeps that are looked at for secrets. */
const redactedBefore = 2_000;
const redactedBehind = 300;
/** A long string is looked at from its name on: a key of 4,096 bits has some 3,300 characters. */
const maxStringChars = 20_000;
const nameChars = 200;

interface Range {
  readonly start: number;
  readonly end: number;
}

/** A part of a line, and where a place is in it, from 0. */
interface Part {
  readonly text: string;
  readonly at: number;
}

/**
 * What is read of a source text, to be redacted: a long line is cut, but more of it is there than a report keeps.
 * @param lineAt the text of a line, by its number from 1
 * @param column from 1
 * @returns null when there is no such line
 */
export function excerptOf(
  lineAt: (number: number) => string | undefined,
  line: number,
  column: number | undefined,
): Excerpt | null {
  const text = lineAt(line);
  if (text === undefined) return null;
  const others = (first: number): string[] =>
    Array.from({ length: linesAround }, (_, index) => lineAt(first + index))
      .filter((other) => other !== undefined)
      .map((other) => other.slice(0, maxLineChars));
  return {
    ...wideLine(text, column),
    before: others(line - linesAround),
    after: others(line + 1),
  };
}

function wideLine(
  text: string,
  column: number | undefined,
): Pick<Excerpt, 'line' | 'column' | 'length'> {
  const { length } = text;
  if (length <= maxLineChars) return { line: text };
  const isInside = column !== undefined && column >= 1 && column <= length + 1;
  const place = isInside ? column - 1 : 0;
  const kept = keptRange(length, place);
  const wide = cut(text, place, {
    start: startBefore(text, kept.start),
    end: Math.min(length, kept.end + redactedBehind),
  });
  return { line: wide.text, length, ...(isInside && { column: wide.at + 1 }) };
}

/** Where to begin so that secrets behind `start` have their names before them. */
function startBefore(text: string, start: number): number {
  const near = Math.max(0, start - redactedBefore);
  if (/["'`]/.test(text.slice(near + nameChars, start))) return near;
  // Without a quote near by, it may be inside of a long string.
  const before = text.slice(Math.max(0, start - maxStringChars), start);
  const quote = Math.max(...['"', "'", '`'].map((one) => before.lastIndexOf(one)));
  return quote < 0 ? near : Math.max(0, Math.min(near, start - before.length + quote - nameChars));
}

/** The part of a line that a report keeps: all of it, or what is around the place. */
export function keptRange(length: number, at: number): Range {
  if (length <= maxLineChars) return { start: 0, end: length };
  const room = maxLineChars - 2 * cutMark.length;
  const start = Math.max(0, Math.min(at - Math.floor(room * shareBefore), length - room));
  return { start, end: start + room };
}

/** A range of a text, with marks where something was cut; no character is torn. */
export function cut(text: string, at: number, range: Range): Part {
  const start = isInsidePair(text, range.start) ? range.start + 1 : range.start;
  const end = isInsidePair(text, range.end) ? range.end - 1 : range.end;
  const head = start > 0 ? cutMark : '';
  const tail = end < text.length ? cutMark : '';
  return { text: head + text.slice(start, end) + tail, at: at - start + head.length };
}

/** Between the two units of one character. */
function isInsidePair(text: string, at: number): boolean {
  const pair = text.slice(Math.max(0, at - 1), at + 1);
  return at > 0 && /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(pair);
}

/** A place of a source text, with what may be known of it. */
interface Placed {
  readonly line?: number;
  readonly column?: number;
  readonly source?: Excerpt;
}

/** `:42`, with the column where the line alone says nothing, since it is a long one: `:2:81234`. Empty when it is not known. */
export function lineWords({ line, column, source }: Placed): string {
  if (line === undefined) return '';
  const isLong = source?.length !== undefined || (column ?? 0) > maxLineChars;
  return isLong && column !== undefined ? `:${line}:${column}` : `:${line}`;
}
