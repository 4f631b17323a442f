/**
 * Which reports go. Age is a promise of its own (a report holds values of somebody's program) and spares nothing but a pin. Under
 * pressure of count, bytes or free space the oldest go first; but the newest report of each signature stays as long as there is another to
 * delete, and the newest of all stays always: an archive full of yesterday's hang should still hold the one crash of last
 * week. Pure.
 */

/** Limits of an archive. */
export interface PrunePolicy {
  readonly maxReports: number;
  readonly maxAgeMs: number;
  /** The reports together, in bytes. */
  readonly maxBytes: number;
  /** The reports together, as a share of the file system's size, 0 to 1. */
  readonly maxShare: number;
  /** Free space that is left to others, as a share of the file system's size, 0 to 1. Never costs the newest of a signature. */
  readonly keepFreeShare: number;
}

export const defaultPolicy: PrunePolicy = {
  maxReports: 500,
  maxAgeMs: 30 * 86_400_000,
  maxBytes: Number.POSITIVE_INFINITY,
  maxShare: 0.1,
  keepFreeShare: 0.15,
};

/** The file system below the archive. */
export interface Space {
  readonly totalBytes: number;
  /** Free for this user. */
  readonly freeBytes: number;
}

export interface Prunable {
  readonly capturedAtMs: number;
  readonly bytes: number;
  /** Absent when not known; then nothing protects the file. */
  readonly signature?: string;
  /** Nothing but a person's word removes it. */
  readonly isPinned?: boolean;
}

export type PruneReason = 'age' | 'count' | 'bytes' | 'free-space';

/** One file that goes, and the limit that asks for it. */
export interface PruneChoice<T> {
  readonly file: T;
  readonly reason: PruneReason;
}

/** What an archive holds and may hold, while things go. */
export class Pressure {
  count: number;
  bytes: number;
  freeBytes: number;
  readonly #policy: PrunePolicy;
  readonly #space: Space;
  readonly #neededBytes: number;

  constructor(
    held: { readonly count: number; readonly bytes: number },
    policy: PrunePolicy,
    space: Space,
    neededBytes: number,
  ) {
    this.count = held.count;
    this.bytes = held.bytes;
    this.freeBytes = space.freeBytes;
    this.#policy = policy;
    this.#space = space;
    this.#neededBytes = neededBytes;
  }

  /** Why one more has to go; null when none has. @param isLast the candidate is the newest of its signature */
  reason(isLast: boolean): PruneReason | null {
    const { maxReports, maxBytes, maxShare, keepFreeShare } = this.#policy;
    const { totalBytes } = this.#space;
    if (this.count > maxReports) return 'count';
    if (this.bytes > Math.min(maxBytes, totalBytes * maxShare)) return 'bytes';
    const wantedFree = isLast ? 0 : totalBytes * keepFreeShare;
    return this.freeBytes < Math.max(this.#neededBytes, wantedFree) ? 'free-space' : null;
  }

  /** One is gone. */
  release(bytes: number): void {
    this.count -= 1;
    this.bytes -= bytes;
    this.freeBytes += bytes;
  }
}

/**
 * Decides what goes.
 * @param files        newest first
 * @param nowMs        wall clock, milliseconds since 1970
 * @param neededBytes  space wanted at once, for a report that found the disk full: for it even the
 *                     newest of a signature goes
 */
export function choosePrunable<T extends Prunable>(
  files: readonly T[],
  policy: PrunePolicy,
  space: Space,
  nowMs: number,
  neededBytes = 0,
): PruneChoice<T>[] {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const pressure = new Pressure({ count: files.length, bytes }, policy, space, neededBytes);
  const isOld = (file: T): boolean =>
    nowMs - file.capturedAtMs > policy.maxAgeMs && file.isPinned !== true;
  const chosen: PruneChoice<T>[] = [];
  for (const file of files.filter(isOld)) {
    chosen.push({ file, reason: 'age' });
    pressure.release(file.bytes);
  }
  const { ordinary, last } = inOrderOfSacrifice(files.filter((file) => !isOld(file)));
  for (const [candidates, isLast] of [
    [ordinary, false],
    [last, true],
  ] as const) {
    for (const file of candidates) {
      const reason = pressure.reason(isLast);
      if (reason === null) break;
      chosen.push({ file, reason });
      pressure.release(file.bytes);
    }
  }
  return chosen;
}

/** Oldest first; the newest of each signature apart; neither the newest of all nor what is pinned. */
export function inOrderOfSacrifice<T extends Prunable>(
  newestFirst: readonly T[],
): { readonly ordinary: T[]; readonly last: T[] } {
  const seen = new Set<string>();
  const ordinary: T[] = [];
  const last: T[] = [];
  for (const [index, file] of newestFirst.entries()) {
    const isLast = file.signature !== undefined && !seen.has(file.signature);
    if (file.signature !== undefined) seen.add(file.signature);
    if (index > 0 && file.isPinned !== true) (isLast ? last : ordinary).push(file);
  }
  return { ordinary: ordinary.reverse(), last: last.reverse() };
}
