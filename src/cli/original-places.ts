/**
 * Source maps at view: for reports whose maps were not there when they were made. What was found then stays; a file of this machine
 * counts only when it is the one that ran, by its hash, unless the reader names a directory.
 */
import { SleeperError } from '../errors.ts';
import { redactOptions } from '../capture/redaction.ts';
import { limits } from '../limits.ts';
import { redactOriginal } from '../report/redact.ts';
import type { Original, Report, Script } from '../report/schema.ts';
import { RedactionTally } from '../report/secrets.cts';
import { addOriginals, type Mapped, missingOf } from '../source-map/add-originals.ts';
import { BoundedFiles, realDirectory } from '../source-map/files.ts';
import { hashOf, pathOf, textOf } from '../source-map/find.ts';

/** Somebody waits for the screen. */
const maxMs = 3_000;

/**
 * A copy with the places before compilation that can be told now.
 * @param directory `--source-map-dir`
 * @throws SleeperError ERR_SLEEPER_USAGE when there is no such directory
 */
export async function withOriginals(report: Report, directory?: string): Promise<Report> {
  const { scripts = [] } = report;
  const known = new Map(scripts.map((script) => [script.file, script]));
  // Without a comment, a map beside the file is only looked for where somebody says that there is one.
  const isOpen = ({ sourceMap, sourceMapUrl }: Script): boolean =>
    sourceMap === undefined && (directory !== undefined || sourceMapUrl !== undefined);
  if (directory === undefined && !scripts.some(isOpen)) return report;
  const files = new BoundedFiles('', performance.now() + maxMs);
  const named = directory === undefined ? null : await requireDirectory(directory);
  const texts = await readTexts(scripts.filter(isOpen), files);
  const mapped = await addOriginals(report, {
    compiled: (file) => {
      const script = known.get(file);
      if (script === undefined) return named === null ? null : { file, text: null };
      return isOpen(script) ? { ...script, text: texts.get(file) ?? null } : null;
    },
    declarations: () => new Map(),
    places: {
      files,
      trustsPlace: false,
      ...(named !== null && { directory: { path: named, files } }),
    },
    // A directory that was named holds what was meant.
    trustsFile: (modifiedAtMs) =>
      named !== null || modifiedAtMs <= Date.parse(report.process.startTime ?? ''),
  });
  return merge(report, mapped, named !== null);
}

async function requireDirectory(directory: string): Promise<string> {
  const real = await realDirectory(directory);
  if (real !== null) return real;
  throw new SleeperError(
    'ERR_SLEEPER_USAGE',
    `Cannot look for source maps in ${directory}: there is no such directory.`,
    { directory },
  );
}

/** Of the files that are still those that ran. */
async function readTexts(
  scripts: readonly Script[],
  files: BoundedFiles,
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const { file, sha256 } of scripts.slice(0, limits.maxMappedScripts)) {
    const path = sha256 === undefined ? null : pathOf(file);
    const read = path === null ? null : await files.read(path, limits.maxSourceChars);
    if (read === null) continue;
    const text = textOf(read.bytes);
    if (hashOf(text) === sha256) texts.set(file, text);
  }
  return texts;
}

/** @param isAsked somebody named a directory, and should hear why it did not help */
function merge(report: Report, mapped: Mapped<Report>, isAsked: boolean): Report {
  const found = new Map(mapped.scripts.map((script) => [script.file, script]));
  const isMapped = (file: string): boolean => found.get(file)?.sourceMap !== undefined;
  if (![...found.keys()].some(isMapped) && !isAsked) return report;
  const tally = new RedactionTally(redactOptions());
  const clean = <T extends { readonly file?: string; readonly original?: Original }>(code: T): T =>
    code.original === undefined || !isMapped(code.file ?? '')
      ? code
      : { ...code, original: redactOriginal(code.original, tally) };
  const { placed } = mapped;
  const settled = new Set(
    [...found.keys()].filter((file) => isMapped(file) || isAsked).map(missingOf),
  );
  return {
    ...placed,
    threads: placed.threads.map((one) => ({ ...one, frames: one.frames.map(clean) })),
    tasks: placed.tasks.map(clean),
    timers: placed.timers.map(clean),
    scripts: [
      ...(report.scripts ?? []).map((script) => found.get(script.file) ?? script),
      ...mapped.scripts.filter(({ file }) => report.scripts?.every((one) => one.file !== file)),
    ],
    missing: [
      ...report.missing.filter(({ what }) => !settled.has(what)),
      ...(isAsked ? mapped.missing : []),
    ],
  };
}
