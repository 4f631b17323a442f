/** `sleeper prune`: apply the archive's limits now, or tighter ones. */
import type { Command } from 'commander';
import type { PrunePolicy } from '../../archive/choose.ts';
import { archiveOption, parseCount, parseDuration, parseSize } from '../arguments.ts';
import { writeJson, writeText } from '../output.ts';

interface PruneCommandOptions {
  readonly archive?: string;
  readonly dryRun?: true;
  readonly json?: true;
  readonly keep?: number;
  readonly maxAge?: number;
  readonly maxSize?: number;
  readonly remember?: true;
}

/** Adds `sleeper prune`. */
export function addPruneCommand(program: Command): void {
  program
    .command('prune')
    .description('delete old reports, and what interrupted writers left')
    .addOption(archiveOption())
    .option('--dry-run', 'only say what would go')
    .option('--keep <count>', 'keep at most so many reports (500)', parseCount)
    .option('--max-age <duration>', 'delete reports older than this (30d)', parseDuration)
    .option('--max-size <size>', 'keep at most so many bytes (10 % of the file system)', parseSize)
    .option('--remember', 'these are the limits of this archive from now on, whoever writes to it')
    .option('--json', 'print one JSON object a line')
    .action(prune);
}

async function prune(options: PruneCommandOptions): Promise<void> {
  const { locateArchive } = await import('../../archive/location.ts');
  const { readPolicy, writePolicy } = await import('../../archive/kept-policy.ts');
  const { pruneArchive } = await import('../../archive/rotation.ts');
  const { SleeperError } = await import('../../errors.ts');
  const isDry = options.dryRun === true;
  const path = locateArchive(options.archive);
  const policy: PrunePolicy = {
    ...(await readPolicy(path)),
    ...(options.keep !== undefined && { maxReports: options.keep }),
    ...(options.maxAge !== undefined && { maxAgeMs: options.maxAge }),
    ...(options.maxSize !== undefined && { maxBytes: options.maxSize }),
  };
  if (options.remember === true && !isDry) await writePolicy(path, policy);
  const result = await pruneArchive(path, policy, { dryRun: isDry });
  const failed = new Set(result.failures.map(({ fileName }) => fileName));
  const changes = [
    ...result.choices.map(({ file, reason }) => ({
      fileName: file.fileName,
      reason,
      deleted: !isDry,
    })),
    ...result.leftovers.map(({ fileName, fate }) => ({
      fileName,
      reason: fate === 'recovered' ? 'recovered from a writer that died' : 'unfinished',
      deleted: !isDry && fate === 'deleted',
    })),
  ].filter(({ fileName }) => !failed.has(fileName));
  for (const change of changes) {
    const isRecovered = change.reason.startsWith('recovered');
    const verb = isRecovered ? 'keep' : 'delete';
    const done = isRecovered ? 'kept' : 'deleted';
    await (options.json === true
      ? writeJson(change)
      : writeText(
          `${isDry ? `would ${verb}` : done} ${JSON.stringify(change.fileName).slice(1, -1)} (${change.reason})\n`,
        ));
  }
  if (changes.length === 0 && options.json !== true) {
    await writeText('Nothing to delete.\n');
  }
  const [failure] = result.failures;
  if (failure !== undefined) {
    throw new SleeperError(
      'ERR_SLEEPER_ARCHIVE_WRITE',
      `Cannot delete ${result.failures.length} of the reports in ${path}, the first being ${failure.fileName}: ${failure.errno}.`,
      { path, failures: result.failures },
    );
  }
}
