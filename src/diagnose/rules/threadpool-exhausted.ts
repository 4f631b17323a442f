/** All threads of libuv's pool are taken, and work waits for one. */
import { type Rule, certainIf, loopEvidence } from '../evidence.ts';
import { countRequests, describeRequest, poolWork } from '../pool.ts';

const maxTold = 8;

/**
 * No thread is free, something is queued, and the work at hand does not get on: each thread sits in one call. Threads that
 * compute are a busy pool, not an exhausted one, unless a probe has shown that the process does not do its work.
 */
export const threadpoolExhausted: Rule = (scene) => {
  const { main, capture } = scene;
  const pool = capture.threadpool;
  if (scene.loop === 'stuck' || pool === undefined || pool.idle > 0 || pool.queued === 0)
    return null;
  const work = poolWork(capture);
  const blocked = work.filter(({ isBlocked }) => isBlocked);
  const allBlocked = work.length > 0 && blocked.length === work.length;
  if (!allBlocked && !scene.isAccused) return null;
  const queued = capture.requests.filter(({ state }) => state === 'queued');
  const by = countRequests(work.map(({ request }) => request));
  return {
    kind: 'threadpool-exhausted',
    summary: `All ${pool.size} threads of libuv's pool are taken (${by}), and ${pool.queued} more ${pool.queued === 1 ? 'request waits' : 'requests wait'} for one: ${countRequests(queued)}.`,
    confidence: certainIf(allBlocked),
    thread: main.tid,
    evidence: [
      ...work.slice(0, maxTold).map(({ request, isBlocked, call }) => ({
        text: `thread ${request.poolTid ?? '?'} of the pool: ${describeRequest(request)}${call === null ? '' : `, in ${call}`}${isBlocked ? ', the same in all looks' : ''}`,
      })),
      ...queued
        .slice(0, maxTold)
        .map((request) => ({ text: `waits: ${describeRequest(request)}` })),
      ...loopEvidence(scene),
    ],
    advice: `Files, DNS, zlib and crypto share these ${pool.size} threads: do not read FIFOs and devices with fs (use net.Socket or a stream on the descriptor), and raise UV_THREADPOOL_SIZE where the work is legitimate.`,
  };
};
