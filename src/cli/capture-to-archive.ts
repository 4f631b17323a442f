/** Capture → verdict → bytes → archive: the one place that puts these stages together. */
import { openArchive, namePartsOf } from '../archive/store.ts';
import { type CaptureRequest, capture } from '../capture/capture.ts';
import { type CoreCaptureRequest, captureCore } from '../capture/capture-core.ts';
import { diagnoseCore } from '../diagnose/core-verdict.ts';
import { diagnose } from '../diagnose/diagnose.ts';
import { signatureOf } from '../diagnose/signature.ts';
import { encodeReport } from '../encode/encode.ts';
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
export function reportCore(request: CoreCaptureRequest): Report {
  const captured = captureCore(request);
  const verdict = diagnoseCore(captured);
  return { ...captured, verdict, signature: signatureOf(captured, verdict) };
}

/** Seals a report. @returns its path @throws SleeperError ERR_SLEEPER_ARCHIVE_UNSAFE, ERR_SLEEPER_ARCHIVE_WRITE */
export function sealReport(report: Report, target: ArchiveTarget): Promise<string> {
  const { directory, fileName } = target;
  return openArchive(directory).seal(
    encodeReport(report),
    namePartsOf(report),
    fileName === undefined ? {} : { fileName },
  );
}

/** Captures, judges and seals. @throws SleeperError as captureReport() and sealReport() */
export async function captureToArchive(
  request: CaptureRequest,
  target: ArchiveTarget,
): Promise<{ readonly report: Report; readonly path: string }> {
  const report = await captureReport(request);
  return { report, path: await sealReport(report, target) };
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
