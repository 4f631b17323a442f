/**
 * Text with styles, wrapped to a width. The only way to make a span is `span()`, and it sanitizes: nothing that a
 * report says can reach the terminal as a control sequence.
 */
import { sanitize } from '../report/sanitize.ts';

/** How a piece of text is meant; never told by colour alone. */
export type Style =
  'plain' | 'strong' | 'dim' | 'name' | 'value' | 'place' | 'alarm' | 'calm' | 'heading' | 'match';

/** A piece of one line. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** One line of output, without its end. */
export type Line = readonly Span[];

const escapeSequence: Readonly<Record<Style, string>> = {
  plain: '',
  strong: '\x1b[1m',
  dim: '\x1b[2m',
  name: '\x1b[36m',
  value: '',
  place: '\x1b[33m',
  // Badges, with a space at each end: inverse video shows in every palette, to every eye; without colour brackets do.
  alarm: '\x1b[1;7m',
  calm: '\x1b[7m',
  heading: '\x1b[1;4m',
  match: '\x1b[7m',
};

/** Makes a piece of text, escaped and cut to `maxChars`. */
export function span(text: string, style: Style = 'plain', maxChars?: number): Span {
  return { text: sanitize(text, maxChars), style };
}

/** Joins lines to text that ends with a newline. */
export function paint(lines: readonly Line[], color: boolean): string {
  return lines.map((line) => `${paintLine(line, color)}\n`).join('');
}

function paintLine(line: Line, color: boolean): string {
  const end = line.findLastIndex((piece) => piece.text.trimEnd() !== '');
  const text = line.slice(0, end + 1).map((piece, index) => {
    return paintSpan(index === end ? { ...piece, text: piece.text.trimEnd() } : piece, color);
  });
  return text.join('').replaceAll('\u00a0', ' ');
}

function paintSpan({ text, style }: Span, color: boolean): string {
  if (!color) {
    return style === 'alarm' || style === 'calm' ? `[${text.trim()}]` : text;
  }
  const start = escapeSequence[style];
  return start === '' || text.trim() === '' ? text : `${start}${text}\x1b[0m`;
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const ascii = /^[\x20-\x7e]*$/;

/** Columns that text takes on a terminal. */
export function displayWidth(text: string): number {
  if (ascii.test(text)) {
    return text.length;
  }
  let width = 0;
  for (const character of text) {
    width += /\p{M}/u.test(character) ? 0 : wide.test(character) ? 2 : 1;
  }
  return width;
}

/** Columns that a line takes. */
export function lineWidth(line: Line): number {
  return line.reduce((sum, piece) => sum + displayWidth(piece.text), 0);
}

export interface WrapOptions {
  readonly width: number;
  /** Columns before the first line. */
  readonly indent?: number;
  /** Columns before the others; `indent` when absent. */
  readonly hanging?: number;
  /** Further lines are cut, with `…`. */
  readonly maxLines?: number;
}

/** Breaks a run of spans into lines: at spaces where it can, within a word where a word is longer than a line. */
export function wrap(spans: Line, options: WrapOptions): Line[] {
  const { width, indent = 0, hanging = indent, maxLines = Number.POSITIVE_INFINITY } = options;
  const lines: Span[][] = [[]];
  let column = indent;
  let isFresh = true;
  const startLine = (): void => {
    lines.push([]);
    column = hanging;
    isFresh = true;
  };
  for (const { text, style } of spans) {
    for (const word of text.split(/(?<= )(?=[^ ])/)) {
      let rest = word;
      if (!isFresh && column + displayWidth(rest.trimEnd()) > width) {
        startLine();
      }
      while (column + displayWidth(rest.trimEnd()) > width) {
        const head = takeColumns(rest, Math.max(1, width - column));
        lines.at(-1)?.push({ text: head, style });
        rest = rest.slice(head.length);
        startLine();
      }
      if (rest !== '') {
        lines.at(-1)?.push({ text: rest, style });
        column += displayWidth(rest);
        isFresh = false;
      }
      if (lines.length > maxLines) {
        return indentLines(cutLines(lines, maxLines, width - hanging), indent, hanging);
      }
    }
  }
  return indentLines(lines, indent, hanging);
}

function indentLines(lines: readonly Span[][], indent: number, hanging: number): Line[] {
  return lines.map((line, index) => [span(' '.repeat(index === 0 ? indent : hanging)), ...line]);
}

function cutLines(lines: readonly Span[][], maxLines: number, width: number): Span[][] {
  const kept = lines.slice(0, maxLines);
  const last = kept.at(-1) ?? [];
  return [...kept.slice(0, -1), [...fitLine(last, width - 1), span('…', 'dim')]];
}

/** Cuts a line to a width without a mark. */
function fitLine(line: Line, width: number): Span[] {
  const fitted: Span[] = [];
  let left = width;
  for (const piece of line) {
    const text = takeColumns(piece.text, left);
    left -= displayWidth(text);
    fitted.push({ text, style: piece.style });
  }
  return fitted;
}

/** The longest beginning of a text that fits into so many columns; whole characters, at least one. */
function takeColumns(text: string, columns: number): string {
  let taken = '';
  let width = 0;
  for (const character of text) {
    width += displayWidth(character);
    if (width > columns && taken !== '') {
      break;
    }
    taken += character;
  }
  return columns <= 0 ? '' : taken;
}

/** Cuts text to a width, with `…` where something is lost. */
export function fitText(text: string, width: number): string {
  return displayWidth(text) <= width ? text : `${takeColumns(text, width - 1)}…`;
}

/** Pads text with spaces to a width. */
export function padText(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}
