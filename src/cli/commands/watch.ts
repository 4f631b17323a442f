/** `sleeper watch`: finds the processes that stopped answering, captures them, says so, goes on watching. */
import { type Command, Option } from 'commander';
import { archiveOption, parseDuration, parsePid } from '../arguments.ts';
import { type ExitStatus, endWith, exitStatus } from '../exit-codes.ts';

interface WatchCommandOptions {
  readonly timeout: number;
  readonly interval: number;
  readonly deadline: number;
  readonly once?: true;
  readonly json?: true;
  readonly archive?: string;
}

/** Adds the command. */
export function addWatchCommand(program: Command): void {
  program
    .command('watch')
    .description('watch processes: capture each hang once, say when it is over')
    .argument('<pid...>', 'processes to watch', collectPids)
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
    .addOption(
      new Option('--deadline <time>', 'longest time of one capture')
        .argParser(parseDuration)
        .default(10_000, '10s'),
    )
    .option('--once', 'end after the first captured hang, with exit status 10')
    .option('--json', 'one object a line for each event, on standard output')
    .addOption(archiveOption())
    .addHelpText(
      'after',
      '\nSIGINT and SIGTERM end the watch with exit status 0. It ends by itself when all processes have ended.',
    )
    .action(async (pids: number[], options: WatchCommandOptions) => {
      endWith(await watch(pids, options));
    });
}

function collectPids(text: string, before: number[] | undefined): number[] {
  return [...(before ?? []), parsePid(text)];
}

async function watch(pids: readonly number[], options: WatchCommandOptions): Promise<ExitStatus> {
  const { locateArchive } = await import('../../archive/location.ts');
  const { createLog } = await import('../../log.ts');
  const { requireNodeProcess } = await import('../../probe/identity.ts');
  const { logWatchEvent, watchEventRecord } = await import('../tell-watch.ts');
  const { watchProcess } = await import('../watch-process.ts');
  // All of them before any is watched: a wrong pid is told at once.
  const identities = [...new Set(pids)].map(requireNodeProcess);
  const log = createLog();
  const end = new AbortController();
  const stop = (): void => {
    end.abort();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const watches = identities.map(async (identity) => {
    const hangs = await watchProcess(identity, {
      policy: { timeoutMs: options.timeout, intervalMs: options.interval },
      archive: locateArchive(options.archive),
      deadlineMs: options.deadline,
      signal: end.signal,
      once: options.once === true,
      tell: (event) => {
        if (options.json === true) {
          process.stdout.write(`${JSON.stringify(watchEventRecord(identity.pid, event))}\n`);
        } else {
          logWatchEvent(log, identity.pid, event);
        }
      },
    });
    if (hangs > 0 && options.once === true) end.abort();
    return hangs;
  });
  const hangs = (await Promise.all(watches)).reduce((sum, count) => sum + count, 0);
  process.off('SIGINT', stop);
  process.off('SIGTERM', stop);
  return options.once === true && hangs > 0 ? exitStatus.hangFound : exitStatus.done;
}
