/**
 * Where a finished report goes. One interface, so that the stages before it need not know: a directory of this machine today, and
 * whatever else can take bytes under a name. Several destinations stand in a row; the first that takes the report has it.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SleeperError } from '../errors.ts';
import type { ReportFacts } from './facts.ts';

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
  const chosen = env['SLEEPER_FALLBACK'];
  const runtime = uid === 0 ? '/run' : env['XDG_RUNTIME_DIR'];
  const isThere = runtime?.startsWith('/') === true;
  return [
    ...(chosen?.startsWith('/') === true ? [() => Promise.resolve(chosen)] : []),
    ...(isThere ? [() => Promise.resolve(join(runtime, 'sleeper', 'reports'))] : []),
    () => mkdtemp(join(tmpdir(), 'sleeper-')),
  ];
}
