/** What a process does besides the JavaScript and the async functions of its main thread. Pure. */
import type { Capture, Handle, Thread } from '../report/schema.ts';
import { looksAt } from './looks.ts';
import { countRequests } from './pool.ts';
import { busyShare, isAppFrame } from './scene.ts';
import { formatDuration, nameFrame } from './words.ts';

const maxNamed = 3;

/** Workers and threads of the pool that are at work, in words to go on a sentence with. */
export function workElsewhere(capture: Capture): string[] {
  const busy = capture.threads.filter(
    (thread) => thread.kind === 'worker' && isBusy(capture, thread),
  );
  const workers = busy.slice(0, maxNamed).map((thread) => describeWorker(capture, thread));
  const more = busy.length - workers.length;
  const pool = capture.threadpool;
  const running = capture.requests.filter(({ state }) => state === 'running');
  return [
    ...workers,
    ...(more > 0 ? [`${more} more Workers are at work`] : []),
    ...(pool === undefined || pool.running === 0
      ? []
      : [
          `${pool.running} of ${pool.size} threads of the pool ${pool.running === 1 ? 'is' : 'are'} at work${running.length === 0 ? '' : ` (${countRequests(running)})`}`,
        ]),
  ];
}

function isBusy(capture: Capture, { tid, state }: Thread): boolean {
  const { cpuShare, runnableShare, count } = looksAt(capture, tid);
  return count < 2 ? state === 'R' : (cpuShare ?? 0) > busyShare || runnableShare > busyShare;
}

function describeWorker(capture: Capture, { tid, frames, loop }: Thread): string {
  const own = frames.find(isAppFrame) ?? frames.find(({ kind }) => kind === 'js');
  const agoMs = loop?.lastTurnAgoMs ?? 0;
  const since = agoMs < 1_000 ? '' : `, its loop last turned ${formatDuration(agoMs)} ago`;
  return `Worker ${tid} runs ${own === undefined ? 'no JavaScript of its own' : nameFrame(own, capture)}${since}`;
}

/** True when something may yet call back into the program: a timer that is not Node's, or others. */
export function isUnderWay(capture: Capture): boolean {
  return (
    hearsFromOthers(capture) ||
    capture.timers.some(({ file }) => file !== undefined && !file.startsWith('node:'))
  );
}

/** True when it waits for the system, a connection it opened, a child or a Worker. */
export function hearsFromOthers(capture: Capture): boolean {
  const { requests, handles, threads, httpRequests = [] } = capture;
  return (
    requests.length > 0 ||
    httpRequests.some(({ kind }) => kind === 'client') ||
    threads.some(({ kind }) => kind === 'worker') ||
    handles.some(({ type, active }) => type === 'process' && active !== false) ||
    openedConnections(handles).length > 0
  );
}

/** Those that others opened to a server of ours are not among them: they wait for us. */
function openedConnections(handles: readonly Handle[]): Handle[] {
  const own = new Set(
    handles.filter(({ state }) => state === 'listening').map(({ address }) => portOf(address)),
  );
  return handles.filter(
    ({ peer, state, address, internal }) =>
      peer !== undefined &&
      (state === 'connected' || state === 'connecting') &&
      internal !== true &&
      !own.has(portOf(address)),
  );
}

/** `8080` of `127.0.0.1:8080`; the path of a Unix socket. */
function portOf(address: string | undefined): string | undefined {
  return address?.startsWith('/') === true ? address : address?.slice(address.lastIndexOf(':') + 1);
}
