/** What would be watched and how, in words: `sleeper watch --check`. */
import { locateArchive } from '../archive/location.ts';
import { formatDuration } from '../diagnose/words.ts';
import { nameQuestion, nameUrl } from '../probe/service/question.ts';
import { sanitize } from '../report/sanitize.ts';
import type {
  Action,
  Condition,
  Filter,
  Rule,
  RuleLimit,
  WatchSettings,
  Whom,
} from '../watch/settings.ts';
import { Population } from '../watch/population.ts';

/** Processes listed of those that would be watched now. */
const maxListed = 20;

/** All of it, and whom it would find now. @throws SleeperError for a pid that does not exist */
export async function describeSettings(settings: WatchSettings): Promise<string> {
  const { whom, intervalMs, capture, metrics, rules } = settings;
  const lines = [
    'The configuration is good.',
    '',
    `  watches   ${describeWhom(whom)}`,
    `  looks     every ${formatDuration(intervalMs)}`,
    `  captures  within ${formatDuration(capture.deadlineMs)}, ${capture.parallel} at a time, into ${locateArchive(settings.archive)}`,
    ...(metrics === undefined
      ? []
      : [`  metrics   http://${metrics.host}:${metrics.port}/metrics`]),
    ...rules.flatMap(describeRule),
    '',
    ...(await describeFound(whom)),
  ];
  return `${lines.map((line) => sanitize(line, 500)).join('\n')}\n`;
}

function describeWhom({ pids, all, names, tree, only }: Whom): string {
  const chosen = [
    ...(pids.length > 0 ? [`the processes ${pids.join(', ')}`] : []),
    ...(names.length > 0 ? [`Node.js processes that match ${names.map(String).join(' or ')}`] : []),
    ...(all && names.length === 0 ? ['all Node.js processes that we may look at'] : []),
  ];
  const whom = chosen.length === 0 ? 'nobody: give a pid, --name or --all' : chosen.join('; ');
  return `${whom}${tree ? ', and all that they start' : ''}${describeFilter(only)}`;
}

function describeFilter({ name, argv, users, cgroup }: Filter): string {
  const parts = [
    ...(name === undefined ? [] : [`name matches ${String(name)}`]),
    ...(argv === undefined ? [] : [`command line matches ${String(argv)}`]),
    ...(users === undefined ? [] : [`of user ${users.join(', ')}`]),
    ...(cgroup === undefined ? [] : [`control group matches ${String(cgroup)}`]),
  ];
  return parts.length === 0 ? '' : `, only those: ${parts.join(', ')}`;
}

function describeRule({ name, when, only, limit, then }: Rule): string[] {
  return [
    '',
    `  rule ${name}`,
    `    when   ${describeCondition(when)}${describeFilter(only)}`,
    `    limit  ${describeLimit(limit)}`,
    `    then   ${['capture', ...then.map(describeAction)].join(', ')}`,
  ];
}

/** A condition in words. */
export function describeCondition(when: Condition): string {
  switch (when.kind) {
    case 'stalled':
      return `the event loop has not turned for ${formatDuration(when.forMs)}`;
    case 'worker-stalled':
      return `the loop of a Worker has not answered the agent for ${formatDuration(when.forMs)}`;
    case 'service': {
      const { question, everyMs, timeoutMs, failures } = when;
      return `${nameQuestion(question)}, asked every ${formatDuration(everyMs)}, has ${failures} times in a row not answered well within ${formatDuration(timeoutMs)}`;
    }
    case 'threshold': {
      const unit = { percent: ' %', bytes: ' bytes', count: '' }[when.unit];
      const time = when.forMs > 0 ? ` for ${formatDuration(when.forMs)}` : '';
      return `${when.measure} is above ${when.above}${unit}${time}`;
    }
    case 'tasks-waiting':
      return `an async function has waited for ${formatDuration(when.forMs)}, looked at every ${formatDuration(when.everyMs)}`;
    case 'requests-older':
      return `a request has been open for ${formatDuration(when.forMs)}, looked at every ${formatDuration(when.everyMs)}`;
  }
}

function describeLimit({ coolDownMs, perHour, perSignature }: RuleLimit): string {
  return [
    `${perHour} an hour for each process`,
    ...(coolDownMs > 0 ? [`not again within ${formatDuration(coolDownMs)}`] : []),
    ...(perSignature === undefined ? [] : [`${perSignature} an hour of the same signature`]),
  ].join(', ');
}

function describeAction(action: Action): string {
  switch (action.kind) {
    case 'log':
      return 'log';
    case 'exec':
      return `run ${action.command.join(' ')} (at most ${formatDuration(action.timeoutMs)})`;
    case 'webhook':
      return `post to ${nameUrl(action.url)}`;
    case 'signal':
      return `${action.signal}, after ${formatDuration(action.graceMs)} SIGKILL`;
  }
}

async function describeFound(whom: Whom): Promise<string[]> {
  const population = new Population(whom);
  const found = await population.choose(Infinity, performance.now());
  if (found.length === 0) return ['No such process runs now.'];
  const listed = found
    .slice(0, maxListed)
    .map(({ subject }) => `  ${subject.identity.pid}  ${subject.argv}`);
  const more = found.length + population.leftOut - listed.length;
  return ['Running now:', ...listed, ...(more > 0 ? [`  and ${more} more`] : [])];
}
