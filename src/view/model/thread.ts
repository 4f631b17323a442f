/** Threads in words. */
import type { Report, Thread } from '../../report/schema.ts';
import { formatCount, formatDuration } from './units.ts';

const stateWords: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'in uninterruptible I/O',
  T: 'stopped',
  t: 'stopped by a tracer',
  Z: 'dead, not reaped',
  X: 'dead',
  I: 'idle',
};

/** A proc(5) state letter in words. */
export function stateWord(state: string): string {
  return (Object.hasOwn(stateWords, state) ? stateWords[state] : undefined) ?? `state ${state}`;
}

/** `main thread`, `worker 3`, `native thread "libuv-worker"`. */
export function threadTitle(thread: Thread): string {
  switch (thread.kind) {
    case 'main':
      return 'main thread';
    case 'worker':
      return `worker${thread.workerId === undefined ? '' : ` ${thread.workerId}`}`;
    case 'native':
      return `native thread "${thread.name}"`;
  }
}

/** Native threads that do the same: `4 × libuv-worker sleeping in futex`. */
export interface ThreadGroup {
  readonly words: string;
  readonly threads: readonly Thread[];
}

/** By name, state and call; the largest groups first. */
export function groupThreads(threads: readonly Thread[]): ThreadGroup[] {
  const groups = new Map<string, Thread[]>();
  for (const thread of threads) {
    const where = thread.syscall?.replace(/\(.*$/s, '') ?? thread.wchan; // addresses would tell all apart
    const words =
      `${thread.name} ${stateWord(thread.state)}${where === undefined ? '' : ` in ${where}`}`.trimStart();
    const group = groups.get(words);
    if (group === undefined) groups.set(words, [thread]);
    else group.push(thread);
  }
  return [...groups]
    .map(([words, members]) => ({ words, threads: members }))
    .sort((a, b) => b.threads.length - a.threads.length);
}

type Loop = NonNullable<Thread['loop']>;

/** `does not turn, last turn 7.2 s ago, 4 active handles`. */
export function loopWords(loop: Loop): string {
  const parts = [loop.alive ? 'alive' : 'does not turn'];
  if (loop.lastTurnAgoMs !== undefined)
    parts.push(`last turn ${formatDuration(loop.lastTurnAgoMs)} ago`);
  if (loop.activeHandles !== undefined)
    parts.push(formatCount(loop.activeHandles, 'active handle'));
  if (loop.activeRequests !== undefined)
    parts.push(formatCount(loop.activeRequests, 'active request'));
  return parts.join(', ');
}

/** A thread by what a user may call it: a tid, `main`, `worker 3`, `worker3`, a name. */
export function selectThreads(report: Report, selector: string): Thread[] {
  const wanted = selector.trim().toLowerCase();
  const byTid = report.threads.filter((thread) => String(thread.tid) === wanted);
  if (byTid.length > 0) return byTid;
  const worker = /^worker\s*(\d+)$/.exec(wanted)?.[1];
  return report.threads.filter((thread) =>
    worker === undefined
      ? thread.kind === wanted || thread.name.toLowerCase() === wanted
      : thread.kind === 'worker' && String(thread.workerId) === worker,
  );
}
