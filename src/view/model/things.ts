/** Handles, requests, timers, the pool and the heap in words: one line for each thing. */
import { oldGenerationBytes, oldSpaces } from '../../report/old-generation.ts';
import type { Handle, HeapSizes, Report, Request, Timer } from '../../report/schema.ts';
import { placeWords } from './origin.ts';
import { formatBytes, formatCount, formatDuration } from './units.ts';

/** `in worker 3`, for things of another thread than the main one; empty for those of the main thread. */
export function ownerWords(report: Report, tid: number | undefined): string {
  const main = report.threads.find(({ kind }) => kind === 'main')?.tid;
  if (tid === undefined || tid === main) return '';
  const worker = report.threads.find((thread) => thread.tid === tid);
  return worker?.workerId === undefined ? ` in thread ${tid}` : ` in worker ${worker.workerId}`;
}

/** The same lines once, with their count, in the order of their first. */
export function foldSame(things: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const thing of things) counts.set(thing, (counts.get(thing) ?? 0) + 1);
  return [...counts].map(([thing, count]) => (count === 1 ? thing : `${count} × ${thing}`));
}

export function handleWords(handle: Handle, cwd?: string): string {
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
  const owner = ownedWords(handle, cwd);
  return (
    [type, ...what].join(' ') +
    (facts.length === 0 ? '' : `: ${facts.join(', ')}`) +
    (owner === '' ? '' : `; ${owner}`)
  );
}

/** `Server, request → onRequest app.js:7`: whose it is, and who hears of it. */
function ownedWords(handle: Handle, cwd?: string): string {
  const { type, owner, about, http, childStream, listeners = [], internal } = handle;
  // Node has one handle of its own for all Workers; an addon's has no object either.
  if (owner === undefined)
    return type === 'async' && internal !== true ? 'for a Worker or an addon' : '';
  const stream =
    childStream === undefined ? '' : `, ${childStream.name} of child ${childStream.pid}`;
  const heard = listeners
    .map(({ event, ...place }) => {
      const where = placeWords(place, cwd);
      return `, ${event} → ${place.original?.function ?? place.function}${where === '' ? '' : ` ${where}`}`;
    })
    .join('');
  const purpose = about === undefined ? '' : `, ${about}`;
  return owner + purpose + httpWords(http) + stream + heard;
}

/** `, GET /orders not answered`, `, GET http://10.0.0.7/orders answered 200` */
function httpWords(http: Handle['http']): string {
  if (http === undefined) return '';
  const { kind, method, url, status, isAnswered = false } = http;
  const isOver = isAnswered ? ', all of it made' : '';
  const answer =
    status === undefined
      ? kind === 'server'
        ? 'not answered'
        : 'waits for the answer'
      : `answer ${status} under way${isOver}`;
  return `, ${method} ${url}: ${answer}`;
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

export function requestWords(request: Request): string {
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

export function poolWords({ threadpool }: Report): string[] {
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
export function heapWords(heap: HeapSizes): string {
  const { limitBytes } = heap;
  const limit = limitBytes === undefined ? '' : ` of ${formatBytes(limitBytes)}`;
  const largest = [...oldSpaces(heap)]
    .sort((a, b) => b.usedBytes - a.usedBytes)
    .slice(0, 3)
    .map(({ name, usedBytes }) => `${name} ${formatBytes(usedBytes)}`);
  return `old generation ${formatBytes(oldGenerationBytes(heap))}${limit}: ${largest.join(', ')}`;
}

export function timerWords(timer: Timer, cwd: string | undefined): string {
  const { kind, count, delayMs, repeat, ref } = timer;
  const when =
    kind === 'immediate' ? 'immediate' : `${repeat ? 'every' : 'after'} ${formatDuration(delayMs)}`;
  const place = placeWords(timer, cwd);
  const unref = ref === false ? ', unref' : '';
  return `${count} × ${when}${unref}: ${timer.original?.function ?? timer.function}${place === '' ? '' : ` ${place}`}${timer.about === undefined ? '' : `, for ${timer.about}`}`;
}
