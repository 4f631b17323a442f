/** What the event loops watch and wait for: handles, requests, the pool, timers, heaps. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { Report } from '../../report/schema.ts';
import { httpRequestWords, httpRequestsOf } from '../model/extras.ts';
import {
  foldSame,
  handleWords,
  ownerWords,
  poolWords,
  requestWords,
  timerWords,
} from '../model/things.ts';
import { loopWords, threadTitle } from '../model/thread.ts';
import { formatBytes } from '../model/units.ts';
import { clean } from './text.ts';
import { VirtualList } from './virtual-list.tsx';

export function LoopPage({ report }: { readonly report: Report }): JSX.Element {
  const cwd = report.process.cwd;
  const own = report.handles.filter(({ internal }) => internal !== true);
  const owner = (tid: number | undefined): string => ownerWords(report, tid);
  return (
    <section aria-labelledby="loop-title">
      <h2 id="loop-title">Event loop</h2>
      <Loops report={report} />
      <Things title="HTTP in flight" words={httpRequestsOf(report).map(httpRequestWords)} />
      <Things
        title="Handles"
        words={own.map((handle) => handleWords(handle, cwd) + owner(handle.tid))}
        note={
          report.handles.length > own.length
            ? `and ${report.handles.length - own.length} that libuv and Node.js keep for themselves`
            : ''
        }
      />
      <Things
        title="Requests"
        words={report.requests.map((request) => requestWords(request) + owner(request.tid))}
      />
      <Pool report={report} />
      <Things
        title="Timers"
        words={report.timers.map((timer) => timerWords(timer, cwd) + owner(timer.tid))}
      />
      <Heaps report={report} />
    </section>
  );
}

function Loops({ report }: { readonly report: Report }): JSX.Element {
  const looped = report.threads.filter(({ loop }) => loop !== undefined).slice(0, 100);
  return (
    <ul class="plain loops">
      {looped.map((thread) => (
        <li key={thread.tid}>
          <strong>{clean(threadTitle(thread), 60)}</strong>{' '}
          {thread.loop !== undefined && loopWords(thread.loop)}
        </li>
      ))}
    </ul>
  );
}

const rowHeight = 26;

interface ThingsProps {
  readonly title: string;
  readonly words: readonly string[];
  readonly note?: string;
}

/** A list of lines, the same ones once with their count; a box filters the long ones. */
function Things({ title, words, note = '' }: ThingsProps): JSX.Element | null {
  const [filter, setFilter] = useState('');
  const [selected, setSelected] = useState<number | undefined>(undefined);
  const folded = useMemo(() => foldSame(words), [words.join('\n')]);
  const shown = useMemo(() => {
    const wanted = filter.toLowerCase();
    return wanted === '' ? folded : folded.filter((line) => line.toLowerCase().includes(wanted));
  }, [folded, filter]);
  if (words.length === 0 && note === '') return null;
  return (
    <div class="things">
      <h3>
        {title} <small>{words.length}</small>
        {folded.length > 12 && (
          <input
            type="search"
            value={filter}
            placeholder="filter"
            aria-label={`filter ${title}`}
            onInput={(event) => {
              setFilter(event.currentTarget.value);
            }}
          />
        )}
      </h3>
      <VirtualList
        label={title}
        count={shown.length}
        rowHeight={rowHeight}
        maxHeight={14 * rowHeight}
        selected={selected}
        onSelect={setSelected}
        row={(index) => (
          <span class="line" title={clean(shown[index] ?? '', 600)}>
            {clean(shown[index] ?? '', 400)}
          </span>
        )}
      />
      {note !== '' && <p class="aside-note">{note}</p>}
    </div>
  );
}

function Pool({ report }: { readonly report: Report }): JSX.Element | null {
  const { threadpool } = report;
  if (threadpool === undefined) return null;
  return (
    <div class="things">
      <h3>Thread pool</h3>
      <p>{poolWords(report).join(' ')}</p>
      <ul class="pool" aria-label="threads of the pool">
        {threadpool.threads.slice(0, 1_024).map((thread, index) => (
          <li key={index} class={thread.state}>
            <span class="pool-state">{thread.state}</span>
            {thread.tid !== undefined && <span> {thread.tid}</span>}
            {thread.doing !== undefined && <span> {clean(thread.doing, 80)}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Heaps({ report }: { readonly report: Report }): JSX.Element | null {
  const heaps = report.threads.filter(({ heap }) => heap !== undefined).slice(0, 50);
  const objects = report.heapObjects ?? [];
  if (heaps.length + objects.length === 0) return null;
  return (
    <div class="things">
      <h3>Heap</h3>
      {heaps.map((thread) => (
        <table key={thread.tid} class="heap">
          <caption>
            {clean(threadTitle(thread), 60)}
            {thread.heap?.limitBytes !== undefined &&
              `: may grow to ${formatBytes(thread.heap.limitBytes)}`}
          </caption>
          <tbody>
            {(thread.heap?.spaces ?? []).slice(0, 40).map(({ name, usedBytes, committedBytes }) => (
              <tr key={name}>
                <th scope="row">{clean(name, 60)}</th>
                <td class="number">{formatBytes(usedBytes)}</td>
                <td class="gauge">
                  <meter
                    min={0}
                    max={Math.max(1, committedBytes)}
                    value={usedBytes}
                    aria-label={`${clean(name, 60)} used`}
                  />
                </td>
                <td class="number">of {formatBytes(committedBytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
      {objects.length > 0 && (
        <table class="heap">
          <caption>largest classes</caption>
          <tbody>
            {objects.slice(0, 200).map(({ className, count, bytes }) => (
              <tr key={className}>
                <th scope="row">{clean(className, 80)}</th>
                <td class="number">{count}</td>
                <td class="number">{formatBytes(bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
