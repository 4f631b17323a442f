/** The archive as a table. Pure. */
import { displayWidth, fitText, padText, paint, span } from './layout.ts';
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

/** Widest of the columns that are not the summary. */
const maxCellWidth = 26;
const titles = ['WHEN (UTC)', 'PID', 'WHAT', 'SUMMARY', 'ID'];
const styles = ['plain', 'plain', 'strong', 'plain', 'name'] as const;
const summaryColumn = 3;

/** Renders rows in the given order; the summary takes what the width leaves. Ends with a newline. */
export function renderListing(
  rows: readonly ListingRow[],
  options: { readonly color: boolean; readonly width: number },
): string {
  const cells = rows.map((row) => [
    fitText(span(formatTime(row.capturedAt).replace(/:\d\d UTC$/, '')).text, 16),
    String(row.pid),
    span(row.trigger === row.verdict ? row.verdict : `${row.trigger}: ${row.verdict}`).text,
    span(row.summary).text,
    row.shortId,
  ]);
  const widths = titles.map((title, column) =>
    Math.max(
      title.length,
      ...cells.map((line) => Math.min(maxCellWidth, displayWidth(line[column] ?? ''))),
    ),
  );
  const gaps = 2 * (titles.length - 1);
  const taken = widths.reduce((sum, width, i) => sum + (i === summaryColumn ? 0 : width), gaps);
  widths[summaryColumn] = Math.max(10, options.width - taken);
  const toLine = (line: readonly string[], isTitle: boolean): Line =>
    line.map((cell, column) => {
      const width = widths[column] ?? 0;
      const isLast = column === titles.length - 1;
      const text = padText(fitText(cell, width), isLast ? 0 : width + 2);
      return span(text, isTitle ? 'dim' : (styles[column] ?? 'plain'));
    });
  return paint([toLine(titles, true), ...cells.map((line) => toLine(line, false))], options.color);
}
