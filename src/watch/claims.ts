/**
 * One watcher for each process: two would stop it twice, report twice, and kill what the other has just restarted.
 *
 * A watcher says "mine" by a small file, named by the pid and start time of the watched process, that names itself in the
 * same way. It is put there by link(2), whole and only if nobody's is there. A watcher that died owns nothing: whoever sees
 * that its process is gone takes over at once. Each user has a directory that others can read and not write; what another
 * user's file says is believed only of a watcher that runs as root, as us, or as the owner of the watched process.
 */
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { errnoOf } from '../probe/fact.ts';
import { type ProcessIdentity, isAlive, requireProcess } from '../probe/identity.ts';

const Owner = v.object({ pid: v.number(), startTicks: v.number(), command: v.string() });
/** A watcher, and what it was started as. */
export type Owner = v.InferOutput<typeof Owner>;

const maxFileBytes = 1_024;
/** Each time somebody else was faster; then he is alive and the owner. */
const maxTries = 5;

/** What this watcher has claimed. */
export class Claims {
  /** Null: there is no such directory and none can be made; then nobody is asked. */
  readonly #directory: string | null;
  /** Why claims cannot be made. */
  readonly weakness: string | null;
  readonly #self: Owner;
  readonly #held = new Set<string>();

  /**
   * @param command what others are told, such as `sleeper watch`
   * @param directory where this user's claims are kept
   */
  constructor(command: string, directory: string = claimDirectory()) {
    const { pid, startTicks } = requireProcess(process.pid);
    this.#self = { pid, startTicks, command };
    this.weakness = makeDirectory(directory);
    this.#directory = this.weakness === null ? directory : null;
    if (this.#directory !== null) removeEnded(this.#directory);
  }

  /**
   * Claims a process.
   * @param userId owner of the process
   * @returns null when it is ours now, else who watches it
   */
  take(identity: ProcessIdentity, userId: number): Owner | null {
    const name = fileName(identity);
    if (this.#directory === null || this.#held.has(name)) return null;
    for (const directory of foreignDirectories(userId, this.#directory)) {
      const owner = readOwner(path.join(directory, name), [0, userId, ownUserId()]);
      if (owner !== null && isAlive(owner)) return owner;
    }
    return this.#link(this.#directory, name);
  }

  /** Lets go of a process: it ended, or we do. */
  release(identity: ProcessIdentity): void {
    const name = fileName(identity);
    if (this.#directory === null || !this.#held.delete(name)) return;
    removeQuietly(path.join(this.#directory, name));
  }

  /** Lets go of everything. */
  releaseAll(): void {
    for (const name of this.#held) {
      if (this.#directory !== null) removeQuietly(path.join(this.#directory, name));
    }
    this.#held.clear();
  }

  #link(directory: string, name: string): Owner | null {
    const file = path.join(directory, name);
    const own = path.join(directory, `.${this.#self.pid}-${this.#self.startTicks}`);
    try {
      writeFileSync(own, JSON.stringify(this.#self), { mode: 0o644 });
      for (let tries = 0; tries < maxTries; tries++) {
        if (tryLink(own, file)) {
          this.#held.add(name);
          return null;
        }
        const owner = readOwner(file, [ownUserId()]);
        if (owner !== null && isAlive(owner)) return isSame(owner, this.#self) ? null : owner;
        moveAside(file, `${own}.old`, owner);
      }
      return readOwner(file, [ownUserId()]);
    } catch {
      return null; // A full or vanished directory must not keep us from watching.
    } finally {
      removeQuietly(own);
    }
  }
}

/** Where this user's claims are kept: a place that is the same for all his watchers and does not outlive a boot. */
export function claimDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
  userId: number = ownUserId(),
): string {
  if (userId === 0) return '/run/sleeper';
  const runtime = env['XDG_RUNTIME_DIR'];
  return runtime?.startsWith('/') === true ? `${runtime}/sleeper` : `/tmp/sleeper-${userId}`;
}

/** Directories of others who may watch a process of this user: root, and the user himself. */
function foreignDirectories(userId: number, own: string): string[] {
  const places = ['/run/sleeper', `/run/user/${userId}/sleeper`, `/tmp/sleeper-${userId}`];
  return places.filter((place) => place !== own);
}

function fileName({ pid, startTicks }: ProcessIdentity): string {
  return `${pid}-${startTicks}`;
}

/** @returns why it cannot be used; null when it can */
function makeDirectory(directory: string): string | null {
  try {
    mkdirSync(directory, { mode: 0o755 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') return `cannot create ${directory}: ${errnoOf(error)}`;
  }
  try {
    const stats = lstatSync(directory);
    const isOurs = stats.isDirectory() && stats.uid === ownUserId() && (stats.mode & 0o022) === 0;
    return isOurs ? null : `${directory} is not a directory that only we can write to`;
  } catch (error) {
    return `cannot look at ${directory}: ${errnoOf(error)}`;
  }
}

/** Claims on processes that have ended: a watcher that was killed removes nothing. */
function removeEnded(directory: string): void {
  try {
    for (const name of readdirSync(directory)) {
      const [, pid, startTicks] = /^\.?(\d+)-(\d+)(?:\.old)?$/.exec(name) ?? [];
      if (pid === undefined) continue;
      const isOver = !isAlive({ pid: Number(pid), startTicks: Number(startTicks) });
      if (isOver) removeQuietly(path.join(directory, name));
    }
  } catch {
    // What cannot be listed is not in our way.
  }
}

function ownUserId(): number {
  return process.geteuid?.() ?? 0;
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a dead watcher's claim; puts it back should another watcher have renewed it in this very moment. */
function moveAside(file: string, aside: string, dead: Owner | null): void {
  try {
    renameSync(file, aside);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return; // somebody was faster
    throw error;
  }
  const moved = readOwner(aside, [ownUserId()]);
  if (moved !== null && (dead === null || !isSame(moved, dead)) && isAlive(moved)) {
    tryLink(aside, file);
  }
  removeQuietly(aside);
}

function isSame(left: Owner, right: Owner): boolean {
  return left.pid === right.pid && left.startTicks === right.startTicks;
}

/** @param trusted users whose word counts */
function readOwner(file: string, trusted: readonly number[]): Owner | null {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() || !trusted.includes(stats.uid)) return null;
    const bytes = Buffer.alloc(maxFileBytes);
    const text = bytes.toString('utf8', 0, readSync(fd, bytes, 0, maxFileBytes, 0));
    const owner = v.safeParse(Owner, JSON.parse(text));
    return owner.success ? owner.output : null;
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

function removeQuietly(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // It is gone already.
  }
}
