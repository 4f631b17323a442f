/** `sleeper dump`: one capture now. */
import { type Command, Option } from 'commander';
import type { Report } from '../../report/schema.ts';
import { archiveOption, parseDuration, parsePid, sourceMapOption } from '../arguments.ts';
import { type ExitStatus, endWith, exitStatus } from '../exit-codes.ts';

interface DumpCommandOptions {
  readonly json?: true;
  readonly output?: string;
  /** false with --no-archive; a directory with --archive. */
  readonly archive?: string | boolean;
  /** False with --no-values. */
  readonly values: boolean;
  readonly sourceMapDir?: string;
  readonly via: 'auto' | 'agent' | 'gdb' | 'reader';
  readonly deadline: number;
}

/** Adds the command. */
export function addDumpCommand(program: Command): void {
  program
    .command('dump')
    .description('capture processes now: what they do, why they are stuck, with which values')
    .argument('<pid...>', 'processes to capture', collectPids)
    .option('--json', 'print the report as one line of JSON each')
    .option(
      '-o, --output <file>',
      'also write the report to this file (`sleeper view FILE` opens it)',
    )
    .option('--no-values', 'names and places only: the shortest stop there is')
    .addOption(sourceMapOption())
    .addOption(archiveOption())
    .option('--no-archive', 'do not keep the report')
    .addOption(
      new Option('--via <way>', 'who looks')
        .choices(['auto', 'agent', 'gdb', 'reader'])
        .default('auto'),
    )
    .addOption(
      new Option('--deadline <time>', 'longest time of one capture')
        .argParser(parseDuration)
        .default(10_000, '10s'),
    )
    .addHelpText(
      'after',
      `
--via auto    read the process from outside, with what its agent knows where there is one
      reader  the same without asking an agent
      agent   ask the agent inside the process to write the report
      gdb     poke the agent with gdb, which calls nothing in the process

Exit status: 0 nothing wrong · 10 a hang was found · 3 captured, but the stack could not be read`,
    )
    .action(async (pids: number[], options: DumpCommandOptions) => {
      endWith(await dumpAll([...new Set(pids)], options));
    });
}

function collectPids(text: string, before: number[] | undefined): number[] {
  return [...(before ?? []), parsePid(text)];
}

function rethrow(error: unknown): never {
  throw error instanceof Error ? error : new Error(String(error));
}

/** A report, and where it was sealed; null when it was not. */
interface Dump {
  readonly report: Report;
  readonly path: string | null;
}

async function dumpAll(pids: readonly number[], options: DumpCommandOptions): Promise<ExitStatus> {
  const { SleeperError } = await import('../../errors.ts');
  if (pids.length > 1 && options.output !== undefined) {
    throw new SleeperError(
      'ERR_SLEEPER_USAGE',
      'One file cannot take the reports of several processes.',
    );
  }
  const { isHang, isPartial } = await import('../capture-to-archive.ts');
  const { showReport } = await import('../show-report.ts');
  let status: ExitStatus = exitStatus.done;
  const failures: unknown[] = [];
  let isLost = false;
  for (const pid of pids) {
    try {
      const { report, path } = await dumpOne(pid, options);
      await showReport(report, path, options);
      if (path === null && options.archive !== false) isLost = true;
      if (isHang(report)) status = exitStatus.hangFound;
      else if (isPartial(report) && status === exitStatus.done) status = exitStatus.partial;
    } catch (error) {
      // The others are captured all the same; the first failure ends the command, after them.
      failures.push(error);
    }
  }
  if (failures.length > 0) rethrow(failures[0]);
  return isLost ? exitStatus.failed : status;
}

async function dumpOne(pid: number, options: DumpCommandOptions): Promise<Dump> {
  if (options.via === 'agent' || options.via === 'gdb') {
    const { dumpByAgent, dumpByGdb } = await import('../poke.ts');
    return options.via === 'agent'
      ? dumpByAgent(pid, options.deadline)
      : dumpByGdb(pid, options.deadline);
  }
  const { captureReport } = await import('../capture-to-archive.ts');
  const { keepReport } = await import('../show-report.ts');
  const { randomUUID } = await import('node:crypto');
  const report = await captureReport({
    pid,
    id: randomUUID(),
    trigger: { kind: 'request', reason: 'sleeper dump' },
    deadlineMs: options.deadline,
    ...(options.via === 'reader' && { askAgent: false }),
    ...(!options.values && { values: false }),
    ...(options.sourceMapDir !== undefined && { sourceMapDirectory: options.sourceMapDir }),
  });
  return { report, path: await keepReport(report, options.archive) };
}
