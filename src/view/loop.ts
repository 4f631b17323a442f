/**
 * The event loops: what they watch, what they wait for, what the thread pool does, which timers are set; and how full the heaps
 * are. One line
 * for each thing, the same things folded; what libuv and Node keep for themselves is counted only.
 */
import type { Handle, HeapSizes, Report, Request, Timer } from '../report/schema.ts';
import { shortenPath } from './frames.ts';
import { padText, span, wrap } from './layout.ts';
import type { Line } from './layout.ts';
import { formatBytes, formatCount, formatDuration } from './units.ts';

/** Lines of one kind that are shown unless everything is asked for. */
const maxFolded = 8;
const maxFull = 1_000;
const labelColumns = 12;

/** The section; empty when there is nothing to say. */
export function eventLoopLines(report: Report, width: number, full: boolean): Line[] {
  const shape = { width, maxLines: full ? maxFull : maxFolded };
  const main = report.threads.find(({ kind }) => kind === 'main')?.tid;
  const owner = (tid: number | undefined): string => {
    if (tid === undefined || tid === main) return '';
    const worker = report.threads.find((thread) => thread.tid === tid);
    return worker?.workerId === undefined ? ` in thread ${tid}` : ` in worker ${worker.workerId}`;
  };
  const own = report.handles.filter((handle) => handle.internal !== true || full);
  const hidden = report.handles.length - own.length;
  const lines = [
    ...block(
      'handles',
      own.map((handle) => handleWords(handle) + owner(handle.tid)),
      shape,
      hidden > 0
        ? `${formatCount(hidden, 'handle')} that libuv and Node.js keep for themselves`
        : '',
    ),
    ...block(
      'requests',
      report.requests.map((request) => requestWords(request) + owner(request.tid)),
      shape,
    ),
    ...block('thread pool', poolWords(report), shape),
    ...block(
      'timers',
      report.timers.map((timer) => timerWords(timer, report.process.cwd) + owner(timer.tid)),
      shape,
    ),
  ];
  const heaps = report.threads.flatMap(({ heap, tid }) =>
    heap === undefined ? [] : [heapWords(heap) + owner(tid)],
  );
  lines.push(...block('heap', heaps, shape));
  return lines.length === 0 ? [] : [[span('EVENT LOOP AND HEAP', 'heading')], ...lines];
}

function block(
  label: string,
  things: readonly string[],
  { width, maxLines }: { width: number; maxLines: number },
  closing = '',
): Line[] {
  const counts = new Map<string, number>();
  for (const thing of things) counts.set(thing, (counts.get(thing) ?? 0) + 1);
  const folded = [...counts].map(([thing, count]) => (count === 1 ? thing : `${count} × ${thing}`));
  const shown = folded.slice(0, maxLines);
  const rest = folded.length - shown.length;
  if (rest > 0) shown.push(`… ${rest} more`);
  if (closing !== '') shown.push(closing);
  return shown.flatMap((text, index) =>
    wrap([span(padText(index === 0 ? label : '', labelColumns), 'dim'), span(text, 'plain', 400)], {
      width,
      indent: 2,
      hanging: 2 + labelColumns + 2,
      maxLines: 3,
    }),
  );
}

function handleWords(handle: Handle): string {
  const { type, state, path, pid, signal, timeoutMs, repeatMs, pendingBytes, unreadBytes } = handle;
  const facts = [
    ...(state === undefined ? [] : [state]),
    ...(pendingBytes === undefined ? [] : [`${formatBytes(pendingBytes)} not sent`]),
    ...(unreadBytes === undefined ? [] : [`${formatBytes(unreadBytes)} not read`]),
    ...(timeoutMs === undefined ? [] : [dueWords(timeoutMs)]),
    ...(repeatMs === undefined ? [] : [`every ${formatDuration(repeatMs)}`]),
    ...(handle.active === false ? ['not active'] : []),
    ...(handle.ref === false ? ['unref'] : []),
  ];
  const what = [
    pid === undefined ? '' : `child ${pid}`,
    signal ?? '',
    path ?? '',
    endpointWords(handle),
  ].filter((word) => word !== '');
  return [type, ...what].join(' ') + (facts.length === 0 ? '' : `: ${facts.join(', ')}`);
}

/** `127.0.0.1:80 ← 10.0.0.7:4242 (fd 17)`; of what is no socket, what the descriptor is. */
function endpointWords({ address, peer, file, fd }: Handle): string {
  const place = address ?? (file?.startsWith('socket:') === true ? undefined : file);
  return [
    ...(place === undefined ? [] : [place]),
    ...(peer === undefined ? [] : [`⇄ ${peer}`]),
    ...(fd === undefined ? [] : [`(fd ${fd})`]),
  ].join(' ');
}

function dueWords(timeoutMs: number): string {
  return timeoutMs < 0 ? `${formatDuration(-timeoutMs)} late` : `in ${formatDuration(timeoutMs)}`;
}

function requestWords(request: Request): string {
  const { type, state, operation, path, newPath, fd, file, peer, host, count, pendingBytes } =
    request;
  const target = peer ?? path ?? host ?? (file?.startsWith('socket:') === true ? undefined : file);
  const words = [
    `${state}:`,
    type,
    ...(operation === undefined ? [] : [operation]),
    ...(target === undefined ? [] : [target]),
    ...(newPath === undefined ? [] : [`→ ${newPath}`]),
    ...(fd === undefined ? [] : [`(fd ${fd})`]),
    ...(count === undefined || count === 1 ? [] : [`× ${count}`]),
    ...(pendingBytes === undefined ? [] : [`with ${formatBytes(pendingBytes)}`]),
    ...(request.poolTid === undefined ? [] : [`on pool thread ${request.poolTid}`]),
  ];
  return words.join(' ');
}

function poolWords({ threadpool }: Report): string[] {
  if (threadpool === undefined) return [];
  const { size, running, idle, queued, slowQueued } = threadpool;
  const unknown = size - running - idle;
  const facts = [
    `${running} at work`,
    `${idle} idle`,
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
    `${queued} queued${slowQueued > 0 ? ` (${slowQueued} of them name look-ups)` : ''}`,
  ];
  return [`${formatCount(size, 'thread')}: ${facts.join(', ')}`];
}

/** What the old generation holds, of what it may grow to; then its largest spaces. */
function heapWords({ spaces, limitBytes }: HeapSizes): string {
  const old = spaces.filter(({ name }) => !name.startsWith('new_'));
  const used = old.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
  const limit = limitBytes === undefined ? '' : ` of ${formatBytes(limitBytes)}`;
  const largest = [...old]
    .sort((a, b) => b.usedBytes - a.usedBytes)
    .slice(0, 3)
    .map(({ name, usedBytes }) => `${name} ${formatBytes(usedBytes)}`);
  return `old generation ${formatBytes(used)}${limit}: ${largest.join(', ')}`;
}

function timerWords(timer: Timer, cwd: string | undefined): string {
  const { kind, count, delayMs, repeat, file, line, column, ref } = timer;
  const when =
    kind === 'immediate' ? 'immediate' : `${repeat ? 'every' : 'after'} ${formatDuration(delayMs)}`;
  const place =
    file === undefined
      ? ''
      : ` ${shortenPath(file, cwd)}${line === undefined ? '' : `:${line}`}${column === undefined ? '' : `:${column}`}`;
  const unref = ref === false ? ', unref' : '';
  return `${count} × ${when}${unref}: ${timer.function}${place}`;
}
