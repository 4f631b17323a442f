/** What is counted or measured in two reports, and what surrounds their processes. */
import { oldGenerationBytes } from '../../report/old-generation.ts';
import type { Report } from '../../report/schema.ts';
import { change } from './diff-change.ts';
import type { Change } from './diff-change.ts';
import { httpRequestsOf } from './extras.ts';
import { formatBytes } from './units.ts';

/** A measure that changed by less is the same: memory and counts are never still. */
const minGrowth = 0.02;

const maxValueChars = 120;

/** Why the tasks of a report are not all there. */
export function unreadTasks({ missing }: Report): string | undefined {
  const found = missing.find(({ what }) =>
    /^(?!values of ).*(\bsuspended async functions\b|\btasks\b)/.test(what),
  );
  return found === undefined ? undefined : `${found.what}: ${found.reason}`;
}

type Measure = readonly [name: string, of: (report: Report) => number | undefined, bytes: boolean];

const mainHeap = ({ threads }: Report): number | undefined => {
  const heap = threads.find(({ kind }) => kind === 'main')?.heap;
  return heap && oldGenerationBytes(heap);
};

const measures: readonly Measure[] = [
  ['old generation of the main heap', mainHeap, true],
  ['handles', ({ handles }) => handles.length, false],
  ['requests', ({ requests }) => requests.length, false],
  ['HTTP requests in flight', (report) => httpRequestsOf(report).length, false],
  ['timers', ({ timers }) => timers.reduce((sum, { count }) => sum + count, 0), false],
  ['tasks', ({ tasks }) => tasks.reduce((sum, { count = 1 }) => sum + count, 0), false],
  ['queued for the thread pool', ({ threadpool }) => threadpool?.queued, false],
  ['threads', ({ threads }) => threads.length, false],
];

/** Counts and sizes that both reports hold. */
export function diffMeasures(before: Report, after: Report): Change[] {
  return measures.flatMap(([name, of, isBytes]): Change[] => {
    const [a, b] = [of(before), of(after)];
    if (a === undefined || b === undefined || (a === 0 && b === 0)) return [];
    if (name === 'tasks' && [before, after].some((one) => unreadTasks(one) !== undefined))
      return [];
    const format = isBytes ? formatBytes : String;
    if (Math.abs(b - a) <= (isBytes ? a * minGrowth : 0))
      return [change('stayed', `${name}: ${format(b)}`)];
    return [change(b > a ? 'grew' : 'shrank', `${name}: ${format(a)} → ${format(b)}`)];
  });
}

/** What the two processes and machines differ in. */
export function diffEnvironment(before: Report, after: Report): Change[] {
  const facts: [string, string | undefined, string | undefined][] = [
    ['node', before.process.nodeVersion, after.process.nodeVersion],
    ['command', before.process.argv?.join(' '), after.process.argv?.join(' ')],
    ['host', before.host.hostname, after.host.hostname],
    ['kernel', before.host.kernel, after.host.kernel],
  ];
  const [a, b] = [before.process.env ?? {}, after.process.env ?? {}];
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)]))
    facts.push([
      name,
      Object.hasOwn(a, name) ? a[name] : undefined,
      Object.hasOwn(b, name) ? b[name] : undefined,
    ]);
  return facts
    .slice(0, 2_000)
    .filter(([, was, is]) => was !== is && was !== undefined && is !== undefined)
    .map(([name, was = '', is = '']) =>
      change('moved', `${name}: ${was.slice(0, maxValueChars)} → ${is.slice(0, maxValueChars)}`),
    );
}
