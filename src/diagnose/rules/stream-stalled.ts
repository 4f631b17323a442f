/** The program has written, and the other end does not read: back pressure that does not end. */
import { type Backlog, backlogs, nothingTaken } from '../backlog.ts';
import { type Rule, certainIf, loopEvidence } from '../evidence.ts';
import { peerEvidence } from '../peers.ts';
import type { Scene } from '../scene.ts';
import { describeTask, formatBytes, formatDuration, functionOf } from '../words.ts';

/** A server has slow clients: only when most of its connections are stalled is it the matter. */
const mostConnections = 0.5;
/** Time in which nothing was taken. */
const minSeenMs = 200;
const streams = new Set(['tcp', 'pipe', 'tty']);

/** Backlogs that nobody took anything of, on most of the connections that are open. */
export const streamStalled: Rule = (scene) => {
  const { main, capture, betweenLooksMs } = scene;
  if (!nothingTaken(scene) || betweenLooksMs < minSeenMs) return null;
  const stalled = backlogs(scene).sort((left, right) => right.pendingBytes - left.pendingBytes);
  const [worst] = stalled;
  if (worst === undefined) return null;
  const isProven = stalled.some(isFull);
  if (!scene.isAccused && (!isProven || shareOf(stalled.length, scene) < mostConnections))
    return null;
  const task = capture.tasks.find(
    ({ awaits, file }) =>
      typeof awaits === 'string' &&
      /stream|drain|events|pipeline|to take more/.test(awaits) &&
      file?.startsWith('node:') !== true,
  );
  const to = nameEnd(worst);
  return {
    kind: 'stream-stalled',
    summary: `${to} does not read: ${formatBytes(worst.pendingBytes)} written to it wait${stalled.length === 1 ? '' : `, and ${stalled.length - 1} more streams are stalled`}${task === undefined ? '' : `; ${functionOf(task)} waits for it`}.`,
    confidence: certainIf(isProven && task !== undefined),
    thread: main.tid,
    evidence: [
      ...stalled.slice(0, 5).map((one) => ({
        text: `descriptor ${one.request.fd ?? '?'} to ${nameEnd(one)}: ${one.pendingBytes.toLocaleString('en')} bytes wait to be written${one.handle?.peerFull === true ? '; the other end has room for nothing more (zero window)' : ''}`,
      })),
      {
        text: `nothing of it was taken within ${formatDuration(betweenLooksMs)}: the event loop did not turn`,
      },
      ...peerEvidence(worst.peers),
      ...(task === undefined ? [] : [{ text: `waiting: ${describeTask(task, capture)}` }]),
      ...loopEvidence(scene),
    ],
    advice:
      'See why the other end does not read. Give streams a timeout (socket.setTimeout), and end those that do not move.',
  };
};

function isFull({ handle, peers }: Backlog): boolean {
  return handle?.peerFull === true || (handle?.type !== 'tcp' && peers.length > 0);
}

function shareOf(count: number, { capture, main }: Scene): number {
  const open = capture.handles.filter(
    ({ type, state, tid, internal, active, pendingBytes }) =>
      streams.has(type) &&
      state !== 'listening' &&
      internal !== true &&
      (active === true || pendingBytes !== undefined) &&
      (tid ?? main.tid) === main.tid,
  );
  return count / Math.max(1, open.length);
}

function nameEnd({ handle, request }: Backlog): string {
  const peer = handle?.peer ?? request.peer ?? handle?.address ?? request.file;
  return peer === undefined ? 'The other end' : peer;
}
