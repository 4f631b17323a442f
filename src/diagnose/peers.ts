/** Sentences about other processes. Pure. */
import type { Capture, Neighbour } from '../report/schema.ts';
import { describeDoing, nameProcess } from './words.ts';

/** Neighbours told of in one verdict. */
const maxTold = 5;

/** Those who have the same pipe open, or are at the other end of a socket. */
export function peersOf({ neighbours }: Capture, fd: number | null): Neighbour[] {
  return (neighbours ?? []).filter(
    (one) => (one.relation === 'pipe' || one.relation === 'socket') && one.fd === fd,
  );
}

/** `process 4243 (cat) reads from it, and waits in …` for each. */
export function peerEvidence(peers: readonly Neighbour[]): { text: string }[] {
  return peers.slice(0, maxTold).map((peer) => {
    const end =
      peer.relation === 'socket'
        ? `${peer.isInferred === true ? 'most likely ' : ''}at its other end`
        : accessWords(peer);
    return {
      text: `${nameProcess(peer)} ${end.startsWith('has') ? end : `is ${end}`}: it ${describeDoing(peer)}`,
    };
  });
}

function accessWords({ access }: Neighbour): string {
  switch (access) {
    case 'reads':
      return 'has it open for reading';
    case 'writes':
      return 'has it open for writing';
    default:
      return 'has it open';
  }
}

/** Those who could take, or give, what is waited for. */
export function otherEnds(peers: readonly Neighbour[], direction: 'read' | 'write'): Neighbour[] {
  const helps = direction === 'read' ? 'writes' : 'reads';
  return peers.filter(
    ({ access }) => access === undefined || access === helps || access === 'reads and writes',
  );
}
