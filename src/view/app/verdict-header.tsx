/** What is wrong, how sure that is: the sentence that is read first. */
import type { JSX } from 'preact';
import type { Report } from '../../report/schema.ts';
import { confidenceWords, isCalm, writtenWords } from '../model/verdict.ts';
import { commandWords } from '../model/process.ts';
import { formatTime } from '../model/units.ts';
import { clean } from './text.ts';

export function VerdictHeader({ report }: { readonly report: Report }): JSX.Element {
  const { verdict, process, host } = report;
  const written = writtenWords(report);
  const tone = isCalm(verdict.kind) ? 'calm' : 'alarm';
  return (
    <header class={`verdict ${tone}`}>
      <p class="verdict-kind">
        <span class={`badge ${tone}`}>
          <span aria-hidden="true">{tone === 'calm' ? '●' : '▲'}</span> {clean(verdict.kind, 60)}
        </span>
        <span class="confidence">{confidenceWords(verdict.confidence)}</span>
      </p>
      <h1>{clean(verdict.summary, 800)}</h1>
      {written !== '' && <p class="written">written as {clean(written, 400)}</p>}
      <p class="verdict-facts">
        <span>{clean(host.hostname, 80)}</span>
        <span>pid {process.pid}</span>
        <span class="command">{clean(commandWords(process), 200)}</span>
        <time>{clean(formatTime(report.capturedAt), 60)}</time>
      </p>
    </header>
  );
}
