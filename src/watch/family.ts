/** Who descends from whom: which processes belong to the chosen ones. Told apart by pid and start time, like all. */
import { type ProcessIdentity, isAlive } from '../probe/identity.ts';
import type { ListedProcess } from '../probe/process-list.ts';

interface Member {
  readonly identity: ProcessIdentity;
  /** pid of the chosen process at the top. */
  readonly root: number;
}

/** A process whose parent has ended belongs to the family that it was first seen in. */
const maxAncestors = 64;

/** The families of the chosen processes, members of any program: shells and npm stand between. */
export class Family {
  readonly #members = new Map<number, Member>();
  /** Of every process that was listed: who started it. */
  readonly #listed = new Map<number, ListedProcess>();

  /** Makes a process the top of a family. */
  addRoot(identity: ProcessIdentity): void {
    this.#members.set(identity.pid, { identity, root: identity.pid });
  }

  /** Notes newly seen processes; those whose parents are of a family belong to it from now on, whatever becomes of these. */
  admit(listed: readonly ListedProcess[]): void {
    for (const process of listed) this.#listed.set(process.identity.pid, process);
    for (const { identity } of listed) this.rootOf(identity);
  }

  /** The top of a process's family, by pid; null when it has none. */
  rootOf(identity: ProcessIdentity): number | null {
    const root = this.#findRoot(identity);
    if (root !== null && !this.#members.has(identity.pid)) {
      this.#members.set(identity.pid, { identity, root });
    }
    return root;
  }

  /** Forgets the processes that are gone. @param isListed whether a pid is in use */
  forget(isListed: (pid: number) => boolean): void {
    for (const pid of this.#listed.keys()) if (!isListed(pid)) this.#listed.delete(pid);
  }

  /** True while one of the processes of the family runs. */
  isAlive(root: number): boolean {
    for (const [pid, member] of this.#members) {
      if (member.root !== root) continue;
      if (isAlive(member.identity)) return true;
      this.#members.delete(pid);
    }
    return false;
  }

  #findRoot(identity: ProcessIdentity): number | null {
    let { pid } = identity;
    for (let step = 0; step < maxAncestors; step++) {
      const member = this.#members.get(pid);
      if (member !== undefined) {
        if (isAlive(member.identity)) return member.root;
        this.#members.delete(pid);
      }
      const parent = this.#listed.get(pid)?.parentPid;
      if (parent === undefined || parent === pid) return null;
      pid = parent;
    }
    return null;
  }
}
