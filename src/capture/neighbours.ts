/** Which other processes a report should tell of, and what they do. */
import { judgeLoop } from '../probe/loop.ts';
import { describeNeighbour, findPeers, readChildren, readParent } from '../probe/neighbours.ts';
import type { SharedDescriptor } from '../probe/neighbours.ts';
import { readLinkFact } from '../probe/fact.ts';
import { readSockets, socketInode } from '../probe/sockets.ts';
import { readStatus } from '../probe/stat.ts';
import { readTask } from '../probe/task.ts';
import { limits } from '../limits.ts';
import type { Capture, Neighbour } from '../report/schema.ts';
import type { CaptureDependencies } from './climb.ts';
import type { Death } from './last-stack.ts';
import { within } from './within.ts';

type Seen = Pick<Capture, 'threads' | 'requests' | 'process'>;

/** A node process that was started with a channel to its parent has this; cluster workers the other. */
const channelVariable = 'NODE_CHANNEL_FD';
const clusterVariable = 'NODE_UNIQUE_ID';
/** node::inspector::NodeInspectorClient, whose message loop runs while a debugger holds the program. */
const pausedByInspector = /runMessageLoopOnPause|waitForFrontend|WaitForFrontend|runMessageLoop/;
/** Bounds the look at the loop of another process. */
const loopTimeoutMs = 400;

/**
 * Parent and children, tracer and debugger, and who is at the other end of what the process waits on.
 * @param endsAtMs no loop of theirs is looked at after this (performance.now)
 */
export async function readNeighbours(
  { pid, death }: { readonly pid: number; readonly death?: Death },
  seen: Seen,
  dependencies: CaptureDependencies,
  endsAtMs: number,
): Promise<Neighbour[]> {
  const parent = readParent(pid);
  const tracer = readStatus(pid, pid);
  const tracerPid = tracer.known ? tracer.value.tracerPid : 0;
  const found = [
    parent,
    ...readChildren(pid),
    ...(tracerPid > 0 ? [describeNeighbour(tracerPid, 'tracer')] : []),
    ...findPeers(pid, sharedDescriptors(pid, seen)),
    ...findDebuggers(pid, seen),
  ].flatMap((neighbour) =>
    neighbour === null || isOurs(neighbour, death?.thrown?.copy) ? [] : neighbour,
  );
  const env = seen.process.env ?? {};
  // Not known: then the parent is worth a look as well.
  const hasChannel =
    seen.process.env === undefined || channelVariable in env || clusterVariable in env;
  const told: Neighbour[] = [];
  for (const neighbour of found) {
    const isAsked =
      (neighbour.relation === 'parent' && hasChannel) ||
      ((neighbour.relation === 'child' || neighbour.relation === 'socket') &&
        seen.requests.some(({ type }) => type === 'write'));
    const leftMs = Math.min(loopTimeoutMs, endsAtMs - performance.now());
    const loop =
      isAsked && leftMs > 0 ? await readLoop(neighbour.pid, dependencies, leftMs) : undefined;
    told.push({ ...neighbour, ...loop });
  }
  return told;
}

/** The agent's helper, which is us, and the copy that it has been given, are children that the program knows nothing of. */
function isOurs({ relation, pid }: Neighbour, copy: number | undefined): boolean {
  return pid === copy || (relation === 'child' && pid === process.pid);
}

/** What threads are blocked on, and what requests wait for. */
function sharedDescriptors(pid: number, { threads, requests }: Seen): SharedDescriptor[] {
  const main = threads.find(({ kind }) => kind === 'main');
  const called = /^(?!epoll)\w+\(fd (\d+)/.exec(main?.syscall ?? '')?.[1];
  const fds = new Set(requests.flatMap(({ fd }) => fd ?? []));
  if (called !== undefined) fds.add(Number(called));
  return [...fds].slice(0, limits.maxNeighbours).flatMap((fd) => {
    const file = readLinkFact(`/proc/${pid}/fd/${fd}`);
    return file.known ? { fd, file: file.value } : [];
  });
}

/** Who is connected to the inspector of a process that stands at a breakpoint: at a listening port of its own. */
function findDebuggers(pid: number, { threads }: Seen): Neighbour[] {
  const main = threads.find(({ kind }) => kind === 'main');
  if (main?.frames.some(({ function: name }) => pausedByInspector.test(name)) !== true) return [];
  const sockets = readSockets(pid);
  const own = new Map<number, string>();
  for (let fd = 0; fd < limits.maxInspectedDescriptors; fd++) {
    const link = readLinkFact(`/proc/${pid}/fd/${fd}`);
    if (link.known && link.value.startsWith('socket:')) own.set(fd, link.value);
  }
  const socketOf = (file: string) => sockets.get(socketInode(file) ?? '');
  const listening = new Set(
    [...own.values()].flatMap((file) => {
      const socket = socketOf(file);
      return socket?.state === 'listening' ? (socket.address ?? []) : [];
    }),
  );
  const connected = [...own].flatMap(([fd, file]) => {
    const { address, peer } = socketOf(file) ?? {};
    return address !== undefined && peer !== undefined && listening.has(address)
      ? { fd, file }
      : [];
  });
  return findPeers(pid, connected).map((peer) => ({ ...peer, relation: 'debugger' }));
}

async function readLoop(
  pid: number,
  dependencies: CaptureDependencies,
  timeMs: number,
): Promise<Pick<Neighbour, 'loop' | 'lastTurnAgoMs'> | undefined> {
  try {
    const clock = await within(async () => dependencies.openEventLoop(pid), timeMs);
    const task = readTask(pid, pid);
    const reading = clock.known ? clock.value.read() : null;
    if (reading === null || task === null) return undefined;
    return {
      loop: judgeLoop(reading, task.syscall),
      lastTurnAgoMs: Math.round(reading.lastTurnAgoMs),
    };
  } catch {
    return undefined; // not a node process, or one we may not look into
  }
}
