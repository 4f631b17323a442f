/** Messages to another Node.js process pile up: the other one does not read its channel. */
import { backlogs, nothingTaken } from '../backlog.ts';
import { type Rule, certainIf, loopEvidence } from '../evidence.ts';
import type { Neighbour } from '../../report/schema.ts';
import { describeDoing, formatBytes, nameProcess } from '../words.ts';

/** Descriptors below are a child's standard streams. */
const firstOther = 3;
const channelVariable = 'NODE_CHANNEL_FD';

/** A backlog on a pipe whose other end is a parent or child, at a descriptor that is no standard stream. */
export const ipcBlocked: Rule = (scene) => {
  const { main, capture } = scene;
  if (scene.loop === 'stuck') return null;
  const own = Number(capture.process.env?.[channelVariable] ?? NaN);
  for (const { request, handle, pendingBytes, peers } of backlogs(scene)) {
    if (handle?.type !== 'pipe') continue;
    const peer = peers.find(
      (one) => (one.peerFd ?? 0) >= firstOther && isRelative(one, capture.neighbours ?? []),
    );
    if (peer === undefined && request.fd !== own) continue;
    const other = peer ?? capture.neighbours?.find(({ relation }) => relation === 'parent');
    if (other === undefined) continue;
    const isDeaf = other.state === 'T' || other.state === 't' || other.loop === 'stuck';
    if (!isDeaf && !(scene.isAccused && nothingTaken(scene))) continue;
    return {
      kind: 'ipc-blocked',
      summary: `Messages to ${nameProcess(other)} are not read: ${formatBytes(pendingBytes)} wait in ${request.count ?? 1} messages, and it ${describeDoing(other)}.`,
      confidence: certainIf(isDeaf && peer?.isInferred !== true),
      thread: main.tid,
      evidence: [
        {
          text: `channel on descriptor ${request.fd ?? '?'}: ${request.count ?? 1} writes wait, ${pendingBytes.toLocaleString('en')} bytes`,
        },
        {
          text: `${nameProcess(other)} ${describeDoing(other)}${peer?.isInferred === true ? ' (that it is the other end is inferred from the numbers of the sockets)' : ''}`,
        },
        ...loopEvidence(scene),
      ],
      advice: `Look at the other process: sleeper dump ${other.pid}. process.send() keeps what is not read in memory; mind what it returns.`,
    };
  }
  return null;
};

function isRelative({ pid }: Neighbour, neighbours: readonly Neighbour[]): boolean {
  return neighbours.some(
    (one) => one.pid === pid && (one.relation === 'child' || one.relation === 'parent'),
  );
}
