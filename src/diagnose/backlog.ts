/** Bytes that the program has written and nobody takes. Pure. */
import type { Handle, Neighbour, Request } from '../report/schema.ts';
import { peersOf } from './peers.ts';
import type { Scene } from './scene.ts';

/** A stream with a backlog, and who should read it. */
export interface Backlog {
  readonly request: Request;
  readonly handle: Handle | undefined;
  readonly pendingBytes: number;
  readonly peers: readonly Neighbour[];
}

/** The streams whose writes wait for the kernel. */
export function backlogs({ capture }: Scene): Backlog[] {
  return capture.requests
    .filter(
      ({ type, state, pendingBytes = 0 }) =>
        type === 'write' && state === 'waiting' && pendingBytes > 0,
    )
    .map((request) => ({
      request,
      handle: capture.handles.find(({ fd, tid }) => fd === request.fd && tid === request.tid),
      pendingBytes: request.pendingBytes ?? 0,
      peers: peersOf(capture, request.fd ?? null),
    }));
}

/** True when the loop waited for the whole of the looks: nothing was taken meanwhile, or it would have turned. */
export function nothingTaken({ looks, loop }: Scene): boolean {
  return loop === 'polling' && looks.turns === 0;
}
