/** `sleeper run`: starts a program with the agent loaded, passes everything through, watches it. */
import { type Command, Option } from 'commander';
import { archiveOption } from '../arguments.ts';
import { type RestartCause, parseRestart } from '../restart.ts';
import { type WatchFlags, addWatchFlags, configOf, nameOfConfig } from '../watch-options.ts';

interface RunCommandOptions extends WatchFlags {
  readonly restart: readonly RestartCause[];
}

/** Adds the command. */
export function addRunCommand(program: Command): void {
  const command = program
    .command('run')
    .description('start a program with the agent loaded, and watch it')
    .usage('[options] -- <command> [arguments...]')
    .argument('<command...>', 'the program and its arguments, after --')
    .addOption(
      new Option(
        '--restart <when>',
        'start it again: on-hang, on-crash, always; several with commas',
      )
        .argParser(parseRestart)
        .default(['never'], 'never'),
    );
  addWatchFlags(command)
    .addOption(archiveOption())
    .addHelpText(
      'after',
      `
Its standard streams, signals and exit status are passed through. The agent is loaded by NODE_OPTIONS, so every Node.js
process below it writes a report when it crashes. Watched are the program and all that it starts.

--restart on-hang ends a hanging process (SIGTERM, after 10 s SIGKILL) when its report is written. A new start waits for
1 s, then twice as long each time, up to 60 s, until the program has run for a minute. A program that you end stays ended.`,
    )
    .action(async (words: [string, ...string[]], options: RunCommandOptions) => {
      const { runProgram } = await import('../run-program.ts');
      const { locateArchive } = await import('../../archive/location.ts');
      const { completeSettings } = await import('../../watch/complete-settings.ts');
      const endsHangs = options.restart.includes('on-hang') && options.kill === undefined;
      const config = await configOf({ ...options, ...(endsHangs && { kill: true }) }, {});
      const settings = completeSettings(config, nameOfConfig(options));
      await runProgram(words, {
        settings,
        archive: locateArchive(settings.archive),
        restart: options.restart,
      });
    });
}
