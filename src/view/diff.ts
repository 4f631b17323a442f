/** `sleeper diff` in a terminal: what moved, what stayed. Marks and words tell, colour helps. */
import type { Report } from '../report/schema.ts';
import { paint, span, wrap } from './layout.ts';
import type { Line, Style } from './layout.ts';
import { diffReports } from './model/diff.ts';
import type { Change, ChangeKind } from './model/diff-change.ts';
import { formatTime } from './model/units.ts';

const marks: Readonly<Record<ChangeKind, string>> = {
  stayed: '=',
  moved: '~',
  grew: '▲',
  shrank: '▼',
  came: '+',
  went: '-',
};
const styles: Readonly<Record<ChangeKind, Style>> = {
  stayed: 'plain',
  moved: 'strong',
  grew: 'strong',
  shrank: 'plain',
  came: 'strong',
  went: 'dim',
};

/** The whole difference. Ends with a newline. */
export function renderDiff(
  before: Report,
  after: Report,
  options: { readonly color: boolean; readonly width: number },
): string {
  const { width } = options;
  const diff = diffReports(before, after);
  const lines: Line[] = [
    ...wrap([span(diff.summary, 'strong', 600)], { width }),
    ...[before, after].map((report, index): Line => {
      const words = `${index === 0 ? 'before' : 'after '}  ${formatTime(report.capturedAt)}  ${report.host.hostname} ${report.process.pid}  ${report.id.slice(0, 8)}  ${report.verdict.kind}`;
      return [span('  '), span(words, 'dim', width - 2)];
    }),
    ...diff.sections.flatMap(({ title, changes }) => [
      [],
      [span(title.toUpperCase(), 'heading')],
      ...changes.flatMap((one) => changeLines(one, 2, width)),
    ]),
    [],
    [span('= stayed   ~ moved   ▲ grew   ▼ shrank   + came   - went', 'dim', width)],
  ];
  return paint(lines, options.color);
}

function changeLines({ kind, words, inner }: Change, indent: number, width: number): Line[] {
  return [
    ...wrap([span(`${marks[kind]} `, styles[kind]), span(words, styles[kind], 600)], {
      width,
      indent,
      hanging: indent + 4,
    }),
    ...inner.flatMap((one) => changeLines(one, indent + 4, width)),
  ];
}
