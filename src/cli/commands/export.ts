/** `sleeper export` and `sleeper import`: reports as one file to hand to somebody, and back. */
import type { Command } from 'commander';
import { archiveOption } from '../arguments.ts';
import { writeJson, writeText } from '../output.ts';

interface ExportOptions {
  readonly archive?: string;
  readonly output?: string;
  readonly share?: true;
  readonly json?: true;
}

interface ImportOptions {
  readonly archive?: string;
  readonly json?: true;
}

/** Adds `sleeper export`. */
export function addExportCommand(program: Command): void {
  program
    .command('export')
    .description('write reports, with their notes, into one file to hand to somebody')
    .argument('<report...>', '`last`, beginnings of ids, or files')
    .addOption(archiveOption())
    .option(
      '-o, --output <file>',
      'the file to write (sleeper-reports.gz); never one that is there',
    )
    .option('--share', 'redact once more, and take out names of machines, addresses, environment')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nThe other side says: sleeper import FILE')
    .action(exportReports);
}

/** Adds `sleeper import`. */
export function addImportCommand(program: Command): void {
  program
    .command('import')
    .description('take reports into the archive: exported ones, or report files')
    .argument('<file...>', 'files that `sleeper export` wrote, or reports')
    .addOption(archiveOption())
    .option('--json', 'print one JSON object a line')
    .action(importReports);
}

async function exportReports(selectors: readonly string[], options: ExportOptions): Promise<void> {
  const { locateArchive } = await import('../../archive/location.ts');
  const { collectReports, writeExport } = await import('../../archive/exchange.ts');
  const output = options.output ?? 'sleeper-reports.gz';
  const reports = await collectReports(
    locateArchive(options.archive),
    selectors,
    options.share === true,
  );
  const bytes = await writeExport(output, reports);
  if (options.json === true) {
    await writeJson({ path: output, bytes, reports: reports.map(({ fileName }) => fileName) });
    return;
  }
  const { sanitize } = await import('../../report/sanitize.ts');
  const { formatBytes } = await import('../../view/model/units.ts');
  const what = reports.length === 1 ? '1 report' : `${reports.length} reports`;
  await writeText(`${what}, ${formatBytes(bytes)}, in ${sanitize(output)}\n`);
}

async function importReports(files: readonly string[], options: ImportOptions): Promise<void> {
  const { locateArchive } = await import('../../archive/location.ts');
  const { importFile } = await import('../../archive/exchange.ts');
  const { sanitize } = await import('../../report/sanitize.ts');
  const path = locateArchive(options.archive);
  for (const file of files) {
    for (const one of await importFile(path, file)) {
      await (options.json === true
        ? writeJson(one)
        : writeText(
            `${one.isNew ? 'imported' : 'already there:'} ${sanitize(one.path, 500)}${one.isPinned ? ' (pinned: it is old)' : ''}\n`,
          ));
    }
  }
}
