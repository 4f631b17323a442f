/** Configuration → settings: durations and sizes to numbers, patterns compiled, defaults put in. Every problem is told at once. */
import { readDuration } from '../quantity.ts';
import type { ActionConfig, FilterConfig, LimitConfig, RuleConfig, WatchConfig } from './config.ts';
import { Problems, wrong } from './problems.ts';
import { readCondition } from './read-condition.ts';
import type { Action, Filter, Rule, RuleLimit, WatchSettings } from './settings.ts';
import { findUserId } from './users.ts';
import { commandOf } from './words.ts';

/** Used where nothing is said. */
export const defaults = {
  intervalMs: 500,
  timeout: '5s',
  deadlineMs: 10_000,
  parallel: 2,
  limit: { coolDownMs: 0, perHour: 12 },
  execTimeoutMs: 30_000,
  webhookTimeoutMs: 10_000,
  graceMs: 10_000,
  metricsHost: '127.0.0.1',
} as const;

/**
 * Checks and completes a configuration.
 * @param name what messages call it
 * @throws SleeperError ERR_SLEEPER_CONFIG
 */
export function completeSettings(config: WatchConfig, name: string): WatchSettings {
  const problems = new Problems();
  const duration = (place: string, text: string | undefined, otherwise: number): number =>
    text === undefined ? otherwise : (problems.at(place, () => readDuration(text)) ?? otherwise);
  const watch = config.watch ?? {};
  const rules = config.rules ?? [];
  const settings: WatchSettings = {
    whom: {
      pids: [...new Set(watch.pids ?? [])],
      all: watch.all ?? false,
      names: listOf(watch.names).flatMap(
        (text) => problems.at('watch.names', () => new RegExp(text, 'u')) ?? [],
      ),
      tree: watch.tree ?? false,
      only: readFilter(watch.only, 'watch.only', problems),
    },
    intervalMs: duration('interval', config.interval, defaults.intervalMs),
    rules: withHangRule(rules).map((rule, index) => readRule(rule, index, config, problems)),
    ...(config.archive !== undefined && { archive: config.archive }),
    capture: {
      deadlineMs: duration('capture.deadline', config.capture?.deadline, defaults.deadlineMs),
      parallel: config.capture?.parallel ?? defaults.parallel,
    },
    ...(config.metrics !== undefined && {
      metrics: { host: config.metrics.host ?? defaults.metricsHost, port: config.metrics.port },
    }),
  };
  const names = settings.rules.map((rule) => rule.name);
  const doubled = names.find((one, index) => names.indexOf(one) !== index);
  if (doubled !== undefined) problems.list.push(`rules: two are named ${doubled}`);
  if (problems.list.length > 0) throw wrong(name, problems.list);
  return settings;
}

/** Whoever asks only for memory wants hangs told, too: that is what a watchdog is for. */
function withHangRule(rules: readonly RuleConfig[]): readonly RuleConfig[] {
  const hasOne = rules.some(({ when }) => when.stalled !== undefined);
  return hasOne ? rules : [...rules, { name: 'loop', when: { stalled: defaults.timeout } }];
}

function readRule(rule: RuleConfig, index: number, config: WatchConfig, problems: Problems): Rule {
  const place = rule.name === undefined ? `rules[${index}]` : `rule ${rule.name}`;
  const { condition, name } = readCondition(rule.when, `${place}.when`, problems);
  return {
    name: rule.name ?? name,
    when: condition,
    only: readFilter(rule.only, `${place}.only`, problems),
    limit: readLimit({ ...config.limit, ...rule.limit }, `${place}.limit`, problems),
    then: readActions(rule.then ?? config.then, `${place}.then`, problems),
  };
}

function readFilter(config: FilterConfig | undefined, place: string, problems: Problems): Filter {
  const pattern = (key: 'name' | 'argv' | 'cgroup'): RegExp | undefined => {
    const text = config?.[key];
    return text === undefined
      ? undefined
      : problems.at(`${place}.${key}`, () => new RegExp(text, 'u'));
  };
  const [byName, argv, cgroup] = [pattern('name'), pattern('argv'), pattern('cgroup')];
  const users = config?.user === undefined ? undefined : [config.user].flat();
  const userIds = users?.flatMap(
    (user) => problems.at(`${place}.user`, () => findUserId(user)) ?? [],
  );
  return {
    ...(byName !== undefined && { name: byName }),
    ...(argv !== undefined && { argv }),
    ...(userIds !== undefined && { users: userIds }),
    ...(cgroup !== undefined && { cgroup }),
  };
}

function readLimit(config: LimitConfig, place: string, problems: Problems): RuleLimit {
  const { coolDown, perHour, perSignature } = config;
  const coolDownMs =
    coolDown === undefined
      ? undefined
      : problems.at(`${place}.coolDown`, () => readDuration(coolDown));
  return {
    coolDownMs: coolDownMs ?? defaults.limit.coolDownMs,
    perHour: perHour ?? defaults.limit.perHour,
    ...(perSignature !== undefined && { perSignature }),
  };
}

function readActions(
  config: ActionConfig | ActionConfig[] | undefined,
  place: string,
  problems: Problems,
): Action[] {
  return listOf(config ?? 'log').flatMap((one) => {
    if (one === 'nothing') return [];
    return problems.at(place, () => readAction(one)) ?? [];
  });
}

function readAction(config: Exclude<ActionConfig, 'nothing'>): Action {
  if (config === 'log') return { kind: 'log' };
  if ('exec' in config) {
    const { exec, timeout, shell } = config;
    const timeoutMs = timeout === undefined ? defaults.execTimeoutMs : readDuration(timeout);
    if (shell === true) {
      if (typeof exec !== 'string') throw new Error('with `shell`, give the command as one string');
      // The path stands in "$1" for the command.
      return { kind: 'exec', command: ['/bin/sh', '-c', exec, 'sh'], timeoutMs };
    }
    return { kind: 'exec', command: commandOf(exec), timeoutMs };
  }
  if ('webhook' in config) {
    const { protocol } = new URL(config.webhook);
    if (protocol !== 'http:' && protocol !== 'https:')
      throw new Error('a webhook is an http or https URL');
    return {
      kind: 'webhook',
      url: config.webhook,
      headers: config.headers ?? {},
      timeoutMs:
        config.timeout === undefined ? defaults.webhookTimeoutMs : readDuration(config.timeout),
    };
  }
  return {
    kind: 'signal',
    signal: readSignal(config.signal),
    graceMs: config.grace === undefined ? defaults.graceMs : readDuration(config.grace),
  };
}

/** Signals that end a process, or ask it to. SIGUSR1 would open a debug port. */
const endingSignals = [
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGABRT',
  'SIGKILL',
  'SIGUSR2',
] as const;

function readSignal(text: string): NodeJS.Signals {
  const name = text.toUpperCase().replace(/^(?!SIG)/, 'SIG');
  const found = endingSignals.find((signal) => signal === name);
  if (found === undefined) throw new Error(`${text} is none of ${endingSignals.join(', ')}`);
  return found;
}

function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
