/** `sleeper prune`: apply the archive's limits now, or tighter ones. */
import type { Command } from 'commander';
import type { PrunePolicy } from '../../archive/prune.ts';
import { archiveOption, parseCount, parseDuration, parseSize } from '../arguments.ts';
import { writeJson, writeText } from '../output.ts';

interface PruneCommandOptions {
  readonly archive?: string;
  readonly dryRun?: true;
  readonly json?: true;
  readonly keep?: number;
  readonly maxAge?: number;
  readonly maxSize?: number;
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
    .option('--json', 'print one JSON object a line')
    .action(prune);
}

async function prune(options: PruneCommandOptions): Promise<void> {
  const { locateArchive } = await import('../../archive/location.ts');
  const { defaultPolicy, pruneArchive } = await import('../../archive/prune.ts');
  const { SleeperError } = await import('../../errors.ts');
  const policy: PrunePolicy = {
    ...defaultPolicy,
    ...(options.keep === undefined ? {} : { maxReports: options.keep }),
    ...(options.maxAge === undefined ? {} : { maxAgeMs: options.maxAge }),
    ...(options.maxSize === undefined ? {} : { maxBytes: options.maxSize }),
  };
  const isDry = options.dryRun === true;
  const path = locateArchive(options.archive);
  const result = await pruneArchive(path, policy, { dryRun: isDry });
  const gone = [
    ...result.choices.map(({ file, reason }) => ({ fileName: file.fileName, reason })),
    ...result.leftovers.map(({ fileName }) => ({ fileName, reason: 'unfinished' })),
  ].filter(({ fileName }) => !result.failures.some((failure) => failure.fileName === fileName));
  for (const line of gone) {
    await (options.json === true
      ? writeJson({ ...line, deleted: !isDry })
      : writeText(
          `${isDry ? 'would delete' : 'deleted'} ${JSON.stringify(line.fileName).slice(1, -1)} (${line.reason})\n`,
        ));
  }
  if (gone.length === 0 && options.json !== true) {
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
