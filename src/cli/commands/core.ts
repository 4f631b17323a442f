/** `sleeper core`: a report from a core file. */
import path from 'node:path';
import { type Command, Option } from 'commander';
import type { Report } from '../../report/schema.ts';
import { archiveOption, parseDuration, sourceMapOption } from '../arguments.ts';
import { type ExitStatus, endWith, exitStatus } from '../exit-codes.ts';

interface CoreCommandOptions {
  readonly json?: true;
  readonly output?: string;
  readonly node?: string;
  readonly sourceMapDir?: string;
  /** false with --no-archive; a directory with --archive. */
  readonly archive?: string | boolean;
  readonly deadline: number;
}

/** Adds the command. */
export function addCoreCommand(program: Command): void {
  program
    .command('core')
    .description('report from a core file, made by gcore or by the kernel at a crash')
    .argument('<file>', 'an ELF core of a node process')
    .option('--json', 'print the report as one line of JSON')
    .option(
      '-o, --output <file>',
      'also write the report to this file (`sleeper view FILE` opens it)',
    )
    .option('--node <file>', 'the node binary it ran, when it is not where the core says')
    .addOption(sourceMapOption())
    .addOption(archiveOption())
    .option('--no-archive', 'do not keep the report')
    .addOption(
      new Option('--deadline <time>', 'longest time of reading')
        .argParser(parseDuration)
        .default(30_000, '30s'),
    )
    .addHelpText(
      'after',
      `
Exit status: 0 nothing wrong · 10 a hang was found · 3 read, but without the stack of the main thread`,
    )
    .action(async (file: string, options: CoreCommandOptions) => {
      endWith(await report(file, options));
    });
}

async function report(file: string, options: CoreCommandOptions): Promise<ExitStatus> {
  const { isHang, isPartial, reportCore } = await import('../capture-to-archive.ts');
  const { keepReport, showReport } = await import('../show-report.ts');
  const { randomUUID } = await import('node:crypto');
  const result: Report = await reportCore({
    // The report may be read in another directory.
    path: path.resolve(file),
    id: randomUUID(),
    deadlineMs: options.deadline,
    ...(options.node !== undefined && { node: options.node }),
    ...(options.sourceMapDir !== undefined && { sourceMapDirectory: options.sourceMapDir }),
  });
  const keptAt = await keepReport(result, options.archive);
  await showReport(result, keptAt, options);
  if (keptAt === null && options.archive !== false) return exitStatus.failed;
  if (isHang(result)) return exitStatus.hangFound;
  return isPartial(result) ? exitStatus.partial : exitStatus.done;
}
