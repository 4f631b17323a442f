/** `sleeper dump`: one capture now. */
import { type Command, Option } from 'commander';
import type { Report } from '../../report/schema.ts';
import { archiveOption, parseDuration, parsePid } from '../arguments.ts';
import { type ExitStatus, endWith, exitStatus } from '../exit-codes.ts';

interface DumpCommandOptions {
  readonly json?: true;
  readonly output?: string;
  /** false with --no-archive; a directory with --archive. */
  readonly archive?: string | boolean;
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
  let status: ExitStatus = exitStatus.done;
  const failures: unknown[] = [];
  let isLost = false;
  for (const pid of pids) {
    try {
      const { report, path } = await dumpOne(pid, options);
      await show(report, path, options);
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
  const { locateArchive } = await import('../../archive/location.ts');
  const directory = locateArchive(
    typeof options.archive === 'string' ? options.archive : undefined,
  );
  if (options.via === 'agent' || options.via === 'gdb') {
    const { dumpByAgent, dumpByGdb } = await import('../poke.ts');
    return options.via === 'agent'
      ? dumpByAgent(pid, options.deadline)
      : dumpByGdb(pid, options.deadline);
  }
  const { captureReport, sealReport } = await import('../capture-to-archive.ts');
  const { randomUUID } = await import('node:crypto');
  const report = await captureReport({
    pid,
    id: randomUUID(),
    trigger: { kind: 'request', reason: 'sleeper dump' },
    deadlineMs: options.deadline,
    ...(options.via === 'reader' && { askAgent: false }),
  });
  const keep = options.archive !== false;
  return { report, path: keep ? await sealOrSay(report, { directory }, sealReport) : null };
}

/** A report that cannot be kept is shown first, then the failure is told: it may be the only look there will be. */
async function sealOrSay(
  report: Report,
  target: { directory: string },
  seal: (report: Report, target: { directory: string }) => Promise<string>,
): Promise<string | null> {
  try {
    return await seal(report, target);
  } catch (error) {
    const { SleeperError } = await import('../../errors.ts');
    if (!(error instanceof SleeperError)) throw error;
    process.stderr.write(`sleeper: ${error.message}\n  next: ${error.help}\n`);
    return null;
  }
}

async function show(
  report: Report,
  path: string | null,
  options: DumpCommandOptions,
): Promise<void> {
  if (options.output !== undefined) {
    const { writeFile } = await import('node:fs/promises');
    const { encodeReport } = await import('../../encode/encode.ts');
    await writeFile(options.output, encodeReport(report), { mode: 0o600 });
  }
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else {
    const { renderReport } = await import('../../view/render.ts');
    const { describeTerminal } = await import('../terminal.ts');
    const { color, width } = describeTerminal(process.stdout, process.env);
    process.stdout.write(renderReport(report, { color, width }));
  }
  if (path !== null) process.stderr.write(`report: ${path}\n`);
}
