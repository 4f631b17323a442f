/** Threads: those with JavaScript one by one, the others by what they do. */
import type { JSX } from 'preact';
import type { Report, Thread } from '../../report/schema.ts';
import { guiltyThread, hasStack } from '../model/stack.ts';
import { movementsOf } from '../model/samples.ts';
import { groupThreads, stateWord, threadTitle } from '../model/thread.ts';
import { formatDuration } from '../model/units.ts';
import { hrefOf } from './route.ts';
import { StackView } from './stack.tsx';
import { clean } from './text.ts';

interface ThreadsProps {
  readonly report: Report;
  readonly base: readonly string[];
  /** `[tid, frame]` of the address. */
  readonly rest: readonly string[];
}

const maxThreads = 300;

export function ThreadsPage({ report, base, rest }: ThreadsProps): JSX.Element {
  const [tid, frame] = rest;
  const guilty = guiltyThread(report);
  const chosen =
    tid === undefined ? guilty : report.threads.find((thread) => String(thread.tid) === tid);
  const stacked = report.threads.filter(hasStack);
  const others = report.threads.filter((thread) => !hasStack(thread));
  return (
    <section aria-labelledby="threads-title">
      <h2 id="threads-title">
        Threads <small>{report.threads.length}</small>
      </h2>
      <div class="split threads">
        <nav aria-label="threads">
          <ul class="thread-list">
            {stacked.slice(0, maxThreads).map((thread) => (
              <ThreadLink
                key={thread.tid}
                thread={thread}
                base={base}
                isChosen={thread === chosen}
                isGuilty={thread.tid === report.verdict.thread}
              />
            ))}
          </ul>
          <NativeThreads threads={others} base={base} chosen={chosen} />
        </nav>
        {chosen === undefined ? (
          <p class="empty">There is no such thread.</p>
        ) : (
          <ThreadView
            thread={chosen}
            report={report}
            base={base}
            frame={frame === undefined ? undefined : Number(frame)}
          />
        )}
      </div>
    </section>
  );
}

interface LinkProps {
  readonly thread: Thread;
  readonly base: readonly string[];
  readonly isChosen: boolean;
  readonly isGuilty: boolean;
}

function ThreadLink({ thread, base, isChosen, isGuilty }: LinkProps): JSX.Element {
  return (
    <li>
      <a
        href={hrefOf(...base, 'threads', thread.tid)}
        aria-current={isChosen ? 'true' : undefined}
        data-row
      >
        <strong>{clean(threadTitle(thread), 60)}</strong>
        {isGuilty && <span class="badge alarm small">blamed</span>}
        <span class="thread-state">
          {clean(stateWord(thread.state), 40)}
          {thread.vmState !== undefined && ` · ${clean(thread.vmState, 30)}`}
        </span>
      </a>
    </li>
  );
}

interface NativeProps {
  readonly threads: readonly Thread[];
  readonly base: readonly string[];
  readonly chosen: Thread | undefined;
}

function NativeThreads({ threads, base, chosen }: NativeProps): JSX.Element | null {
  if (threads.length === 0) return null;
  return (
    <>
      <h3>Native threads</h3>
      <ul class="thread-list">
        {groupThreads(threads)
          .slice(0, 60)
          .map(({ words, threads: members }) => (
            <li key={words}>
              <a
                href={hrefOf(...base, 'threads', members[0]?.tid ?? 0)}
                aria-current={chosen !== undefined && members.includes(chosen) ? 'true' : undefined}
                data-row
              >
                {members.length > 1 && <span class="count">{members.length}×</span>}
                <span>{clean(words, 120)}</span>
              </a>
            </li>
          ))}
      </ul>
    </>
  );
}

interface ThreadViewProps {
  readonly thread: Thread;
  readonly report: Report;
  readonly base: readonly string[];
  readonly frame?: number | undefined;
}

/** The heading of a thread and its stack. */
export function ThreadView({ thread, report, base, frame }: ThreadViewProps): JSX.Element {
  const { tid, state, vmState, cpuMs, via, syscall, wchan, note } = thread;
  const movement = movementsOf(report).find((one) => one.tid === tid);
  return (
    <article class="thread" aria-label={threadTitle(thread)} key={tid}>
      <header>
        <h3>{clean(threadTitle(thread), 80)}</h3>
        <p class="thread-facts">
          <span>tid {tid}</span>
          <span>{clean(stateWord(state), 40)}</span>
          {vmState !== undefined && <span>V8: {clean(vmState, 60)}</span>}
          {cpuMs !== undefined && <span>CPU {formatDuration(cpuMs)}</span>}
          {via !== undefined && <span>via {via}</span>}
        </p>
        {(syscall !== undefined || wchan !== undefined) && (
          <p class="syscall">
            {syscall !== undefined && (
              <>
                in system call <code>{clean(syscall, 400)}</code>{' '}
              </>
            )}
            {wchan !== undefined && <span class="dim">kernel: {clean(wchan, 100)}</span>}
          </p>
        )}
        {movement !== undefined && movement.kind !== 'unknown' && (
          <p class={`movement ${movement.kind}`}>{clean(movement.words, 600)}</p>
        )}
        {note !== undefined && <p class="thread-note">{clean(note, 800)}</p>}
      </header>
      {thread.frames.length > 0 && (
        <StackView
          stack={thread}
          cwd={report.process.cwd}
          base={[...base, 'threads', tid]}
          openFrames={2}
          chosen={frame}
        />
      )}
    </article>
  );
}
