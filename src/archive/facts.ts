/** What is known of a report without opening it: its name, and its line in the index. Pure. */
import type { ReportHeader } from '../encode/report-header.ts';
import type { Report, SampleFrame } from '../report/schema.ts';
import type { ReportNameParts } from './file-name.ts';

/** Facts of one report. */
export interface ReportFacts extends ReportNameParts {
  readonly header: ReportHeader;
  /** Functions of the guilty thread, innermost first, for searches: `priceOrder src/pricing.js:57`. */
  readonly functions: readonly string[];
}

/** Frames looked at for functions of the program itself. */
const maxFrames = 200;
const maxFunctions = 12;

/** The facts of a report. */
export function factsOf(report: Report): ReportFacts {
  const { id, capturedAt, host, process, trigger, verdict, signature } = report;
  const { formatVersion, minReaderVersion } = report;
  const guilty =
    report.threads.find(({ tid }) => tid === verdict.thread) ??
    report.threads.find(({ kind }) => kind === 'main');
  return {
    id,
    capturedAt,
    hostname: host.hostname,
    pid: process.pid,
    triggerKind: trigger.kind,
    header: { formatVersion, minReaderVersion, id, capturedAt, trigger, verdict, signature },
    functions: functionsOf(guilty?.frames ?? []),
  };
}

/** What a search finds a report by. @param frames of the guilty thread, innermost first */
export function functionsOf(frames: readonly SampleFrame[]): string[] {
  const functions = new Set<string>();
  for (const frame of frames.slice(0, maxFrames)) {
    if (functions.size < maxFunctions && isOfProgram(frame)) functions.add(describe(frame));
  }
  return [...functions];
}

function isOfProgram({ kind, file }: SampleFrame): boolean {
  return (kind === 'js' || kind === 'wasm') && file !== undefined && !file.startsWith('node:');
}

function describe({ function: name, file, line }: SampleFrame): string {
  const place = file?.split('/').slice(-2).join('/') ?? '';
  return `${name} ${place}${line === undefined ? '' : `:${line}`}`;
}
