/** `sleeper watch`: finds the processes that stopped answering, captures them, says so, goes on watching. */
import { type Command, Option } from 'commander';
import { archiveOption } from '../arguments.ts';
import { type ExitStatus, endWith, exitStatus } from '../exit-codes.ts';
import {
  type WatchFlags,
  addWatchFlags,
  collectPids,
  configOf,
  nameOfConfig,
} from '../watch-options.ts';

interface WatchCommandOptions extends WatchFlags {
  readonly all?: true;
  readonly name?: readonly string[];
  readonly tree?: true;
  readonly check?: true;
  readonly once?: true;
  readonly json?: true;
}

/** Adds the command. */
export function addWatchCommand(program: Command): void {
  const command = program
    .command('watch')
    .description('watch processes: capture each trouble once, say when it is over')
    .argument('[pid...]', 'processes to watch', collectPids)
    .option(
      '--all',
      'every node process of this user, of the machine for root; new ones as they come',
    )
    .addOption(
      new Option(
        '--name <pattern>',
        'those whose command line or title matches; may be repeated',
      ).argParser((text: string, before: readonly string[] | undefined) => [
        ...(before ?? []),
        text,
      ]),
    )
    .option('--tree', 'and all that they start; troubles of one tree are one incident');
  addWatchFlags(command)
    .option('--check', 'only check the configuration, and say what would be watched and how')
    .option('--once', 'end after the first captured trouble, with exit status 10')
    .option('--json', 'one object a line for each event, on standard output')
    .addOption(archiveOption())
    .addHelpText(
      'after',
      `
SIGINT and SIGTERM end the watch with exit status 0. It ends by itself when all processes have ended and no others
can come.

  sleeper watch --all                                   everything of this user, hangs of 5 s
  sleeper watch --name server.js --tree --http http://127.0.0.1:8080/health
  sleeper watch 4711 --timeout 10s --kill 5s            capture, then let the supervisor restart it
  sleeper watch --config watch.yaml --check`,
    )
    .action(async (pids: number[], options: WatchCommandOptions) => {
      endWith(await watch(pids, options));
    });
}

async function watch(pids: readonly number[], options: WatchCommandOptions): Promise<ExitStatus> {
  const { completeSettings } = await import('../../watch/complete-settings.ts');
  const config = await configOf(options, {
    ...(pids.length > 0 && { pids: [...pids] }),
    ...(options.all === true && { all: true }),
    ...(options.name !== undefined && { names: [...options.name] }),
    ...(options.tree === true && { tree: true }),
  });
  const settings = completeSettings(config, nameOfConfig(options));
  const { whom } = settings;
  if (options.check === true) {
    const { describeSettings } = await import('../describe-settings.ts');
    const { writeText } = await import('../output.ts');
    await writeText(await describeSettings(settings));
    return exitStatus.done;
  }
  if (whom.pids.length === 0 && !whom.all && whom.names.length === 0) {
    const { SleeperError } = await import('../../errors.ts');
    throw new SleeperError(
      'ERR_SLEEPER_USAGE',
      'Nobody is named to watch: give a pid, --name or --all.',
    );
  }
  if (!whom.tree) {
    const { requireNodeProcess } = await import('../../probe/identity.ts');
    // All of them before any is watched: a wrong pid is told at once.
    for (const pid of whom.pids) requireNodeProcess(pid);
  }
  const { keepWatch } = await import('../keep-watch.ts');
  const findings = await keepWatch(settings, {
    command: 'sleeper watch',
    json: options.json === true,
    once: options.once === true,
  });
  return options.once === true && findings > 0 ? exitStatus.hangFound : exitStatus.done;
}
