/** With whose rights a process runs, and whether another one may read its memory. */
import { statSync } from 'node:fs';
import { readFact } from './fact.ts';
import { type ProcessIdentity, isAlive } from './identity.ts';

/** Of a process that is one and the same user in every respect: real, effective, saved, for files; and so its group. */
export interface Rights {
  readonly userId: number;
  readonly groupId: number;
  /** Other groups than this one. */
  readonly hasMoreGroups: boolean;
  /** Permitted capabilities, as a bit mask. */
  readonly capabilities: bigint;
  /** Not even its own user may read its memory: it was another user before, or its program file may not be read. */
  readonly isHidden: boolean;
}

const sysPtrace = 1n << 19n;

/** Reads them. @returns null when it is several users or groups at once, or has ended */
export function readRights(identity: ProcessIdentity): Rights | null {
  const { pid } = identity;
  const status = readFact(`/proc/${pid}/status`, parseRights);
  if (!status.known || status.value === null) return null;
  try {
    // Files of a process that hides its memory belong to root (proc(5)).
    const isHidden = statSync(`/proc/${pid}/environ`).uid !== status.value.userId;
    // Last: what was read is told of this very process.
    return isAlive(identity) ? { ...status.value, isHidden } : null;
  } catch {
    return null;
  }
}

function parseRights(status: string): Omit<Rights, 'isHidden'> | null {
  const numbersOf = (field: string): number[] =>
    (new RegExp(`^${field}:(.*)$`, 'm').exec(status)?.[1]?.match(/\d+/g) ?? []).map(Number);
  const [userId, ...otherUsers] = numbersOf('Uid');
  const [groupId, ...otherGroups] = numbersOf('Gid');
  const capabilities = /^CapPrm:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (userId === undefined || groupId === undefined || capabilities === undefined) return null;
  if (otherUsers.some((id) => id !== userId) || otherGroups.some((id) => id !== groupId))
    return null;
  return {
    userId,
    groupId,
    hasMoreGroups: numbersOf('Groups').some((id) => id !== groupId),
    capabilities: BigInt(`0x${capabilities}`),
  };
}

/** Whether the kernel lets one read the other's memory and stop it, Yama aside. Source: __ptrace_may_access() and cap_ptrace_access_check(). */
export function mayTrace(
  tracer: Pick<Rights, 'userId' | 'groupId' | 'capabilities'>,
  target: Rights,
): boolean {
  if ((tracer.capabilities & sysPtrace) !== 0n) return true;
  return (
    !target.isHidden &&
    tracer.userId === target.userId &&
    tracer.groupId === target.groupId &&
    (target.capabilities & ~tracer.capabilities) === 0n
  );
}
