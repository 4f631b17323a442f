/** `--grep`: the lines that match, below the lines they belong to. Whose line is whose is told by indentation. */
import { span } from './layout.ts';
import type { Line, Span } from './layout.ts';

/** Lines looked back for what a line belongs to. */
const maxLookBack = 5_000;

/** @param pattern without the flags g and y */
export function grepLines(lines: readonly Line[], pattern: RegExp): Line[] {
  const texts = lines.map((line) => line.map(({ text }) => text).join(''));
  const kept = new Set<number>();
  const hits = new Set<number>();
  for (const [index, text] of texts.entries()) {
    if (!pattern.test(text)) continue;
    hits.add(index);
    keepWithOwners(index, texts, kept);
  }
  const shown: Line[] = [];
  let previous = -1;
  for (const index of [...kept].sort((a, b) => a - b)) {
    const line = lines[index] ?? [];
    if (shown.length > 0 && isHeading(texts[index] ?? '')) shown.push([]);
    else if (previous >= 0 && index > previous + 1) shown.push([span('  ⋮', 'dim')]);
    shown.push(hits.has(index) ? highlight(line, pattern) : line);
    previous = index;
  }
  return shown;
}

const indentOf = (text: string): number => text.length - text.trimStart().length;
const isHeading = (text: string): boolean => text !== '' && indentOf(text) === 0;

function keepWithOwners(index: number, texts: readonly string[], kept: Set<number>): void {
  kept.add(index);
  let indent = indentOf(texts[index] ?? '');
  for (let above = index - 1; above >= Math.max(0, index - maxLookBack) && indent > 0; above--) {
    const text = texts[above] ?? '';
    if (text.trim() === '' || indentOf(text) >= indent) continue;
    indent = indentOf(text);
    if (kept.has(above)) return; // what stands above it is kept already
    kept.add(above);
  }
}

function highlight(line: Line, pattern: RegExp): Line {
  return line.flatMap(({ text, style }): Span[] => {
    const match = pattern.exec(text);
    if (match === null || match[0] === '') return [{ text, style }];
    const end = match.index + match[0].length;
    return [
      { text: text.slice(0, match.index), style },
      { text: match[0], style: 'match' },
      { text: text.slice(end), style },
    ];
  });
}
