/** Two reports side by side: what moved, what stayed. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Report } from '../../report/schema.ts';
import { diffReports } from '../model/diff.ts';
import type { Change, ChangeKind } from '../model/diff-change.ts';
import { guiltyThread } from '../model/stack.ts';
import { clean } from './text.ts';
import { ThreadView } from './threads.tsx';
import { VerdictHeader } from './verdict-header.tsx';

interface CompareProps {
  readonly before: Report;
  readonly after: Report;
}

export function CompareView({ before, after }: CompareProps): JSX.Element {
  const diff = useMemo(() => diffReports(before, after), [before, after]);
  return (
    <main id="main" class="compare" tabIndex={-1}>
      <h1>{clean(diff.summary, 800)}</h1>
      <div class="changes">
        {diff.sections.map(({ title, changes }) => (
          <section key={title} aria-label={title}>
            <h2>{title}</h2>
            <Changes changes={changes} />
          </section>
        ))}
      </div>
      <div class="compare-sides">
        {[before, after].map((report, index) => (
          <Side key={index} report={report} label={index === 0 ? 'before' : 'after'} />
        ))}
      </div>
    </main>
  );
}

const marks: Readonly<Record<ChangeKind, string>> = {
  stayed: '=',
  moved: '~',
  grew: '▲',
  shrank: '▼',
  came: '+',
  went: '−',
};

function Changes({ changes }: { readonly changes: readonly Change[] }): JSX.Element {
  return (
    <ul class="change-list">
      {changes.slice(0, 500).map(({ kind, words, inner }, index) => (
        <li key={index} class={`change ${kind}`}>
          <span class="change-mark" title={kind}>
            {marks[kind]}
          </span>
          <span class="visually-hidden">{kind}: </span>
          {clean(words, 600)}
          {inner.length > 0 && <Changes changes={inner} />}
        </li>
      ))}
    </ul>
  );
}

function Side({ report, label }: { readonly report: Report; readonly label: string }): JSX.Element {
  const guilty = guiltyThread(report);
  return (
    <section aria-label={label}>
      <VerdictHeader report={report} />
      {guilty !== undefined && (
        <ThreadView thread={guilty} report={report} base={['report', report.id]} />
      )}
    </section>
  );
}
