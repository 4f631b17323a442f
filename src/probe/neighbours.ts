/**
 * The other processes a process has to do with: parent and children, and who holds the other ends of its pipes and
 * sockets. All from /proc, of what we may read; a search of all processes is bounded by limits.neighbourSearchMs.
 *
 * A pipe is known by its inode: every end of it is a link to `pipe:[inode]` in /proc/PID/fd. A TCP connection within the
 * machine stands twice in /proc/PID/net/tcp, with its ends exchanged. Of a pair of Unix sockets /proc tells nothing; but
 * socketpair(2) makes both at once, and the kernel numbers sockets in order, so the neighbour of an inode is most likely its
 * other end: told as inferred.
 */
import { readdirSync } from 'node:fs';
import { limits } from '../limits.ts';
import type { Neighbour } from '../report/schema.ts';
import { parseCommandLine } from './command-line.ts';
import { readFact, readLinkFact } from './fact.ts';
import { readSockets, socketInode } from './sockets.ts';
import { readStat } from './stat.ts';
import { describeSyscall, readSyscall } from './syscall.ts';
import { readWchan } from './task.ts';
import { readTargetString } from './target-string.ts';

/** A descriptor whose other end is wanted. */
export interface SharedDescriptor {
  readonly fd: number;
  /** As its link in /proc/PID/fd says: `pipe:[123]`, `socket:[123]`, the path of a FIFO. */
  readonly file: string;
}

/** What one process is and does, as far as /proc tells. @returns null when it has gone */
export function describeNeighbour(
  pid: number,
  relation: Neighbour['relation'],
  more: Partial<Neighbour> = {},
): Neighbour | null {
  const stat = readStat(pid);
  if (!stat.known) return null;
  const argv = readFact(`/proc/${pid}/cmdline`, parseCommandLine);
  const call = readSyscall(pid, pid);
  const words = call.known ? describeSyscall(pid, call.value, readTargetString) : null;
  const wchan = readWchan(pid, pid);
  return {
    relation,
    pid,
    name: stat.value.name,
    ...(argv.known && argv.value.length > 0 && { argv: argv.value }),
    state: stat.value.state,
    ...(words !== null && { syscall: words }),
    ...(wchan.known && { wchan: wchan.value }),
    cpuMs: stat.value.cpuMs,
    ...more,
  };
}

/** Pids of its living children. Source: /proc/PID/task/TID/children (proc_pid_task_tid_children(5)). */
export function listChildren(pid: number): number[] {
  return listNames(`/proc/${pid}/task`).flatMap((tid) => {
    const children = readFact(`/proc/${pid}/task/${tid}/children`, (text) =>
      text.trim().split(' ').filter(Boolean).map(Number),
    );
    return children.known ? children.value : [];
  });
}

/** Of a process that does nothing but wait for what it has started: a shell, as `npm run` and `exec()` have one between. */
const waitsForChild = /^wait(?:4|id)\b/;
const maxBetween = 3;

/** Its living children, at most limits.maxNeighbours, and behind those that only wait for one of theirs these. */
export function readChildren(pid: number, between = 0): Neighbour[] {
  return listChildren(pid)
    .slice(0, limits.maxNeighbours)
    .flatMap((child) => describeNeighbour(child, 'child') ?? [])
    .flatMap((child) => {
      if (between >= maxBetween || !waitsForChild.test(child.syscall ?? '')) return child;
      const behind = readChildren(child.pid, between + 1);
      return [child, ...behind.map((one) => ({ through: child.pid, ...one }))];
    })
    .slice(0, limits.maxNeighbours);
}

/** The process that started it, unless that is init. */
export function readParent(pid: number): Neighbour | null {
  const stat = readStat(pid);
  if (!stat.known || stat.value.parentPid <= 1) return null;
  return describeNeighbour(stat.value.parentPid, 'parent');
}

/** Who else has the same pipe or FIFO open, or is at the other end of a socket. */
export function findPeers(pid: number, shared: readonly SharedDescriptor[]): Neighbour[] {
  const wanted = wantedLinks(pid, shared);
  if (wanted.size === 0) return [];
  const endsAtMs = performance.now() + limits.neighbourSearchMs;
  const found: Neighbour[] = [];
  // Those started at about the same time first: most ends of a pipe are in one pipeline.
  const pids = listNames('/proc')
    .map(Number)
    .filter(Number.isInteger)
    .sort((left, right) => Math.abs(left - pid) - Math.abs(right - pid));
  for (const other of pids) {
    if (performance.now() > endsAtMs || found.length >= limits.maxNeighbours) break;
    for (const fd of listNames(`/proc/${other}/fd`)) {
      const link = readLinkFact(`/proc/${other}/fd/${fd}`);
      const match = link.known ? wanted.get(link.value) : undefined;
      if (match === undefined) continue;
      const isOwnEnd = other === pid && (match.relation === 'pipe' || Number(fd) === match.fd);
      const isKnown = found.some((one) => one.pid === other && one.fd === match.fd);
      if (isOwnEnd || isKnown) continue;
      const { relation, ...more } = match;
      const access = relation === 'pipe' ? readAccess(other, fd) : undefined;
      const described = describeNeighbour(other, relation, {
        ...more,
        peerFd: Number(fd),
        ...access,
      });
      if (described !== null) found.push(described);
    }
  }
  return found;
}

type Match = Pick<Neighbour, 'relation' | 'fd' | 'file' | 'isInferred'>;

/** The links that lead to a wanted descriptor, or to its other end. */
function wantedLinks(pid: number, shared: readonly SharedDescriptor[]): Map<string, Match> {
  const wanted = new Map<string, Match>();
  const sockets = shared.some(({ file }) => file.startsWith('socket:')) ? readSockets(pid) : null;
  for (const { fd, file } of shared.slice(0, limits.maxNeighbours)) {
    const inode = socketInode(file);
    if (inode === null) {
      if (file.startsWith('pipe:') || file.startsWith('/'))
        wanted.set(file, { relation: 'pipe', fd, file });
      continue;
    }
    const own = sockets?.get(inode);
    const socket: Match = { relation: 'socket', fd, file };
    if (own?.peer !== undefined) {
      for (const [other, { address, peer }] of sockets ?? [])
        if (address === own.peer && peer === own.address) wanted.set(`socket:[${other}]`, socket);
    } else if (own?.state === 'connected' && own.address === undefined) {
      for (const other of [Number(inode) - 1, Number(inode) + 1])
        if (sockets?.get(String(other))?.state === 'connected')
          wanted.set(`socket:[${other}]`, { ...socket, isInferred: true });
    }
  }
  return wanted;
}

/** O_ACCMODE of the octal `flags` in fdinfo (proc_pid_fdinfo(5)). */
function readAccess(pid: number, fd: string): Pick<Neighbour, 'access'> | undefined {
  const mode = readFact(`/proc/${pid}/fdinfo/${fd}`, (text) => {
    const flags = /^flags:\s*([0-7]+)$/m.exec(text)?.[1];
    return flags === undefined ? NaN : Number.parseInt(flags, 8) & 3;
  });
  const words = ['reads', 'writes', 'reads and writes'] as const;
  const access = mode.known ? words[mode.value] : undefined;
  return access === undefined ? undefined : { access };
}

function listNames(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
