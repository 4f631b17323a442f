/** What surrounds the stacks: the process, the host, and what could not be had. */
import type { Report } from '../report/schema.ts';
import { sanitize } from '../report/sanitize.ts';
import { span, wrap } from './layout.ts';
import type { Line } from './layout.ts';
import { descriptorWords, hostWords, packageWords, versionWords } from './model/process.ts';
import { loopWords } from './model/thread.ts';
import { formatCount } from './model/units.ts';
import { valueWords } from './model/value.ts';
import { factLine } from './verdict.ts';

/** Facts of the program's own: the first lines below the heading. */
export function activityLines(report: Report, width: number, full: boolean): Line[] {
  const lines: Line[] = [[span('PROCESS AND HOST', 'heading')]];
  for (const [key, value] of Object.entries(report.annotations ?? {}).slice(0, full ? 1_000 : 20)) {
    lines.push(...factLine(sanitize(key, 60), value, width));
  }
  for (const { name, value } of (report.asyncStores ?? []).slice(0, full ? 1_000 : 10)) {
    lines.push(...factLine('store', `${name} = ${valueWords(value)}`, width));
  }
  return lines;
}

/** The process and the machine, below the heading. */
export function surroundingLines(report: Report, width: number, full: boolean): Line[] {
  const { process, host } = report;
  const loop = report.threads.find((thread) => thread.kind === 'main')?.loop;
  const facts: [string, string | undefined][] = [
    ['loop', loop === undefined ? undefined : loopWords(loop)],
    ['cwd', process.cwd],
    ['exec', process.execPath],
    ['versions', versionWords(process)],
    [
      'packages',
      report.packages
        ?.slice(0, full ? 1_000 : 20)
        .map(packageWords)
        .join(', '),
    ],
    ['stdio', process.stdio?.join('  ')],
    ['fds', descriptorWords(process)],
    ['cgroup', process.cgroup],
    ['host', hostWords(host)],
  ];
  if (full) {
    facts.push(['started', process.startTime]);
    for (const [name, limit] of Object.entries(process.limits ?? {})) {
      facts.push(['limit', `${name} ${limit === -1 ? 'unlimited' : limit}`]);
    }
    for (const [name, value] of Object.entries(process.env ?? {})) {
      facts.push(['env', `${name}=${value}`]);
    }
  }
  return facts.flatMap(([label, text]) =>
    text === undefined || text === '' ? [] : factLine(label, text, width),
  );
}

/** What is not in the report, and why. */
export function missingLines(report: Report, width: number, full: boolean): Line[] {
  const { missing, redactions } = report;
  const shown = missing.slice(0, full ? 1_000 : 12);
  const lines: Line[] = shown.flatMap(({ what, reason }) =>
    wrap(
      [span('- ', 'dim'), span(what, 'plain', 200), span(': ', 'dim'), span(reason, 'dim', 400)],
      {
        width,
        indent: 2,
        hanging: 4,
      },
    ),
  );
  if (missing.length > shown.length) {
    lines.push([span(`    … ${missing.length - shown.length} more`, 'dim')]);
  }
  if (redactions.count > 0) {
    const keys = redactions.keys.slice(0, 12).join(', ');
    const text = `${formatCount(redactions.count, 'value')} hidden as secrets: ${keys}`;
    lines.push(...wrap([span('- ', 'dim'), span(text)], { width, indent: 2, hanging: 4 }));
  }
  return lines.length === 0 ? [] : [[span('NOT IN THIS REPORT', 'heading')], ...lines];
}
