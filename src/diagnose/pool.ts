/** What the threads of libuv's pool do, over several looks. Pure. */
import type { Capture, Request } from '../report/schema.ts';
import { looksAt } from './looks.ts';

/** A request on a thread of the pool, and what that thread does. */
export interface PoolWork {
  readonly request: Request;
  /** All looks found the thread in the same call, and it used no CPU. */
  readonly isBlocked: boolean;
  /** The call its thread is in, in words; null when it is not in one. */
  readonly call: string | null;
}

const idleShare = 0.05;

/** The work that the pool's threads are on. */
export function poolWork(capture: Capture): PoolWork[] {
  return capture.requests
    .filter(({ state }) => state === 'running')
    .map((request) => {
      const { poolTid } = request;
      const looks = poolTid === undefined ? null : looksAt(capture, poolTid);
      const thread = capture.threads.find(({ tid }) => tid === poolTid);
      return {
        request,
        isBlocked: looks?.isSameCall === true && (looks.cpuShare ?? 0) < idleShare,
        call: thread?.syscall ?? null,
      };
    });
}

/** `fs read of /tmp/log.fifo`, `getaddrinfo of db.internal`, `work (zlib)`. */
export function describeRequest({ type, operation, path, file, host, peer }: Request): string {
  const what =
    operation === undefined ? type : type === 'work' ? operation : `${type} ${operation}`;
  const of = path ?? file ?? host ?? peer;
  return of === undefined ? what : `${what} of ${of}`;
}

/** `4 × fs read of …, 1 × …` in order of number. */
export function countRequests(requests: readonly Request[]): string {
  const counts = new Map<string, number>();
  for (const request of requests) {
    const { type, operation = '' } = request;
    const key = type === 'work' && operation !== '' ? operation : `${type} ${operation}`.trim();
    counts.set(key, (counts.get(key) ?? 0) + (request.count ?? 1));
  }
  return [...counts]
    .sort(([, left], [, right]) => right - left)
    .map(([key, count]) => `${count} × ${key}`)
    .join(', ');
}
