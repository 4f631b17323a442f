/**
 * Rotation. Age is a promise of its own (a report holds values of somebody's program) and spares nothing. Under pressure
 * of count, bytes or free space the oldest go first; but the newest report of each signature stays as long as there is
 * another to delete, and the newest of all stays always: an archive full of yesterday's hang should still hold the
 * one crash of last week.
 */
import { lstat, statfs, unlink } from 'node:fs/promises';
import { readArchiveDirectory } from './list.ts';
import type { ArchiveFile, SkippedFile } from './list.ts';
import { errnoOf, openSafeDirectory } from './location.ts';
import { readHeader } from './read.ts';

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
}

export type PruneReason = 'age' | 'count' | 'bytes' | 'free-space';

/** One file that goes, and the limit that asks for it. */
export interface PruneChoice<T> {
  readonly file: T;
  readonly reason: PruneReason;
}

/** What a prune deleted, or would. */
export interface PruneResult {
  readonly choices: readonly PruneChoice<ArchiveFile>[];
  /** Unfinished files of writers that died. */
  readonly leftovers: readonly SkippedFile[];
  /** Files that should have gone and could not. */
  readonly failures: readonly { readonly fileName: string; readonly errno: string }[];
}

/** A writer needs seconds. What is unfinished after this time was left by one that died. */
const leftoverAgeMs = 10 * 60_000;

/**
 * Decides what goes. Pure.
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
  const chosen: PruneChoice<T>[] = [];
  const kept: T[] = [];
  for (const file of files) {
    if (nowMs - file.capturedAtMs > policy.maxAgeMs) {
      chosen.push({ file, reason: 'age' });
    } else {
      kept.push(file);
    }
  }
  let count = kept.length;
  let bytes = kept.reduce((sum, file) => sum + file.bytes, 0);
  let freeBytes = space.freeBytes + chosen.reduce((sum, { file }) => sum + file.bytes, 0);
  const maxBytes = Math.min(policy.maxBytes, space.totalBytes * policy.maxShare);
  const pressure = (isProtected: boolean): PruneReason | null => {
    if (count > policy.maxReports) {
      return 'count';
    }
    if (bytes > maxBytes) {
      return 'bytes';
    }
    const wantedFree = isProtected ? 0 : space.totalBytes * policy.keepFreeShare;
    return freeBytes < Math.max(neededBytes, wantedFree) ? 'free-space' : null;
  };
  for (const { file, isProtected } of inOrderOfSacrifice(kept)) {
    const reason = pressure(isProtected);
    if (reason !== null) {
      chosen.push({ file, reason });
      count--;
      bytes -= file.bytes;
      freeBytes += file.bytes;
    }
  }
  return chosen;
}

/** Oldest first, the newest of each signature behind the others, without the newest of all. */
function inOrderOfSacrifice<T extends Prunable>(
  newestFirst: readonly T[],
): { file: T; isProtected: boolean }[] {
  const seen = new Set<string>();
  const ordinary: { file: T; isProtected: boolean }[] = [];
  const guarded: { file: T; isProtected: boolean }[] = [];
  for (const [index, file] of newestFirst.entries()) {
    const isProtected = file.signature !== undefined && !seen.has(file.signature);
    if (file.signature !== undefined) {
      seen.add(file.signature);
    }
    if (index > 0) {
      (isProtected ? guarded : ordinary).push({ file, isProtected });
    }
  }
  return [...ordinary.reverse(), ...guarded.reverse()];
}

export interface PruneOptions {
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs?: number;
  readonly dryRun?: boolean;
  readonly neededBytes?: number;
}

/**
 * Applies the policy to a directory. Deletes only report files and leftovers that belong to us.
 * @throws SleeperError ERR_SLEEPER_ARCHIVE_UNSAFE, ERR_SLEEPER_ARCHIVE_WRITE
 */
export async function pruneArchive(
  path: string,
  policy: PrunePolicy,
  options: PruneOptions = {},
): Promise<PruneResult> {
  const nowMs = options.nowMs ?? Date.now();
  const directory = await openSafeDirectory(path);
  try {
    const found = await readArchiveDirectory(path);
    const files = found.files.filter(isOurs);
    const space = await readSpace(directory.pathOf('.'));
    const choose = (from: readonly (ArchiveFile & Prunable)[]): PruneChoice<ArchiveFile>[] =>
      choosePrunable(from, policy, space, nowMs, options.neededBytes);
    // Signatures cost opening every file; they matter only when something has to go.
    const choices = choose(files).length === 0 ? [] : choose(await withSignatures(files));
    const leftovers = found.skipped.filter(
      (file) =>
        isOurs(file) && file.reason === 'unfinished' && nowMs - file.modifiedAtMs > leftoverAgeMs,
    );
    const failures: { fileName: string; errno: string }[] = [];
    if (options.dryRun !== true) {
      for (const { fileName } of [...choices.map((choice) => choice.file), ...leftovers]) {
        const errno = await removeFile(directory.pathOf(fileName));
        if (errno !== null) {
          failures.push({ fileName, errno });
        }
      }
    }
    return { choices, leftovers, failures };
  } finally {
    await directory.handle.close();
  }
}

function isOurs(file: { readonly uid: number }): boolean {
  return file.uid === process.geteuid?.();
}

async function readSpace(path: string): Promise<Space> {
  const { bsize, blocks, bavail } = await statfs(path);
  return { totalBytes: bsize * blocks, freeBytes: bsize * bavail };
}

async function withSignatures(files: readonly ArchiveFile[]): Promise<(ArchiveFile & Prunable)[]> {
  const read: (ArchiveFile & Prunable)[] = [];
  for (const file of files) {
    const header = await readHeader(file.path).catch(() => null);
    read.push(header === null ? file : { ...file, signature: header.signature });
  }
  return read;
}

/** @returns null when the file is gone, however that came; else the system's error */
async function removeFile(path: string): Promise<string | null> {
  try {
    const stats = await lstat(path);
    if (!stats.isFile() || !isOurs(stats)) {
      return 'not ours';
    }
    await unlink(path);
    return null;
  } catch (error) {
    const errno = errnoOf(error);
    return errno === 'ENOENT' ? null : errno;
  }
}
