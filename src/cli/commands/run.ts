/** `sleeper run`: starts a program with the agent loaded, passes everything through, watches it. */
import { type Command, Option } from 'commander';
import { archiveOption, parseDuration } from '../arguments.ts';

interface RunCommandOptions {
  readonly timeout: number;
  readonly interval: number;
  readonly archive?: string;
}

/** Adds the command. */
export function addRunCommand(program: Command): void {
  program
    .command('run')
    .description('start a program with the agent loaded, and watch it')
    .usage('[options] -- <command> [arguments...]')
    .argument('<command...>', 'the program and its arguments, after --')
    .addOption(
      new Option('--timeout <time>', 'a loop that has not turned for this long hangs')
        .argParser(parseDuration)
        .default(5_000, '5s'),
    )
    .addOption(
      new Option('--interval <time>', 'time between two looks')
        .argParser(parseDuration)
        .default(500, '500ms'),
    )
    .addOption(archiveOption())
    .addHelpText(
      'after',
      `
Its standard streams, signals and exit status are passed through. The agent is loaded by NODE_OPTIONS, so every Node.js
process below it writes a report when it crashes. Watched for hangs is the program itself, not yet its children.`,
    )
    .action(async (command: [string, ...string[]], options: RunCommandOptions) => {
      const { runProgram } = await import('../run-program.ts');
      const { locateArchive } = await import('../../archive/location.ts');
      await runProgram(command, {
        policy: { timeoutMs: options.timeout, intervalMs: options.interval },
        archive: locateArchive(options.archive),
      });
    });
}
