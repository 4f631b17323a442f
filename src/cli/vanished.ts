/**
 * The last words of processes that vanished: their flight recorder, opened while they lived or found in its directory, becomes
 * a report in the archive. Processes that ended by themselves, and those whose crash was reported or counted, get none.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { findByProcess } from '../archive/names.ts';
import { isNoted, signaturesName } from '../archive/occurrences.ts';
import { type VanishedRequest, captureVanished } from '../capture/vanished.ts';
import { diagnose } from '../diagnose/diagnose.ts';
import { signatureOf } from '../diagnose/signature.ts';
import { openAbandonedFlight } from '../probe/flight-file.ts';
import type { FlightRecord } from '../probe/flight-layout.ts';
import type { Report } from '../report/schema.ts';
import { sealReport } from './capture-to-archive.ts';

/** A report and where it lies. */
export interface SealedReport {
  readonly report: Report;
  readonly path: string;
}

/** A crash that the agent could still report itself, and after which the process died. */
const crashKinds: ReadonlySet<string> = new Set(['fatal-signal', 'abort', 'out-of-memory']);
const crashWindowMs = 30_000;

/**
 * Reports on recorders that an agent has found and claimed when it started.
 * @returns paths of the reports
 */
export async function reportAbandoned(
  directory: string,
  names: readonly string[],
  archive: string,
): Promise<string[]> {
  const paths: string[] = [];
  for (const name of names) {
    const file = openAbandonedFlight(directory, name);
    if (file === null) continue;
    try {
      const record = file.read();
      if (record === null || (await isReported(archive, record.pid, record))) continue;
      const { path } = await seal(archive, {
        pid: record.pid,
        record,
        end: null,
        endSource: 'unknown',
      });
      paths.push(path);
    } finally {
      file.close();
    }
  }
  return paths;
}

/** What is known of an end, without the words for it. */
export type Vanishing = Omit<VanishedRequest, 'id' | 'reason'>;

/**
 * Seals the report of one end.
 * @param claim makes it ours; false when somebody else has made it
 * @returns null when there is nothing to report
 */
export async function reportVanished(
  archive: string,
  vanishing: Vanishing,
  claim: () => boolean,
): Promise<SealedReport | null> {
  if (await isReported(archive, vanishing.pid)) return null;
  return claim() ? seal(archive, vanishing) : null;
}

function reasonOf({ pid, end }: Vanishing): string {
  if (end?.signal !== undefined) return `process ${pid} was killed by ${end.signal}`;
  if (end?.exitCode !== undefined)
    return `process ${pid} ended with status ${end.exitCode} without its exit handlers`;
  return `process ${pid} vanished`;
}

/** The agent could report the crash itself: that report tells more. Or count it: then others like it tell more. */
async function isReported(archive: string, pid: number, record?: FlightRecord): Promise<boolean> {
  const last = record?.loops.map(({ sinceMs }) => sinceMs) ?? [Date.now()];
  const sinceMs = Math.max(record?.armedAtMs ?? 0, ...last) - crashWindowMs;
  const found = await findByProcess(archive, new Set([pid]), sinceMs).catch(() => []);
  if (found.some(({ triggerKind }) => crashKinds.has(triggerKind))) return true;
  return isNoted(join(archive, signaturesName), pid, crashKinds, sinceMs);
}

async function seal(archive: string, vanishing: Vanishing): Promise<SealedReport> {
  const id = randomUUID();
  const captured = captureVanished({ ...vanishing, id, reason: reasonOf(vanishing) });
  const verdict = diagnose(captured);
  const report = { ...captured, verdict, signature: signatureOf(captured, verdict) };
  const { path } = await sealReport(report, { directory: archive });
  return { report, path };
}
