/** The first lines: what is wrong, how sure that is, why, what to do. */
import type { Report } from '../report/schema.ts';
import { padText, span, wrap } from './layout.ts';
import type { Line } from './layout.ts';
import { commandWords } from './model/process.ts';
import { formatDuration, formatTime, noBreak } from './model/units.ts';
import { confidenceWords, isCalm, writtenWords } from './model/verdict.ts';

/** The verdict sentence and the circumstances, for the first screen. */
export function verdictLines(report: Report, width: number): Line[] {
  const { verdict, trigger } = report;
  const written = writtenWords(report);
  const badge = span(` ${verdict.kind} `, isCalm(verdict.kind) ? 'calm' : 'alarm', 60);
  return [
    [badge, span('  '), span(confidenceWords(verdict.confidence), 'dim', 60)],
    ...wrap([span(verdict.summary, 'strong', 600)], { width }),
    [],
    ...(written === '' ? [] : factLine('written', written, width)),
    ...factLine('why now', triggerWords(trigger), width),
    ...factLine('process', processWords(report), width),
    ...factLine('captured', captureWords(report), width),
  ];
}

/** The evidence the verdict cites, and the advice. */
export function evidenceLines(report: Report, width: number): Line[] {
  const { evidence, advice } = report.verdict;
  const lines: Line[] = [];
  if (evidence.length > 0) {
    lines.push([span('EVIDENCE', 'heading')]);
    for (const { text } of evidence) {
      lines.push(
        ...wrap([span('- ', 'dim'), span(text, 'plain', 600)], { width, indent: 2, hanging: 4 }),
      );
    }
  }
  if (advice !== undefined) {
    lines.push(
      [],
      [span('WHAT TO DO', 'heading')],
      ...wrap([span(advice, 'plain', 800)], { width, indent: 2 }),
    );
  }
  return lines;
}

/** `label     text`, the text wrapped below itself. */
export function factLine(label: string, text: string, width: number): Line[] {
  const spans = [span(padText(label, 10), 'dim'), span(text, 'plain', 600)];
  return wrap(spans, { width, indent: 2, hanging: 12, maxLines: 4 });
}

function triggerWords({ kind, reason, stalledForMs }: Report['trigger']): string {
  const stalled =
    stalledForMs === undefined ? '' : ` (no turn of the loop for ${formatDuration(stalledForMs)})`;
  return `${kind}: ${reason}${stalled}`;
}

function processWords({ process }: Report): string {
  const version =
    process.nodeVersion === undefined
      ? ''
      : `  node${noBreak}${process.nodeVersion.replace(/^v/, '')}`;
  const uptime = process.uptimeMs === undefined ? '' : `, up ${formatDuration(process.uptimeMs)}`;
  return `${process.pid}  ${commandWords(process)}${version}${uptime}`;
}

function captureWords(report: Report): string {
  const paused =
    report.pausedMs > 0
      ? `the target stood still for ${formatDuration(report.pausedMs)}`
      : 'the target was not stopped';
  return `${formatTime(report.capturedAt)} on ${report.host.hostname}; took ${formatDuration(report.durationMs)}, ${paused}`;
}
