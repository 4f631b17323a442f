/**
 * Where a finished report goes. One interface, so that the stages before it need not know: a directory of this machine today, and
 * whatever else can take bytes under a name. Several destinations stand in a row; the first that takes the report has it.
 */
import { lstat, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SleeperError } from '../errors.ts';
import type { ReportFacts } from './facts.ts';
import { parseReportName } from './file-name.ts';

/** A report on its way. */
export interface OutgoingReport {
  /** What a listing wants to know; the name is made of it. */
  readonly facts: ReportFacts;
  /** The bytes, most valuable first. Called again for each attempt. */
  readonly content: () => Iterable<Uint8Array>;
  /** A name promised to somebody before the report existed. */
  readonly fileName?: string;
}

/** Something that takes reports. */
export interface ReportDestination {
  /** What messages call it. */
  readonly name: string;
  /**
   * Takes a report; it is safe when this resolves.
   * @returns where it is: a path, a URL
   * @throws SleeperError: nothing was taken
   */
  take: (report: OutgoingReport) => Promise<string>;
}

/** Where a report is, and who refused it before. */
export interface Delivery {
  readonly path: string;
  readonly refusals: readonly SleeperError[];
}

/**
 * Hands a report to the first destination that takes it.
 * @throws SleeperError ERR_SLEEPER_REPORT_LOST saying what was lost and who refused it why
 */
export async function deliver(
  report: OutgoingReport,
  destinations: readonly ReportDestination[],
): Promise<Delivery> {
  const refusals: SleeperError[] = [];
  for (const destination of destinations) {
    try {
      return { path: await destination.take(report), refusals };
    } catch (error) {
      if (!(error instanceof SleeperError)) throw error;
      refusals.push(error);
    }
  }
  throw lost(report.facts, refusals);
}

function lost(
  { id, pid, hostname, capturedAt, header }: ReportFacts,
  refusals: readonly SleeperError[],
): SleeperError {
  const [first] = refusals;
  const { verdict, signature } = header;
  return new SleeperError(
    refusals.length === 1 && first !== undefined ? first.code : 'ERR_SLEEPER_ARCHIVE_WRITE',
    `The report ${id} of process ${pid} on ${hostname} at ${capturedAt} is lost. It said: ${verdict.kind}: ${verdict.summary} ` +
      `(${signature}). ${refusals.map(({ message }) => message).join(' ')}`,
    {
      ...first?.details,
      id,
      pid,
      capturedAt,
      verdict: verdict.kind,
      summary: verdict.summary,
      signature,
      refusals: refusals.map(({ message, details }) => ({ message, ...details })),
    },
    { cause: first },
  );
}

/**
 * Where reports go that the archive does not take: SLEEPER_FALLBACK, a directory in memory that is this user's alone by the system's own rules, then a new
 * one with a random name in the temporary directory (mkdtemp: 0700, never one that is there).
 */
export function fallbackDirectories(
  env: Readonly<Record<string, string | undefined>> = process.env,
  uid: number = process.geteuid?.() ?? 0,
): (() => Promise<string>)[] {
  return [
    ...lastingFallbacks(env, uid).map((directory) => () => Promise.resolve(directory)),
    () => mkdtemp(join(tmpdir(), 'sleeper-')),
  ];
}

/** Those that are the same each time. */
function lastingFallbacks(
  env: Readonly<Record<string, string | undefined>>,
  uid: number,
): string[] {
  const chosen = env['SLEEPER_FALLBACK'];
  const runtime = uid === 0 ? '/run' : env['XDG_RUNTIME_DIR'];
  return [
    ...(chosen?.startsWith('/') === true ? [chosen] : []),
    ...(runtime?.startsWith('/') === true ? [join(runtime, 'sleeper', 'reports')] : []),
  ];
}

/** Directories in the temporary one that are looked at. */
const maxTemporary = 100;

/** Reports of this user that another archive did not take. */
export interface Elsewhere {
  readonly directory: string;
  readonly count: number;
}

/** Looks where such reports go. What cannot be listed is passed over. @param archive is not one of them */
export async function findElsewhere(
  archive: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
  uid: number = process.geteuid?.() ?? 0,
): Promise<Elsewhere[]> {
  const temporary = (await readdir(tmpdir()).catch(() => []))
    .filter((name) => /^sleeper-[\w-]{6}$/.test(name))
    .slice(0, maxTemporary)
    .map((name) => join(tmpdir(), name));
  const found: Elsewhere[] = [];
  for (const directory of [...lastingFallbacks(env, uid), ...temporary]) {
    if (resolve(directory) === resolve(archive)) continue;
    const stats = await lstat(directory).catch(() => null);
    if (stats?.isDirectory() !== true || stats.uid !== uid) continue;
    const names = await readdir(directory).catch(() => []);
    const count = names.filter((name) => parseReportName(name) !== null).length;
    if (count > 0) found.push({ directory, count });
  }
  return found;
}
