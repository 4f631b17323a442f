/** Capture → verdict → bytes → archive: the one place that puts these stages together. */
import { factsOf } from '../archive/facts.ts';
import { defaultRepeatPolicy } from '../archive/occurrences.ts';
import { type Sealed, openArchive } from '../archive/store.ts';
import { type CaptureRequest, capture } from '../capture/capture.ts';
import { type CoreCaptureRequest, captureCore } from '../capture/capture-core.ts';
import { diagnoseCore } from '../diagnose/core-verdict.ts';
import { diagnose } from '../diagnose/diagnose.ts';
import { signatureOf } from '../diagnose/signature.ts';
import { encodeSections } from '../encode/encode.ts';
import { type Report, hangVerdicts } from '../report/schema.ts';

/** Where a report goes. */
export interface ArchiveTarget {
  /** Directory, from locateArchive(). */
  readonly directory: string;
  /** A name promised to somebody before the report existed. */
  readonly fileName?: string;
}

/** Captures and judges; nothing is written. @throws SleeperError as capture() */
export async function captureReport(request: CaptureRequest): Promise<Report> {
  const captured = await capture(request);
  const verdict = diagnose(captured);
  return { ...captured, verdict, signature: signatureOf(captured, verdict) };
}

/** Captures and judges a core; nothing is written. @throws SleeperError as captureCore() */
export async function reportCore(request: CoreCaptureRequest): Promise<Report> {
  const captured = await captureCore(request);
  const verdict = diagnoseCore(captured);
  return { ...captured, verdict, signature: signatureOf(captured, verdict) };
}

/** Why a report is written. */
type Urgency = 'asked' | 'noticed';

/**
 * Seals a report, in a fallback directory when the archive does not take it. What somebody asked for is always written; trouble that was
 * noticed is counted when the same was written some times just before.
 * @throws SleeperError ERR_SLEEPER_ARCHIVE_UNSAFE, ERR_SLEEPER_ARCHIVE_WRITE saying exactly what is lost
 */
export function sealReport(
  report: Report,
  target: ArchiveTarget,
  urgency: Urgency = 'asked',
): Promise<Sealed> {
  const { directory, fileName } = target;
  return openArchive(directory).keep(() => encodeSections(report), factsOf(report), {
    fallback: true,
    ...(fileName !== undefined && { fileName }),
    ...(urgency === 'noticed' && { repeats: defaultRepeatPolicy }),
  });
}

/** Counts trouble of which there are reports enough; a count that cannot be written is no failure. */
export async function countReport(report: Report, { directory }: ArchiveTarget): Promise<void> {
  await openArchive(directory).count(factsOf(report));
}

/** True when the verdict names a kind of hang. */
export function isHang(report: Report): boolean {
  return hangVerdicts.some((kind) => kind === report.verdict.kind);
}

/** True when the stack of the main thread could not be read: the report tells what /proc tells. */
export function isPartial(report: Report): boolean {
  const main = report.threads.find(({ kind }) => kind === 'main');
  if (report.error?.stack !== undefined) return false;
  return main === undefined || main.via === 'proc';
}
