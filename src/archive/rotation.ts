/**
 * Rotation after each seal, at a cost that does not grow with the archive. A look at everything (scan.ts) leaves a plan in
 * `.rotation`: how many reports of how many bytes there were, and which would go next. Until the plan is used up or old, the lines that
 * were appended to the index since tell what has changed. All of it is derived: deleted or damaged, it is made again. Who seals
 * a report waits for a new plan only where a look at everything is cheap; in a large archive it is made when the report is
 * told of, and until then there are some reports more than the limits allow.
 */
import { lstat, statfs } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import * as v from 'valibot';
import { limits } from '../limits.ts';
import {
  Pressure,
  type PruneChoice,
  type PrunePolicy,
  type Space,
  choosePrunable,
  inOrderOfSacrifice,
} from './choose.ts';
import { indexName, parseIndexLine, readIndexFrom } from './index-file.ts';
import { type SafeDirectory, openSafeDirectory } from './location.ts';
import { readNames } from './names.ts';
import { readBytes } from './read.ts';
import { type Leftover, type RemovalFailure, clearLeftovers, removeReports } from './remove.ts';
import { type ArchiveFile, completeFromFiles, readDirectory } from './scan.ts';
import { pinSuffix } from './sidecars.ts';
import { compressOld, findOld, forgetSignatures, replaceFile, rewriteIndex } from './upkeep.ts';

const planName = '.rotation';
/** Reports named in a plan. */
const maxPlanned = 512;
/** What the index may grow until everything is looked at again: about five hundred seals. */
const maxTailBytes = 256 << 10;
const maxPlanAgeMs = 86_400_000;
/** An archive of so many reports is looked at in some ten milliseconds. */
const maxQuickLook = 1_000;
const Planned = v.object({ stem: v.string(), bytes: v.number(), atMs: v.number() });
type Planned = v.InferOutput<typeof Planned>;
const Plan = v.object({
  madeAtMs: v.number(),
  indexBytes: v.number(),
  count: v.number(),
  bytes: v.number(),
  /** Reports that have a newer one of their signature, oldest first. */
  ordinary: v.array(Planned),
  /** True: `ordinary` names all of them. */
  isComplete: v.boolean(),
  /** The newest of their signatures, oldest first. */
  last: v.array(Planned),
  /** By age alone, oldest first. */
  oldest: v.array(Planned),
});
type Plan = v.InferOutput<typeof Plan>;

/** What a prune deleted, or would. */
export interface PruneResult {
  readonly choices: readonly PruneChoice<PrunedFile>[];
  /** Unfinished files of writers that died. */
  readonly leftovers: readonly Leftover[];
  /** Files that should have gone and could not. */
  readonly failures: readonly RemovalFailure[];
}

/** A report that goes. */
export type PrunedFile = ArchiveFile & { readonly bytes: number };

export interface PruneOptions {
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs?: number;
  readonly dryRun?: boolean;
  readonly neededBytes?: number;
  /** Nothing is compressed: somebody waits. */
  readonly isQuick?: boolean;
}

/**
 * Applies the policy to a whole directory.
 * @throws SleeperError ERR_SLEEPER_ARCHIVE_UNSAFE, ERR_SLEEPER_ARCHIVE_WRITE
 */
export async function pruneArchive(
  path: string,
  policy: PrunePolicy,
  options: PruneOptions = {},
): Promise<PruneResult> {
  const directory = await openSafeDirectory(path);
  try {
    return await pruneDirectory(directory, policy, options);
  } finally {
    await directory.handle.close();
  }
}

async function pruneDirectory(
  directory: SafeDirectory,
  policy: PrunePolicy,
  { nowMs = Date.now(), dryRun = false, neededBytes = 0, isQuick = false }: PruneOptions,
): Promise<PruneResult> {
  const found = await readDirectory(directory.path);
  const leftovers = await clearLeftovers(directory, found.others, nowMs, dryRun);
  const ours = await onlyOurs(directory, found.files);
  const files = await completeFromFiles(ours, dryRun ? undefined : directory);
  const known = await withSizes(directory, files);
  const space = await readSpace(directory);
  const choices = choosePrunable(known, policy, space, nowMs, neededBytes);
  if (dryRun) return { choices, leftovers, failures: [] };
  const failures = await removeReports(
    directory,
    choices.map(({ file }) => file),
  );
  const gone = new Set(choices.map(({ file }) => file.stem));
  const kept = known.filter(({ stem }) => !gone.has(stem));
  if (!isQuick) await compressOld(directory, kept, nowMs);
  else if (findOld(kept, nowMs).length > 0) void lookLater(directory.path, policy);
  await forgetSignatures(directory, policy.maxAgeMs, nowMs);
  await rewriteIndex(directory, found, kept);
  const { bytes: indexBytes } = await readIndexFrom(directory.pathOf(indexName), Infinity);
  await writePlan(directory, planFrom(kept, indexBytes, nowMs));
  return { choices, leftovers, failures };
}

/**
 * Applies the policy after a seal. Looks at everything only when the plan cannot tell.
 * @returns how many were deleted
 */
export async function rotate(
  directory: SafeDirectory,
  policy: PrunePolicy,
  nowMs: number,
): Promise<number> {
  const plan = await readPlan(directory);
  const tail = await readIndexFrom(directory.pathOf(indexName), plan?.indexBytes ?? Infinity);
  const isUsable =
    plan !== null &&
    tail.bytes >= plan.indexBytes &&
    tail.bytes - plan.indexBytes < maxTailBytes &&
    Math.abs(nowMs - plan.madeAtMs) < maxPlanAgeMs;
  const victims = isUsable
    ? await chooseFromPlan(directory, plan, tail.lines, policy, nowMs)
    : null;
  if (victims === null) {
    const count = plan?.count ?? (await readNames(directory.path)).fileNames.length;
    if (count > maxQuickLook) {
      void lookLater(directory.path, policy);
      return 0;
    }
    const { choices } = await pruneDirectory(directory, policy, { nowMs, isQuick: true });
    return choices.length;
  }
  await removeReports(directory, victims);
  return victims.length;
}

const lookedAt = new Set<string>();

/** A look at everything that nobody waits for; should this process end meanwhile, another seal begins it again. */
async function lookLater(path: string, policy: PrunePolicy): Promise<void> {
  if (lookedAt.has(path)) return;
  lookedAt.add(path);
  try {
    await setTimeout(0);
    await pruneArchive(path, policy);
  } catch {
    // `sleeper prune` says what is wrong.
  } finally {
    lookedAt.delete(path);
  }
}

/** @returns null when the plan does not reach */
async function chooseFromPlan(
  directory: SafeDirectory,
  plan: Plan,
  tail: readonly string[],
  policy: PrunePolicy,
  nowMs: number,
): Promise<Planned[] | null> {
  const held = { count: plan.count, bytes: plan.bytes };
  const gone = new Set<string>();
  const replaced: Planned[] = [];
  for (const text of tail) {
    const line = parseIndexLine(text);
    if (line === null) continue;
    if ('gone' in line) {
      if (gone.has(line.gone)) continue;
      gone.add(line.gone);
      held.count -= 1;
      held.bytes -= line.bytes;
    } else {
      held.count += 1;
      held.bytes += line.bytes;
      if (line.previous !== '') replaced.push({ stem: line.previous, bytes: 0, atMs: 0 });
    }
  }
  const pressure = new Pressure(held, policy, await readSpace(directory), 0);
  const victims: Planned[] = [];
  const take = async (candidate: Planned): Promise<void> => {
    if (gone.has(candidate.stem) || (await isPinned(directory, candidate.stem))) return;
    gone.add(candidate.stem);
    victims.push(candidate);
    pressure.release(candidate.bytes);
  };
  for (const candidate of plan.oldest) {
    if (nowMs - candidate.atMs > policy.maxAgeMs) await take(candidate);
  }
  for (const candidate of [...plan.ordinary, ...(plan.isComplete ? replaced : [])]) {
    if (pressure.reason(false) === null) return victims;
    const sized = await withSize(directory, candidate);
    if (sized.bytes > 0) await take(sized); // else it is gone already
  }
  if (pressure.reason(false) === null) return victims;
  if (!plan.isComplete) return null;
  for (const candidate of plan.last) {
    if (pressure.reason(true) === null) return victims;
    await take(candidate);
  }
  return pressure.reason(true) === null || plan.last.length < maxPlanned ? victims : null;
}

function planFrom(newestFirst: readonly PrunedFile[], indexBytes: number, nowMs: number): Plan {
  const { ordinary, last } = inOrderOfSacrifice(newestFirst);
  const planned = (files: readonly PrunedFile[]): Planned[] =>
    files
      .slice(0, maxPlanned)
      .map(({ stem, bytes, capturedAtMs }) => ({ stem, bytes, atMs: capturedAtMs }));
  const byAge = newestFirst.slice(-maxPlanned).reverse();
  return {
    madeAtMs: nowMs,
    indexBytes,
    count: newestFirst.length,
    bytes: newestFirst.reduce((sum, { bytes }) => sum + bytes, 0),
    ordinary: planned(ordinary),
    isComplete: ordinary.length <= maxPlanned,
    last: planned(last),
    oldest: planned(byAge.filter((file) => !file.isPinned)),
  };
}

async function readPlan(directory: SafeDirectory): Promise<Plan | null> {
  const bytes = await readBytes(directory.pathOf(planName), limits.maxPlanBytes).catch(() => null);
  if (bytes === null) return null;
  try {
    const parsed = v.safeParse(Plan, JSON.parse(bytes.toString('utf8')));
    return parsed.success ? parsed.output : null;
  } catch {
    return null; // whatever is wrong with it, another is made
  }
}

/** Not synced: lost in a crash, it is made again. */
async function writePlan(directory: SafeDirectory, plan: Plan): Promise<void> {
  await replaceFile(directory, planName, JSON.stringify(plan)).catch(() => undefined);
}

/** Without links, and files of others: they are neither counted nor deleted. What is in the index was looked at before. */
async function onlyOurs(
  directory: SafeDirectory,
  files: readonly ArchiveFile[],
): Promise<ArchiveFile[]> {
  const ours: ArchiveFile[] = [];
  for (const file of files) {
    const stats = file.line ? null : await lstat(directory.pathOf(file.fileName)).catch(() => null);
    const isOurs = stats?.isFile() === true && stats.uid === process.geteuid?.();
    if (file.line !== undefined || isOurs) ours.push(file);
  }
  return ours;
}

async function withSizes(
  directory: SafeDirectory,
  files: readonly ArchiveFile[],
): Promise<PrunedFile[]> {
  const sized: PrunedFile[] = [];
  for (const file of files) {
    const bytes = file.line?.bytes ?? (await sizeOf(directory, file.stem));
    const signature = file.line?.signature;
    sized.push({ ...file, bytes, ...(signature !== undefined && { signature }) });
  }
  return sized;
}

async function withSize(directory: SafeDirectory, planned: Planned): Promise<Planned> {
  return planned.bytes > 0 ? planned : { ...planned, bytes: await sizeOf(directory, planned.stem) };
}

async function sizeOf(directory: SafeDirectory, stem: string): Promise<number> {
  for (const fileName of [`${stem}.msgpack`, `${stem}.msgpack.gz`]) {
    const stats = await lstat(directory.pathOf(fileName)).catch(() => null);
    if (stats !== null) return stats.size;
  }
  return 0;
}

async function isPinned(directory: SafeDirectory, stem: string): Promise<boolean> {
  return (await lstat(directory.pathOf(`${stem}${pinSuffix}`)).catch(() => null)) !== null;
}

async function readSpace(directory: SafeDirectory): Promise<Space> {
  const { bsize, blocks, bavail } = await statfs(directory.pathOf('.'));
  return { totalBytes: bsize * blocks, freeBytes: bsize * bavail };
}
