/**
 * How often each trouble was seen. A directory for each signature in `signatures/`, and in it one file, to which each occurrence is
 * appended as a line, with one write. The same trouble again within the cool-down is one line more, no report.
 *
 *   {"signature":"js-busy …"}
 *   {"at":"2026-11-24T…","pid":4242,"host":"web1","trigger":"poll","report":"2026…-1f3a9c2e"}   report: the file that was written
 *
 * Without locks, and no count is lost. When the file `3.jsonl` has grown, whoever notices makes `4.jsonl`: under a temporary name, whole,
 * then by link(2), so that one of several wins. It begins with what the ones before it add up to:
 *
 *   {"signature":"js-busy …","count":812,"first":"…","last":"…","examples":[…],"read":65530}
 *
 * `read` says how much of `3.jsonl` is in the sum. A line that another writer put behind that, because it had opened the file
 * before, is counted from there; so the file stays until `5.jsonl` is made. Killed anywhere, a writer has counted or has not.
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, lstat, mkdir, open, readdir, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { limits } from '../limits.ts';
import { type SafeDirectory, errnoOf } from './location.ts';

export const signaturesName = 'signatures';

/** One sighting. */
export interface Occurrence {
  /** RFC 3339. */
  readonly at: string;
  readonly pid: number;
  readonly host: string;
  /** Kind of what triggered the capture; absent: noted by an earlier version. */
  readonly trigger?: string;
  /** Stem of the report that was written; absent: it was only counted. */
  readonly report?: string;
}

/** What is known of one signature. */
export interface SignatureHistory {
  readonly signature: string;
  readonly count: number;
  readonly first: string;
  readonly last: string;
  /** Newest last; as many as the files still tell one by one. */
  readonly occurrences: readonly Occurrence[];
}

/** When the same trouble is counted instead of written. */
export interface RepeatPolicy {
  /** Reports of one signature written within the cool-down. */
  readonly maxExamples: number;
  readonly cooldownMs: number;
}

export const defaultRepeatPolicy: RepeatPolicy = { maxExamples: 3, cooldownMs: 10 * 60_000 };

/** A file beyond this size is summed up. */
const maxBytes = 64 << 10;
/** Occurrences with a report that the sum tells one by one: more than any policy of repeats asks for. */
const keptExamples = 20;
const maxAttempts = 5;

/** Decides from what is known. @param nowMs wall clock, milliseconds since 1970 */
export function isRepeat(
  history: SignatureHistory | null,
  { maxExamples, cooldownMs }: RepeatPolicy,
  nowMs: number,
): boolean {
  const written = (history?.occurrences ?? []).filter(
    ({ at, report }) => report !== undefined && Math.abs(nowMs - Date.parse(at)) < cooldownMs,
  );
  return written.length >= maxExamples;
}

/** @param path the directory `signatures` @returns null when nothing is known */
export async function readOccurrences(
  path: string,
  signature: string,
): Promise<SignatureHistory | null> {
  const directory = `${path}/${nameOf(signature)}`;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const newest = await newestIn(directory);
    if (newest === 0) return null;
    const tally = await readTally(directory, newest, signature);
    if (tally !== null) return tally.history; // else the file was summed up just now
  }
  return null;
}

/**
 * Whether a process was seen since a moment, of whatever signature.
 * @param path the directory `signatures`
 * @param triggers kinds of trigger that count
 * @param sinceMs wall clock, milliseconds since 1970
 */
export async function isNoted(
  path: string,
  pid: number,
  triggers: ReadonlySet<string>,
  sinceMs: number,
): Promise<boolean> {
  const isIt = (one: Occurrence): boolean =>
    one.pid === pid && triggers.has(one.trigger ?? '') && Date.parse(one.at) >= sinceMs;
  for (const name of await readdir(path).catch(() => [])) {
    const own = `${path}/${name}`;
    for (const file of (await numbersIn(own)).map((number) => fileOf(own, number))) {
      const stats = await lstat(file).catch(() => null);
      if (stats === null || stats.mtimeMs < sinceMs) continue;
      const lines = (await readLines(file, 0))?.split('\n') ?? [];
      if (lines.map(parseLine).flatMap(toOccurrence).some(isIt)) return true;
    }
  }
  return false;
}

/** Notes one occurrence. A failure is the caller's to tell or to bear: no report depends on it. @throws the system's error */
export async function addOccurrence(
  directory: SafeDirectory,
  signature: string,
  occurrence: Occurrence,
): Promise<void> {
  const own = `${directory.pathOf(signaturesName)}/${nameOf(signature)}`;
  const line = `\n${JSON.stringify(occurrence)}\n`; // one that was cut before must not swallow it
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const number = (await newestIn(own)) || (await makeOwn(directory, own));
    const file = await open(fileOf(own, number), appendFlags, 0o600).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
      return null; // forgotten this moment, not having been seen for a month
    });
    if (file === null) continue;
    let size: number;
    try {
      ({ size } = await file.stat());
      const start = size === 0 ? JSON.stringify({ signature }) : '';
      await file.write(`${start}${line}`);
    } finally {
      await file.close();
    }
    // A file is looked at until the second after it is made. Only who stood still for that long writes into one that nobody reads.
    const newest = await newestIn(own);
    if (newest > number + 1) continue;
    if (newest === number && size + line.length > maxBytes) await sumUp(own, number, signature);
    return;
  }
}

/** Directories of one user's own. @returns the number of the first file @throws when they are not */
async function makeOwn(directory: SafeDirectory, own: string): Promise<number> {
  for (const path of [directory.pathOf(signaturesName), own]) {
    await mkdir(path, 0o700).catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error;
    });
    const stats = await lstat(path);
    if (!stats.isDirectory() || stats.uid !== process.geteuid?.()) {
      throw new Error(`${path} is not a directory of this user`);
    }
  }
  return 1;
}

/** Begins the next file with the sum, unless somebody else does. */
async function sumUp(own: string, number: number, signature: string): Promise<void> {
  const temporary = `${own}/${randomBytes(8).toString('hex')}.tmp`;
  try {
    const tally = await readTally(own, number, signature);
    if (tally === null) return;
    const { occurrences, ...rest } = tally.history;
    const examples = occurrences.filter(({ report }) => report !== undefined).slice(-keptExamples);
    const head = { ...rest, examples, read: tally.read };
    const file = await open(temporary, newFlags, 0o600);
    try {
      await file.writeFile(`${JSON.stringify(head)}\n`);
    } finally {
      await file.close();
    }
    await link(temporary, fileOf(own, number + 1));
    for (const old of await numbersIn(own)) {
      if (old < number) await unlink(fileOf(own, old));
    }
  } catch {
    // Somebody was quicker, or the disk is full: the file grows on, and the next writer tries again.
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

/** The hash in the name: no signature can lead out of the directory. */
function nameOf(signature: string): string {
  return createHash('sha256').update(signature).digest('hex').slice(0, 24);
}

function fileOf(own: string, number: number): string {
  return `${own}/${number}.jsonl`;
}

/** Numbers of the files of one signature; none when its directory is not there. */
async function numbersIn(own: string): Promise<number[]> {
  const names = await readdir(own).catch(() => []);
  return names.flatMap((name) =>
    /^[1-9]\d{0,8}\.jsonl$/.test(name) ? Number.parseInt(name, 10) : [],
  );
}

/** 0 when there is none. */
async function newestIn(own: string): Promise<number> {
  return Math.max(0, ...(await numbersIn(own)));
}

const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const appendFlags =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
const newFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** What the files up to one of them tell. */
interface Tally {
  readonly history: SignatureHistory;
  /** Bytes of the last file that are in it: whole lines. */
  readonly read: number;
}

/** @returns null when the file is not there any more */
async function readTally(own: string, number: number, signature: string): Promise<Tally | null> {
  const text = await readLines(fileOf(own, number), 0);
  if (text === null) return null;
  const lines = text.split('\n').map(parseLine);
  const head = lines.find((fields) => typeof fields['read'] === 'number');
  // What came into the file before when its sum was made already.
  const late =
    head === undefined ? null : await readLines(fileOf(own, number - 1), Number(head['read']));
  const seen = [...(late ?? '').split('\n').map(parseLine), ...lines].flatMap(toOccurrence);
  const examples = Array.isArray(head?.['examples'])
    ? (head['examples'] as unknown[]).filter(isFields).flatMap(toOccurrence)
    : [];
  const occurrences = [...examples, ...seen];
  const times = seen.map(({ at }) => at);
  for (const name of ['first', 'last']) {
    if (typeof head?.[name] === 'string') times.push(head[name]);
  }
  times.sort();
  const count = (typeof head?.['count'] === 'number' ? head['count'] : 0) + seen.length;
  const [first = ''] = times;
  return {
    history: { signature, count, first, last: times.at(-1) ?? first, occurrences },
    read: Buffer.byteLength(text),
  };
}

/** Whole lines of a file from a byte on; null when it is not there. */
async function readLines(path: string, from: number): Promise<string | null> {
  let file: FileHandle;
  try {
    file = await open(path, readFlags);
  } catch {
    return null;
  }
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(Math.max(0, size - from), limits.maxOccurrenceBytes));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
    return buffer.toString('utf8', 0, buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1);
  } finally {
    await file.close();
  }
}

function toOccurrence(fields: Record<string, unknown>): Occurrence[] {
  const { at, pid, host, trigger, report } = fields;
  if (typeof at !== 'string') return [];
  return [
    {
      ...{ at, pid: Number(pid), host: String(host) },
      ...(typeof trigger === 'string' && { trigger }),
      ...(typeof report === 'string' && { report }),
    },
  ];
}

function parseLine(line: string): Record<string, unknown> {
  try {
    const fields: unknown = JSON.parse(line);
    return isFields(fields) ? fields : {};
  } catch {
    return {}; // cut by a dying writer
  }
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
