/** The `when` of a rule → its condition. */
import { type ServiceQuestion, nameQuestion } from '../probe/service/question.ts';
import { readDuration, readSize } from '../quantity.ts';
import type { WhenConfig } from './config.ts';
import type { Problems } from './problems.ts';
import { type Condition, type Measure, measures } from './settings.ts';
import { commandOf } from './words.ts';

/** Each says what kind of condition it is. */
const kinds = [
  'stalled',
  'workerStalled',
  'http',
  'tcp',
  'unix',
  'exec',
  'cpu',
  'rss',
  'heap',
  'utilization',
  'fds',
  'tasksWaiting',
  'requestsOlder',
] as const;
type Kind = (typeof kinds)[number];

/** What else may stand beside each kind. */
const companions: Readonly<Record<Kind, readonly (keyof WhenConfig)[]>> = {
  stalled: [],
  workerStalled: [],
  http: ['every', 'timeout', 'failures', 'status', 'match', 'headers', 'insecure'],
  tcp: ['every', 'timeout', 'failures'],
  unix: ['every', 'timeout', 'failures'],
  exec: ['every', 'timeout', 'failures', 'status', 'match'],
  cpu: ['for'],
  rss: ['for'],
  heap: ['for'],
  utilization: ['for'],
  fds: ['for'],
  tasksWaiting: ['every'],
  requestsOlder: ['every'],
};

const serviceDefaults = { everyMs: 5_000, timeoutMs: 2_000, failures: 3 } as const;
/** A busy moment is no trouble. */
const busyForMs = 10_000;
const deepLookEveryMs = 30_000;
/** Stands for a condition that could not be read: its problem is noted, and nothing will run. */
const none: Condition = { kind: 'stalled', forMs: 1 };

/** @returns the condition, and a name for a rule that has none */
export function readCondition(
  when: WhenConfig,
  place: string,
  problems: Problems,
): { readonly condition: Condition; readonly name: string } {
  const given = kinds.filter((kind) => when[kind] !== undefined);
  const [kind, second] = given;
  if (kind === undefined || second !== undefined) {
    const found = kind === undefined ? 'none is given' : `${given.join(' and ')} are given`;
    problems.list.push(`${place}: exactly one of ${kinds.join(', ')} is wanted, ${found}`);
    return { condition: none, name: '?' };
  }
  for (const key of Object.keys(when) as (keyof WhenConfig)[]) {
    if (key !== kind && !companions[kind].includes(key)) {
      problems.list.push(`${place}.${key}: does not go with ${kind}`);
    }
  }
  const condition = problems.at(`${place}.${kind}`, () => conditionOf(kind, when)) ?? none;
  return { condition, name: nameOf(kind, condition) };
}

function nameOf(kind: Kind, condition: Condition): string {
  if (kind === 'stalled') return 'loop';
  return condition.kind === 'service' ? nameQuestion(condition.question) : kind;
}

function conditionOf(kind: Kind, when: WhenConfig): Condition {
  const duration = (text: string | undefined, otherwise: number): number =>
    text === undefined ? otherwise : readDuration(text);
  const text = String(when[kind]);
  const measure = measures.find((one) => one === kind);
  if (measure !== undefined) {
    const isRate = measure === 'cpu' || measure === 'utilization';
    return {
      kind: 'threshold',
      measure,
      ...readLevel(measure, text),
      forMs: duration(when.for, isRate ? busyForMs : 0),
    };
  }
  switch (kind) {
    case 'stalled':
      return { kind: 'stalled', forMs: readDuration(text) };
    case 'workerStalled':
      return { kind: 'worker-stalled', forMs: readDuration(text) };
    case 'tasksWaiting':
    case 'requestsOlder':
      return {
        kind: kind === 'tasksWaiting' ? 'tasks-waiting' : 'requests-older',
        forMs: readDuration(text),
        everyMs: duration(when.every, deepLookEveryMs),
      };
    default:
      return {
        kind: 'service',
        question: questionOf(kind as 'http' | 'tcp' | 'unix' | 'exec', when),
        everyMs: duration(when.every, serviceDefaults.everyMs),
        timeoutMs: duration(when.timeout, serviceDefaults.timeoutMs),
        failures: when.failures ?? serviceDefaults.failures,
      };
  }
}

function questionOf(kind: 'http' | 'tcp' | 'unix' | 'exec', when: WhenConfig): ServiceQuestion {
  const statuses = when.status === undefined ? {} : { statuses: [when.status].flat() };
  const match = when.match === undefined ? {} : { match: new RegExp(when.match, 'u') };
  switch (kind) {
    case 'http': {
      const url = when.http ?? '';
      if (!/^https?:\/\//.test(url) || !URL.canParse(url))
        throw new Error(`${url} is no http or https URL`);
      return {
        kind,
        url,
        ...statuses,
        ...match,
        ...(when.headers !== undefined && { headers: when.headers }),
        ...(when.insecure !== undefined && { insecure: when.insecure }),
      };
    }
    case 'tcp':
      return { kind, ...readHostAndPort(when.tcp ?? '') };
    case 'unix':
      return { kind, path: when.unix ?? '' };
    case 'exec':
      return { kind, command: commandOf(when.exec ?? ''), ...statuses, ...match };
  }
}

/** `127.0.0.1:8080`, `[::1]:8080`, `:8080` for this machine. */
function readHostAndPort(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(text);
  const port = Number(match?.[3] ?? 0);
  if (match === null || port < 1 || port > 65_535) throw new Error(`write ${text} as HOST:PORT`);
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' ? '127.0.0.1' : host, port };
}

function readLevel(
  measure: Measure,
  text: string,
): { readonly above: number; readonly unit: 'percent' | 'bytes' | 'count' } {
  const percent = /^(\d+(?:\.\d+)?)\s?%$/.exec(text);
  if (percent !== null) {
    if (measure === 'rss') throw new Error('a size is wanted: 512MiB');
    return { above: Number(percent[1]), unit: 'percent' };
  }
  if (measure === 'fds') {
    if (!/^[1-9]\d*$/.test(text))
      throw new Error('a number, or a part of the limit such as 90%, is wanted');
    return { above: Number(text), unit: 'count' };
  }
  if (measure === 'cpu' || measure === 'utilization')
    throw new Error('a percentage is wanted: 95%');
  return { above: readSize(text), unit: 'bytes' };
}
