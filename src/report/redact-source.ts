/**
 * Source text without secrets, cut to what a report keeps. In this order: where the name of a secret is cut away, nothing tells
 * that what is left is one. Pure.
 */
import { cut, keptRange } from './excerpt.ts';
import type { Excerpt } from './schema.ts';
import { redactedText } from './secret-names.cts';
import { type RedactionTally, redactText } from './secrets.cts';

/** What is seen of a secret that ends where a text was cut may look otherwise than all of it; more than that is another text. */
const maxTornChars = 300;

/** @param column of the place, from 1, in the line as it was read */
export function redactSource(
  source: Excerpt,
  column: number | undefined,
  tally: RedactionTally,
): Excerpt {
  const { before, line, after, column: partColumn = column, length, ...rest } = source;
  // As one text: a key may go over several lines.
  const lines = redactText([...before, line, ...after].join('\n'), tally).split('\n');
  const shown = lines[before.length];
  const isWhole = length === undefined;
  const others = { before: lines.slice(0, before.length), after: lines.slice(before.length + 1) };
  const nothing = { ...rest, before: [], line: redactedText, after: [] };
  if (shown === undefined || others.after.length !== after.length) return nothing;

  const at = partColumn === undefined ? -1 : partColumn - 1;
  const isInside = at >= 0 && at <= line.length;
  const kept = isWhole ? { start: 0, end: line.length } : keptRange(line.length, isInside ? at : 0);
  const moved = movesIn(before, line, shown, tally);
  const start = moved(kept.start);
  const end = moved(kept.end);
  const place = isInside ? moved(at) : null;
  if (isWhole) {
    const isElsewhere = place !== null && place + 1 !== column;
    return { ...rest, ...others, line: shown, ...(isElsewhere && { column: place + 1 }) };
  }
  if (start === null || end === null) return { ...nothing, ...others, length };
  const part = cut(shown, place ?? start, { start, end: Math.max(start, end) });
  // It is longer now where a secret was shorter than what stands for it.
  const { text, at: partAt } = cut(part.text, part.at, keptRange(part.text.length, part.at));
  return {
    ...rest,
    ...others,
    line: text,
    ...(place !== null && { column: partAt + 1 }),
    length,
  };
}

/**
 * Where what stands at a place of a line is once secrets were taken out of it: what comes before it is redacted alone, and is then a
 * beginning of the whole.
 * @returns null when that cannot be told
 */
function movesIn(
  before: readonly string[],
  line: string,
  shown: string,
  tally: RedactionTally,
): (at: number) => number | null {
  if (shown === line) return (at) => at;
  const quiet = tally.twin();
  return (at) => {
    if (at === 0) return 0;
    if (at >= line.length) return shown.length;
    const head = redactText([...before, line.slice(0, at)].join('\n'), quiet).split('\n');
    const beginning = head[before.length];
    if (beginning === undefined || head.length !== before.length + 1) return null;
    const common = commonLength(beginning, shown);
    return beginning.length - common > maxTornChars ? null : common;
  };
}

/** Length of the beginning that two texts have in common. */
function commonLength(left: string, right: string): number {
  const most = Math.min(left.length, right.length);
  let length = 0;
  while (length < most && left.charCodeAt(length) === right.charCodeAt(length)) length++;
  return length;
}
