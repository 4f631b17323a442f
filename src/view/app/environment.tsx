/** What surrounds the stacks: the process, the machine, and what could not be had. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Report } from '../../report/schema.ts';
import {
  descriptorWords,
  hostWords,
  packageWords,
  quoteCommand,
  versionWords,
} from '../model/process.ts';
import { formatDuration, formatTime } from '../model/units.ts';
import { clean } from './text.ts';
import { ScopeView } from './value-tree.tsx';

const maxRows = 2_000;

export function EnvironmentPage({ report }: { readonly report: Report }): JSX.Element {
  const { process, host } = report;
  const limits = Object.entries(process.limits ?? {}).map(
    ([name, limit]) => [name, limit === -1 ? 'unlimited' : String(limit)] as const,
  );
  return (
    <section aria-labelledby="environment-title">
      <h2 id="environment-title">Environment</h2>
      <Facts
        facts={[
          ['command', quoteCommand(process.argv ?? [])],
          ['pid', String(process.pid)],
          ['directory', process.cwd],
          ['program', process.execPath],
          ['versions', versionWords(process)],
          ['started', process.startTime],
          ['up for', process.uptimeMs === undefined ? undefined : formatDuration(process.uptimeMs)],
          ['stdin, stdout, stderr', process.stdio?.join('  ')],
          ['descriptors', descriptorWords(process)],
          ['cgroup', process.cgroup],
          ['host', hostWords(host)],
          [
            'captured',
            `${formatTime(report.capturedAt)}; took ${formatDuration(report.durationMs)}`,
          ],
          ['stood still', formatDuration(report.pausedMs)],
          ['report', report.id],
          ['signature', report.signature],
          ['format', String(report.formatVersion)],
        ]}
      />
      <Table title="Annotations" rows={Object.entries(report.annotations ?? {})} />
      <ScopeView
        label="AsyncLocalStorage"
        variables={(report.asyncStores ?? []).map(({ name, value }) => ({ name, value }))}
        openLevels={1}
      />
      <Table
        title="Packages"
        rows={(report.packages ?? []).map((one) => [packageWords(one), one.directory] as const)}
      />
      <Missing report={report} />
      <Table title="Environment variables" rows={Object.entries(process.env ?? {})} filter />
      <Table title="Limits" rows={limits} />
    </section>
  );
}

interface FactsProps {
  readonly facts: readonly (readonly [string, ComponentChildren])[];
}

/** Pairs of a label and what there is to say; those without are left out. */
export function Facts({ facts }: FactsProps): JSX.Element {
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== undefined && value !== '')
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{typeof value === 'string' ? clean(value) : value}</dd>
          </div>
        ))}
    </dl>
  );
}

interface TableProps {
  readonly title: string;
  readonly rows: readonly (readonly [string, string])[];
  readonly filter?: boolean;
}

function Table({ title, rows, filter = false }: TableProps): JSX.Element | null {
  const [wanted, setWanted] = useState('');
  if (rows.length === 0) return null;
  const words = wanted.toLowerCase();
  const shown = rows
    .filter(([name, value]) => `${name}=${value}`.toLowerCase().includes(words))
    .slice(0, maxRows);
  return (
    <div class="things">
      <h3>
        {title} <small>{rows.length}</small>
        {filter && rows.length > 12 && (
          <input
            type="search"
            value={wanted}
            placeholder="filter"
            aria-label={`filter ${title}`}
            onInput={(event) => {
              setWanted(event.currentTarget.value);
            }}
          />
        )}
      </h3>
      <table class="pairs">
        <tbody>
          {shown.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{clean(name, 200)}</th>
              <td>{clean(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What is not in the report, and why. */
export function Missing({ report }: { readonly report: Report }): JSX.Element | null {
  const { missing, redactions } = report;
  if (missing.length === 0 && redactions.count === 0) return null;
  return (
    <div class="things">
      <h3>Not in this report</h3>
      <ul class="missing">
        {missing.slice(0, 500).map(({ what, reason }, index) => (
          <li key={index}>
            <strong>{clean(what, 200)}</strong>: {clean(reason, 600)}
          </li>
        ))}
        {redactions.count > 0 && (
          <li>
            <strong>{redactions.count} hidden as secrets</strong>:{' '}
            {clean(redactions.keys.slice(0, 50).join(', '), 600)}
          </li>
        )}
      </ul>
    </div>
  );
}
