/** Whom to watch now: looks through the processes of the machine and says which of them are chosen and new. */
import { limits } from '../limits.ts';
import { isNodeExecutable, isNodeFile } from '../probe/node-executable.ts';
import { type ListedProcess, ProcessList } from '../probe/process-list.ts';
import { type ProcessIdentity, isAlive, requireProcess } from '../probe/identity.ts';
import { Family } from './family.ts';
import type { Whom } from './settings.ts';
import { type Subject, isOwnWork, passes, readSubject } from './subject.ts';

/** A process that begins to be watched. */
export interface Chosen {
  readonly subject: Subject;
  /** pid of the chosen process that it descends from, or its own. */
  readonly root: number;
}

/** A command line that cannot be read so often, a second apart, lies behind a lock that a sick process holds. */
const maxTries = 30;

/** Chooses. */
export class Population {
  readonly #whom: Whom;
  readonly #list = new ProcessList();
  readonly #family = new Family();
  readonly #named: ReadonlyMap<number, ProcessIdentity>;
  /** Node.js processes found and not yet judged, eldest first: parents come before their children. */
  #waiting: ListedProcess[] = [];
  /** With `tree`: judged and not chosen. They are, should their parents be chosen later. */
  readonly #passedOver = new Map<number, ListedProcess>();
  /** How often the command line of a process could not be read, by pid. */
  readonly #silent = new Map<number, number>();

  /** @throws SleeperError ERR_SLEEPER_NO_SUCH_PROCESS, ERR_SLEEPER_TARGET_GONE for a pid that was named */
  constructor(whom: Whom) {
    this.#whom = whom;
    this.#named = new Map(whom.pids.map((pid) => [pid, requireProcess(pid)]));
    for (const identity of this.#named.values()) this.#family.addRoot(identity);
  }

  /** True when processes that do not exist yet may be chosen. */
  get isOpen(): boolean {
    const { all, names, tree } = this.#whom;
    const isFamilyAlive = (root: number): boolean => this.#family.isAlive(root);
    return all || names.length > 0 || (tree && [...this.#named.keys()].some(isFamilyAlive));
  }

  /** How many were found and are not judged yet. */
  get leftOut(): number {
    return this.#waiting.length + this.#list.leftOut;
  }

  /** To be called when a watched process has ended. */
  forget(pid: number): void {
    this.#list.forget(pid);
  }

  /**
   * The next processes to be watched, at most as many as may begin in one turn.
   * @param room how many more may be watched at all
   * @param nowMs CLOCK_MONOTONIC
   */
  async choose(room: number, nowMs: number): Promise<Chosen[]> {
    this.#scan(nowMs);
    const count = Math.min(limits.maxNewWatched, Math.max(0, room));
    const next = this.#waiting.splice(0, count);
    const subjects = await Promise.all(next.map(readSubject));
    return subjects.flatMap((subject, index) => {
      if (this.#isToBeAskedAgain(subject, next[index])) return [];
      if (isOwnWork(subject) || !passes(subject, this.#whom.only)) return [];
      const root = this.#rootFor(subject);
      const listed = next[index];
      if (root === null && listed !== undefined && this.#whom.tree) {
        this.#passedOver.set(subject.identity.pid, listed);
      }
      return root === null ? [] : [{ subject, root }];
    });
  }

  /** On a busy machine a command line may come late, and by it processes are chosen: they are not passed over for that. */
  #isToBeAskedAgain(subject: Subject, listed: ListedProcess | undefined): boolean {
    const { identity, isArgvKnown } = subject;
    const tries = (this.#silent.get(identity.pid) ?? 0) + 1;
    this.#silent.delete(identity.pid);
    if (isArgvKnown || listed === undefined || tries > maxTries || !isAlive(identity)) return false;
    this.#silent.set(identity.pid, tries);
    this.#waiting.push(listed);
    return true;
  }

  #scan(nowMs: number): void {
    const { all, names, tree } = this.#whom;
    const isSearching = all || names.length > 0;
    const listed = this.#list.scan(nowMs, isSearching || tree ? null : this.#named);
    if (tree) {
      this.#family.forget((pid) => this.#list.has(pid));
      this.#family.admit(listed);
      for (const pid of this.#passedOver.keys()) {
        if (!this.#list.has(pid)) this.#passedOver.delete(pid);
      }
    }
    const fresh = listed.filter(
      ({ identity, executable }) =>
        (isSearching ||
          this.#isNamedPid(identity) ||
          (tree && this.#family.rootOf(identity) !== null)) &&
        // Last: a binary under another name must be searched.
        (this.#isNamedPid(identity) ? isNodeExecutable : isNodeFile)(identity.pid, executable),
    );
    fresh.sort((one, other) => one.identity.startTicks - other.identity.startTicks);
    this.#waiting.push(...fresh);
  }

  /** The top of the family that a process is chosen with; null when it is not chosen. */
  #rootFor(subject: Subject): number | null {
    const { identity } = subject;
    const { tree } = this.#whom;
    if (this.#isNamedPid(identity)) return identity.pid;
    const root = tree ? this.#family.rootOf(identity) : null;
    if (root !== null) return root;
    if (!this.#isNamed(subject)) return null;
    if (tree) this.#addRoot(identity);
    return identity.pid;
  }

  #addRoot(identity: ProcessIdentity): void {
    this.#family.addRoot(identity);
    for (const [pid, listed] of this.#passedOver) {
      if (this.#family.rootOf(listed.identity) === null) continue;
      this.#passedOver.delete(pid);
      this.#waiting.push(listed);
    }
  }

  /** A pid that was given to another process meanwhile is not the one that was named. */
  #isNamedPid({ pid, startTicks }: ProcessIdentity): boolean {
    return this.#named.get(pid)?.startTicks === startTicks;
  }

  #isNamed(subject: Subject): boolean {
    const { all, names } = this.#whom;
    if (names.length === 0) return all;
    return names.some((name) => name.test(subject.argv) || name.test(subject.name));
  }
}
