/** The archive as a table. Pure. */
import { fitText, padText, paint, span } from './layout.ts';
import type { Line } from './layout.ts';
import { formatTime } from './units.ts';

/** One report in a table. */
export interface ListingRow {
  readonly capturedAt: string;
  readonly pid: number;
  readonly trigger: string;
  /** Kind of the verdict; or why there is none. */
  readonly verdict: string;
  readonly summary: string;
  readonly shortId: string;
}

/** Renders rows, newest first as given; the summary takes what the width leaves. Ends with a newline. */
export function renderListing(
  rows: readonly ListingRow[],
  options: { readonly color: boolean; readonly width: number },
): string {
  const titles = ['WHEN (UTC)', 'PID', 'WHY', 'VERDICT', 'SUMMARY', 'ID'];
  const cells = rows.map((row) => [
    formatTime(row.capturedAt).replace(/ UTC$/, ''),
    String(row.pid),
    span(row.trigger).text,
    span(row.verdict).text,
    span(row.summary).text,
    row.shortId,
  ]);
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...cells.map((line) => Math.min(20, (line[column] ?? '').length))),
  );
  const fixed = widths.reduce((sum, width, column) => sum + (column === 4 ? 0 : width + 2), 0);
  widths[4] = Math.max(10, options.width - fixed);
  const styles = ['plain', 'plain', 'dim', 'strong', 'plain', 'name'] as const;
  const toLine = (line: readonly string[], isTitle: boolean): Line =>
    line.map((cell, column) => {
      const isLast = column === titles.length - 1;
      const width = widths[column] ?? 0;
      const text = padText(fitText(cell, width), isLast ? width : width + 2);
      return span(text, isTitle ? 'dim' : (styles[column] ?? 'plain'));
    });
  return paint([toLine(titles, true), ...cells.map((line) => toLine(line, false))], options.color);
}
