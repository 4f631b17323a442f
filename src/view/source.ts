/** The source line of a frame, with the place marked. */
import type { Frame } from '../report/schema.ts';
import { displayWidth, fitText, span } from './layout.ts';
import type { Line } from './layout.ts';
import { sourceOf } from './model/origin.ts';

/** Lines shown around the marked one. */
const contextLines = 2;

/**
 * ```
 *     41 |   for (;;) {
 *   > 42 |     attempt += items.length;
 *        |                ^
 * ```
 * @param withContext false gives the marked line alone
 */
export function sourceLines(
  frame: Frame,
  withContext: boolean,
  indent: number,
  width: number,
): Line[] {
  const shown = sourceOf(frame);
  if (shown === undefined) return [];
  const { source, line: number, column } = shown;
  const before = withContext ? source.before.slice(-contextLines) : [];
  const after = withContext ? source.after.slice(0, contextLines) : [];
  const numberWidth = String(number + after.length).length;
  const room = Math.max(20, width - indent - numberWidth - 6);
  const shift = commonIndent([...before, source.line, ...after]);
  const plainLine = (text: string, lineNumber: number): Line => [
    span(`${' '.repeat(indent + 2)}${String(lineNumber).padStart(numberWidth)} | `, 'dim'),
    span(fitText(showTabs(text.slice(shift), room), room), 'dim'),
  ];
  const marked = windowAround(source.line.slice(shift), (column ?? 1) - 1 - shift, room);
  const lines: Line[] = before.map((text, i) => plainLine(text, number - before.length + i));
  lines.push([
    span(`${' '.repeat(indent)}> `, 'strong'),
    span(`${String(number).padStart(numberWidth)} | `, 'dim'),
    span(marked.text, 'strong'),
  ]);
  if (withContext && column !== undefined && marked.caret !== null) {
    const gutter = `${' '.repeat(indent + 2 + numberWidth)} | `;
    lines.push([span(gutter, 'dim'), span(`${' '.repeat(marked.caret)}^`, 'strong')]);
  }
  lines.push(...after.map((text, i) => plainLine(text, number + 1 + i)));
  return lines;
}

/** Cuts a long (minified) line to a window in which the marked column is seen. `caret` is a display column. */
function windowAround(
  line: string,
  column: number,
  room: number,
): { text: string; caret: number | null } {
  const isInside = column >= 0 && column < line.length;
  // A little behind the column should be seen; what stands before it is worth more.
  const start =
    line.length > room && isInside && column > room - 12 ? column - Math.floor(room * 0.6) : 0;
  const head = start > 0 ? '…' : '';
  const text = fitText(head + showTabs(line.slice(start), room * 2), room);
  if (!isInside) {
    return { text, caret: null };
  }
  const caret = displayWidth(head + showTabs(line.slice(start, column), room * 2));
  return { text, caret: caret < room ? caret : null };
}

/** Tabs as two spaces, the rest escaped, so that columns can be counted. */
function showTabs(text: string, maxChars: number): string {
  return text
    .slice(0, maxChars)
    .split('\t')
    .map((part) => span(part).text)
    .join('  ');
}

function commonIndent(lines: readonly string[]): number {
  const indents = lines
    .filter((line) => line.trim() !== '')
    .map((line) => line.length - line.trimStart().length);
  return indents.length === 0 ? 0 : Math.min(...indents);
}
