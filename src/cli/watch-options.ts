/** The flags of `watch` and `run`, and how they become a configuration. Words are checked with it, not here. */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { errnoOf } from '../probe/fact.ts';
import type { ActionConfig, RuleConfig, WatchConfig } from '../watch/config.ts';
import { wrong } from '../watch/problems.ts';
import { parseCount, parseDuration, parseNumber, parsePid } from './arguments.ts';

/** Flags that both commands have. */
export interface WatchFlags {
  readonly timeout?: string;
  readonly interval?: string;
  readonly deadline?: string;
  readonly config?: string;
  readonly http?: readonly string[];
  readonly tcp?: readonly string[];
  readonly unix?: readonly string[];
  readonly exec?: readonly string[];
  readonly probeTimeout?: string;
  readonly probeEvery?: string;
  readonly failures?: number;
  readonly status?: readonly number[];
  readonly match?: string;
  readonly cpu?: string;
  readonly rss?: string;
  readonly heap?: string;
  readonly utilization?: string;
  readonly fds?: string;
  readonly workers?: string;
  readonly onCapture?: readonly string[];
  readonly webhook?: readonly string[];
  readonly kill?: string | true;
  readonly coolDown?: string;
  readonly perHour?: number;
  readonly metricsPort?: number;
  readonly archive?: string;
}

/** Adds the flags that both commands have. */
export function addWatchFlags(command: Command): Command {
  const options = [
    duration('--timeout <time>', 'a loop that has not turned for this long hangs (default: 5s)'),
    duration('--interval <time>', 'time between two looks (default: 500ms)'),
    duration('--deadline <time>', 'longest time of one capture (default: 10s)'),
    new Option('--config <file>', 'rules, limits and actions: see docs/watch.md'),
    several('--http <url>', 'a URL that must answer'),
    several('--tcp <host:port>', 'a port that must accept connections'),
    several('--unix <path>', 'a socket that must accept connections'),
    several('--exec <command>', 'a command that must end with status 0; no shell'),
    duration('--probe-timeout <time>', 'how long these may take to answer (default: 2s)'),
    duration('--probe-every <time>', 'how often they are asked (default: 5s)'),
    new Option('--failures <count>', 'bad answers in a row that count (default: 3)').argParser(
      parseCount,
    ),
    new Option('--status <number...>', 'good statuses of --http and --exec').argParser(
      collectStatus,
    ),
    new Option('--match <pattern>', 'found in a good answer of --http and --exec'),
    new Option('--cpu <percent>', 'of one core, above for 10s: 95%'),
    new Option('--rss <size>', 'resident memory above: 1GiB'),
    new Option('--heap <size|percent>', "V8's heap above, or of its limit: 90%"),
    new Option('--utilization <percent>', 'of the event loop, above for 10s: 98%'),
    new Option('--fds <count|percent>', 'open descriptors above, or of their limit: 90%'),
    duration(
      '--workers <time>',
      'the loop of a Worker that has not answered for this long; needs the agent',
    ),
    several('--on-capture <command>', "run with the report's path as last argument; no shell"),
    several('--webhook <url>', 'post a summary as JSON'),
    new Option(
      '--kill [grace]',
      'after the capture end the process: SIGTERM, after the grace SIGKILL (default: 10s)',
    ),
    duration('--cool-down <time>', 'no second capture of a process within this time'),
    new Option(
      '--per-hour <count>',
      'captures of one process within an hour (default: 12)',
    ).argParser(parseCount),
    new Option(
      '--metrics-port <port>',
      'serve /metrics and /healthz on this port of 127.0.0.1',
    ).argParser(parsePort),
  ];
  for (const option of options) command.addOption(option);
  return command;
}

/** Whom the command line names. */
export type WhomFlags = NonNullable<WatchConfig['watch']>;

/**
 * The configuration of a command line: the file's, if one is named, and the flags, which add rules and override the rest.
 * @throws SleeperError ERR_SLEEPER_CONFIG
 */
export async function configOf(flags: WatchFlags, whom: WhomFlags): Promise<WatchConfig> {
  const file = flags.config === undefined ? {} : await readConfigFile(flags.config);
  const { interval, deadline, archive, metricsPort, coolDown, perHour } = flags;
  const actions = actionsOf(flags);
  return {
    ...file,
    watch: { ...file.watch, ...whom },
    ...(interval !== undefined && { interval }),
    ...(archive !== undefined && { archive }),
    ...(deadline !== undefined && { capture: { ...file.capture, deadline } }),
    ...(metricsPort !== undefined && { metrics: { ...file.metrics, port: metricsPort } }),
    ...((coolDown !== undefined || perHour !== undefined) && {
      limit: {
        ...file.limit,
        ...(coolDown !== undefined && { coolDown }),
        ...(perHour !== undefined && { perHour }),
      },
    }),
    ...(actions.length > 0 && { then: [...[file.then ?? []].flat(), ...actions] }),
    rules: [...(file.rules ?? []), ...rulesOf(flags)],
  };
}

/** Name of the configuration for messages. */
export function nameOfConfig({ config }: WatchFlags): string {
  return config ?? 'of the command line';
}

async function readConfigFile(path: string): Promise<WatchConfig> {
  const { parseConfig } = await import('../watch/read-config.ts');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw wrong(path, [`it cannot be read (${errnoOf(error)})`]);
  }
  return parseConfig(text, path);
}

function rulesOf(flags: WatchFlags): RuleConfig[] {
  const { timeout, workers, probeTimeout, probeEvery, failures, status, match } = flags;
  const asking = {
    ...(probeEvery !== undefined && { every: probeEvery }),
    ...(probeTimeout !== undefined && { timeout: probeTimeout }),
    ...(failures !== undefined && { failures }),
  };
  const answer = {
    ...(status !== undefined && { status: [...status] }),
    ...(match !== undefined && { match }),
  };
  const all = (
    values: readonly string[] | undefined,
    when: (value: string) => RuleConfig['when'],
  ): RuleConfig[] => (values ?? []).map((value) => ({ when: when(value) }));
  const one = (
    value: string | undefined,
    when: (value: string) => RuleConfig['when'],
  ): RuleConfig[] => (value === undefined ? [] : [{ when: when(value) }]);
  return [
    ...one(timeout, (stalled) => ({ stalled })),
    ...one(workers, (workerStalled) => ({ workerStalled })),
    ...all(flags.http, (http) => ({ http, ...asking, ...answer })),
    ...all(flags.tcp, (tcp) => ({ tcp, ...asking })),
    ...all(flags.unix, (unix) => ({ unix, ...asking })),
    ...all(flags.exec, (exec) => ({ exec, ...asking, ...answer })),
    ...one(flags.cpu, (cpu) => ({ cpu })),
    ...one(flags.rss, (rss) => ({ rss })),
    ...one(flags.heap, (heap) => ({ heap })),
    ...one(flags.utilization, (utilization) => ({ utilization })),
    ...one(flags.fds, (fds) => ({ fds })),
  ];
}

/** The signal last: whoever wants to look at the process itself gets the chance. */
function actionsOf({ onCapture, webhook, kill }: WatchFlags): ActionConfig[] {
  const grace = typeof kill === 'string' ? { grace: kill } : {};
  return [
    ...(onCapture ?? []).map((exec) => ({ exec })),
    ...(webhook ?? []).map((url) => ({ webhook: url })),
    ...(kill === undefined ? [] : [{ signal: 'SIGTERM', ...grace }]),
  ];
}

/** Checked here already, so that a wrong one is a usage error with its flag's name. */
function duration(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => {
    parseDuration(text);
    return text;
  });
}

function several(flags: string, description: string): Option {
  return new Option(flags, `${description}; may be repeated`).argParser(
    (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
  );
}

function collectStatus(text: string, before: readonly number[] | undefined): number[] {
  return [...(before ?? []), parseNumber(text, 999)];
}

function parsePort(text: string): number {
  return parseNumber(text, 65_535);
}

/** Collects pids. */
export function collectPids(text: string, before: number[] | undefined): number[] {
  return [...(before ?? []), parsePid(text)];
}
