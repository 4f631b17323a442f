/** Keeps and prints one report, the same for every command that makes one. */
import { writeFile } from 'node:fs/promises';
import { locateArchive } from '../archive/location.ts';
import { encodeReport } from '../encode/encode.ts';
import { SleeperError } from '../errors.ts';
import type { Report } from '../report/schema.ts';
import { sanitize } from '../report/sanitize.ts';
import { renderReport } from '../view/render.ts';
import { sealReport } from './capture-to-archive.ts';
import { describeTerminal } from './terminal.ts';

/**
 * Seals a report. A report that cannot be kept is shown first, then the failure is told: it may be the only look there
 * will be.
 * @param archive the option of the command: a directory, or false for not at all
 * @returns its path; null when it is not kept
 */
export async function keepReport(
  report: Report,
  archive: string | boolean | undefined,
): Promise<string | null> {
  if (archive === false) return null;
  try {
    const directory = locateArchive(typeof archive === 'string' ? archive : undefined);
    const { path, refusals } = await sealReport(report, { directory });
    tellRefusals(refusals, path);
    return path;
  } catch (error) {
    if (!(error instanceof SleeperError)) throw error;
    process.stderr.write(`sleeper: ${error.message}\n  next: ${error.help}\n`);
    return null;
  }
}

/** The report is safe, but not where it should be. */
function tellRefusals(refusals: readonly SleeperError[], path: string): void {
  for (const { message } of refusals) process.stderr.write(`sleeper: ${sanitize(message)}\n`);
  if (refusals.length === 0) return;
  process.stderr.write(
    `sleeper: the report is in ${sanitize(path)} instead\n  next: mend that, then sleeper import ${sanitize(path)}\n`,
  );
}

/** How to print: the options of a command. */
export interface ShowOptions {
  readonly json?: true;
  /** Written besides. */
  readonly output?: string;
}

/** Prints a report on standard output, and on standard error where it is kept. */
export async function showReport(
  report: Report,
  path: string | null,
  options: ShowOptions,
): Promise<void> {
  if (options.output !== undefined)
    await writeFile(options.output, encodeReport(report), { mode: 0o600 });
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else {
    const { color, width } = describeTerminal(process.stdout, process.env);
    const kept = path === null ? { keptAs: options.output ?? null } : {};
    process.stdout.write(renderReport(report, { color, width, ...kept }));
  }
  if (path !== null) process.stderr.write(`report: ${path}\n`);
}
