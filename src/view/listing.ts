/** The archive as a table. Pure. */
import { displayWidth, fitText, padText, paint, span } from './layout.ts';
import type { Line } from './layout.ts';
import { formatTime } from './model/units.ts';

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
/** Narrowest, on a terminal that has no room for the columns. */
const minCellWidth = 4;
const titles = ['WHEN (UTC)', 'PID', 'WHAT', 'SUMMARY', 'ID'];
const summaryColumn = 3;

/** Renders rows in the given order; the summary takes what the width leaves. Ends with a newline. */
export function renderListing(
  rows: readonly ListingRow[],
  options: { readonly color: boolean; readonly width: number },
): string {
  const cells = rows.map((row) => [
    minutesOf(row.capturedAt),
    String(row.pid),
    span(row.trigger === row.verdict ? row.verdict : `${row.trigger}: ${row.verdict}`).text,
    firstLine(row.summary),
    row.shortId,
  ]);
  return renderTable(titles, cells, summaryColumn, options);
}

/** One trouble in a table. */
export interface GroupRow {
  readonly count: number;
  /** RFC 3339. */
  readonly first: string;
  readonly last: string;
  readonly what: string;
  readonly summary: string;
  readonly shortId: string;
}

/** Narrower, the summary has more need of the room than the first time. */
const minGroupWidth = 100;
const groupTitles = ['TIMES', 'FIRST (UTC)', 'LAST (UTC)', 'WHAT', 'SUMMARY', 'NEWEST'];

/** Renders groups in the given order. Ends with a newline. */
export function renderGroups(
  rows: readonly GroupRow[],
  options: { readonly color: boolean; readonly width: number },
): string {
  const isNarrow = options.width < minGroupWidth;
  const titlesShown = groupTitles.filter((title) => !isNarrow || title !== 'FIRST (UTC)');
  const cells = rows.map((row) => [
    String(row.count),
    ...(isNarrow ? [] : [minutesOf(row.first)]),
    minutesOf(row.last),
    span(row.what).text,
    firstLine(row.summary),
    row.shortId,
  ]);
  return renderTable(titlesShown, cells, titlesShown.indexOf('SUMMARY'), options);
}

function minutesOf(rfc3339: string): string {
  return fitText(span(formatTime(rfc3339).replace(/:\d\d UTC$/, '')).text, 16);
}

/** A report is a row, however many lines its program's words have. */
function firstLine(text: string): string {
  return span(/^[^\r\n]*/.exec(text.trimStart())?.[0] ?? '').text;
}

/** Takes from the widest cells what a narrow terminal has no room for; never from the id, by which one asks for more. */
function narrow(widths: number[], tooMany: number): void {
  for (let left = tooMany; left > 0; left--) {
    const widest = Math.max(...widths.slice(0, -1));
    if (widest <= minCellWidth) return;
    widths[widths.indexOf(widest)] = widest - 1;
  }
}

/** @param flexible column that takes what the width leaves */
function renderTable(
  titles: readonly string[],
  cells: readonly (readonly string[])[],
  flexible: number,
  options: { readonly color: boolean; readonly width: number },
): string {
  const widths = titles.map((title, column) =>
    cells.reduce(
      (widest, line) => Math.max(widest, Math.min(maxCellWidth, displayWidth(line[column] ?? ''))),
      title.length,
    ),
  );
  const gaps = 2 * (titles.length - 1);
  const taken = widths.reduce((sum, width, i) => sum + (i === flexible ? 0 : width), gaps);
  const widest = cells.reduce(
    (most, line) => Math.max(most, displayWidth(line[flexible] ?? '')),
    7,
  );
  widths[flexible] = Math.max(10, Math.min(widest, options.width - taken));
  narrow(widths, taken + widths[flexible] - options.width);
  const toLine = (line: readonly string[], isTitle: boolean): Line =>
    line.map((cell, column) => {
      const width = widths[column] ?? 0;
      const isLast = column === titles.length - 1;
      const text = padText(fitText(cell, width), isLast ? 0 : width + 2);
      return span(text, isTitle ? 'dim' : styleOf(titles[column]));
    });
  return paint([toLine(titles, true), ...cells.map((line) => toLine(line, false))], options.color);
}

function styleOf(title: string | undefined): 'plain' | 'strong' | 'name' {
  if (title === 'WHAT') return 'strong';
  return title === 'ID' || title === 'NEWEST' ? 'name' : 'plain';
}
