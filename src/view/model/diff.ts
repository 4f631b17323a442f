/**
 * What moved between two reports, and what stayed: two captures of one process, or two occurrences of one trouble. Only what
 * both reports know is compared; what one of them lacks is said to be there in one only, never to have changed.
 */
import { lineWords } from '../../report/excerpt.ts';
import type { Frame, Report, Thread, Variable } from '../../report/schema.ts';
import { change } from './diff-change.ts';
import type { Change, ChangeKind } from './diff-change.ts';
import { diffEnvironment, diffMeasures, unreadTasks } from './diff-measures.ts';
import { bothPlaceWords, functionName, originOf, variableName } from './origin.ts';
import { guiltyThread } from './stack.ts';
import { placeKey, taskName } from './tasks.ts';
import { threadTitle } from './thread.ts';
import { formatCount, formatDuration } from './units.ts';
import { valueWords } from './value.ts';

export interface DiffSection {
  readonly title: string;
  readonly changes: readonly Change[];
}

export interface ReportDiff {
  /** `same-process`: two looks at one · `same-signature`: the same trouble twice · `unrelated`. */
  readonly relation: 'same-process' | 'same-signature' | 'unrelated';
  /** From the first capture to the second; negative when they were given in the other order. */
  readonly betweenMs: number | undefined;
  readonly summary: string;
  readonly sections: readonly DiffSection[];
}

const maxFrames = 400;
const maxVariables = 100;
const maxValueChars = 120;
const maxTaskPlaces = 200;
/** Start times are told by the kernel in ticks since boot, and turned into wall clock anew by each capture. */
const startToleranceMs = 2_000;

export function diffReports(before: Report, after: Report): ReportDiff {
  const betweenMs = Date.parse(after.capturedAt) - Date.parse(before.capturedAt);
  const relation = relationOf(before, after);
  const isOne = relation === 'same-process';
  const stack = diffStacks(before, after, isOne);
  const sections = [
    { title: 'verdict', changes: diffVerdicts(before, after) },
    { title: 'stack', changes: stack },
    { title: 'tasks', changes: diffTasks(before, after, isOne) },
    { title: 'threads', changes: isOne ? diffThreads(before, after) : [] },
    { title: 'memory and counts', changes: diffMeasures(before, after) },
    { title: 'environment', changes: diffEnvironment(before, after) },
  ].filter(({ changes }) => changes.length > 0);
  return {
    relation,
    betweenMs: Number.isFinite(betweenMs) ? betweenMs : undefined,
    summary: summaryOf(relation, betweenMs, stack),
    sections,
  };
}

function relationOf(before: Report, after: Report): ReportDiff['relation'] {
  const started = (report: Report): number => Date.parse(report.process.startTime ?? '');
  const isOne =
    before.process.pid === after.process.pid &&
    before.host.hostname === after.host.hostname &&
    Math.abs(started(before) - started(after)) <= startToleranceMs;
  if (isOne) return 'same-process';
  return before.signature === after.signature ? 'same-signature' : 'unrelated';
}

function summaryOf(
  relation: ReportDiff['relation'],
  betweenMs: number,
  stack: readonly Change[],
): string {
  const time = Number.isFinite(betweenMs) ? formatDuration(Math.abs(betweenMs)) : 'some time';
  const order = betweenMs < 0 ? ' (the first of them is the later one)' : '';
  const who = {
    'same-process': `One process, ${time} apart${order}`,
    'same-signature': `The same trouble in two processes, ${time} apart${order}`,
    unrelated: `Two reports of different troubles, ${time} apart${order}`,
  }[relation];
  const top = stack[0];
  if (top === undefined) return `${who}.`;
  const values = stack.find(({ inner }) => inner.length > 0)?.inner.slice(0, 2) ?? [];
  return `${[`${who}: ${top.words}`, ...values.map(({ words }) => words)].join('; ')}.`;
}

function diffVerdicts(before: Report, after: Report): Change[] {
  const [a, b] = [before.verdict, after.verdict];
  if (a.kind === b.kind && a.summary === b.summary)
    return [change('stayed', `${a.kind}: ${a.summary}`)];
  if (a.kind === b.kind) return [change('moved', `still ${a.kind}: ${b.summary}`)];
  return [
    change('moved', `was ${a.kind}: ${a.summary}`),
    change('moved', `is ${b.kind}: ${b.summary}`),
  ];
}

/**
 * Stacks are compared from their outer ends: what called what is what two looks have in common. Only in one process did
 * anything return or get called between them.
 */
function diffStacks(before: Report, after: Report, isOne: boolean): Change[] {
  const [a, b] = [guiltyThread(before), guiltyThread(after)];
  if (a === undefined || b === undefined) return [];
  const [from, to] = [ownFrames(a), ownFrames(b)];
  let common = 0;
  while (
    common < from.length &&
    common < to.length &&
    isSameCall(from.at(-1 - common), to.at(-1 - common))
  )
    common++;
  const cwd = after.process.cwd;
  const changes: Change[] = [];
  if (from.length === to.length && common === from.length) {
    const [top] = to;
    const [old] = from;
    if (top === undefined || old === undefined) return [];
    const stands = lineOf(old) === lineOf(top);
    const another = `stands at another ${lineOf(top).includes(':') ? 'place' : 'line'}:`;
    changes.push(
      change(
        stands ? 'stayed' : 'moved',
        stands
          ? `${functionName(top)} stands at the same line, ${bothPlaceWords(top, cwd)}`
          : `${functionName(top)} ${isOne ? 'moved from' : another} ${lineOf(old)} → ${bothPlaceWords(top, cwd)}`,
      ),
    );
  } else {
    for (const frame of from.slice(0, from.length - common).slice(0, 20))
      changes.push(
        change(
          'went',
          `${functionName(frame)} ${isOne ? 'returned' : 'only in the first'}, ${bothPlaceWords(frame, cwd)}`,
        ),
      );
    for (const frame of to.slice(0, to.length - common).slice(0, 20))
      changes.push(
        change(
          'came',
          `${functionName(frame)} ${isOne ? 'was called' : 'only in the second'}, ${bothPlaceWords(frame, cwd)}`,
        ),
      );
  }
  for (let depth = common; depth > 0; depth--) {
    const [old, frame] = [from.at(-depth), to.at(-depth)];
    if (old !== undefined && frame !== undefined) changes.push(diffFrames(old, frame, cwd));
  }
  return changes;
}

const ownFrames = (thread: Thread): Frame[] =>
  thread.frames.filter((frame) => originOf(frame) !== 'internal').slice(-maxFrames);

/** By what was written: two builds of one program name and place the same function differently. */
function isSameCall(a: Frame | undefined, b: Frame | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return functionName(a) === functionName(b) && fileOf(a) === fileOf(b);
}

/** `42`; `2:81234` in a long line. */
const lineOf = (frame: Frame): string => lineWords(frame.original ?? frame).slice(1) || '?';
const fileOf = (frame: Frame): string | undefined => (frame.original ?? frame).file;

function diffFrames(before: Frame, after: Frame, cwd: string | undefined): Change {
  const isSameLine = lineOf(before) === lineOf(after);
  const variables = [
    ...diffVariables(before.arguments, after.arguments),
    ...diffVariables(before.locals, after.locals),
    ...diffVariables(before.closure ?? [], after.closure ?? []),
  ].filter(({ kind }) => kind !== 'stayed');
  const place = isSameLine
    ? bothPlaceWords(after, cwd)
    : `from line ${lineOf(before)} to ${bothPlaceWords(after, cwd)}`;
  const isStill = isSameLine && variables.length === 0;
  return change(isStill ? 'stayed' : 'moved', `${functionName(after)}  ${place}`, variables);
}

/** Variables by name; a value that one of the reports could not read has not changed, as far as anybody knows. */
function diffVariables(before: readonly Variable[], after: readonly Variable[]): Change[] {
  const old = new Map(before.map((variable) => [variableName(variable), variable.value]));
  return after.slice(0, maxVariables).flatMap((variable): Change[] => {
    const { value } = variable;
    const name = variableName(variable);
    const was = old.get(name);
    if (was === undefined || was.reason !== undefined || value.reason !== undefined) return [];
    if (was.preview === value.preview && was.length === value.length)
      return [change('stayed', name)];
    return [change(valueChange(was.preview, value.preview), valueChangeWords(name, was, value))];
  });
}

function valueChange(before: string, after: string): ChangeKind {
  const [a, b] = [Number(before), Number(after)];
  if (before === '' || after === '' || !Number.isFinite(a) || !Number.isFinite(b)) return 'moved';
  return b > a ? 'grew' : 'shrank';
}

function valueChangeWords(
  name: string,
  before: Variable['value'],
  after: Variable['value'],
): string {
  const [a, b] = [valueWords(before), valueWords(after)].map((words) =>
    words.slice(0, maxValueChars),
  );
  const kind = valueChange(before.preview, after.preview);
  const verb = kind === 'moved' ? 'changed' : kind;
  const lengths =
    before.length !== undefined && after.length !== undefined && before.length !== after.length
      ? ` (length ${before.length} → ${after.length})`
      : '';
  return `${name} ${verb} from ${a ?? ''} to ${b ?? ''}${lengths}`;
}

/** Tasks by place: ids are given anew in each capture. */
function diffTasks(before: Report, after: Report, isOne: boolean): Change[] {
  const [from, to] = [tasksByPlace(before), tasksByPlace(after)];
  const unread = [unreadTasks(before), unreadTasks(after)].flatMap((reason, index) =>
    reason === undefined
      ? []
      : [`not compared: of the ${index === 0 ? 'first' : 'second'}, ${reason}`],
  );
  // What was not read has neither come nor gone.
  if (unread.length > 0) return unread.map((words) => change('stayed', words));
  const changes: Change[] = [];
  for (const [key, { words, count }] of to) {
    const was = from.get(key)?.count ?? 0;
    if (was === 0) changes.push(change('came', `${formatCount(count, 'task')} more: ${words}`));
    else if (was === count)
      changes.push(
        change('stayed', `${count} ${isOne ? 'still waiting' : 'waiting in both'}: ${words}`),
      );
    else
      changes.push(
        change(count > was ? 'grew' : 'shrank', `from ${was} to ${count} waiting: ${words}`),
      );
  }
  for (const [key, { words, count }] of from)
    if (!to.has(key))
      changes.push(
        change(
          'went',
          `${formatCount(count, 'task')} ${isOne ? 'went on' : 'only in the first'}: ${words}`,
        ),
      );
  const order: ChangeKind[] = ['grew', 'came', 'stayed', 'shrank', 'went', 'moved'];
  return changes
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
    .slice(0, maxTaskPlaces);
}

function tasksByPlace(report: Report): Map<string, { words: string; count: number }> {
  const places = new Map<string, { words: string; count: number }>();
  for (const task of report.tasks) {
    const key = placeKey(task);
    const waits = typeof task.awaits === 'string' ? `, for ${task.awaits}` : '';
    const words = `${taskName(task)}  ${bothPlaceWords(task, report.process.cwd)}${waits}`;
    const count = (places.get(key)?.count ?? 0) + (task.count ?? 1);
    places.set(key, { words, count });
  }
  return places;
}

function diffThreads(before: Report, after: Report): Change[] {
  const old = new Map(before.threads.map((thread) => [thread.tid, thread]));
  const changes = after.threads.flatMap((thread): Change[] => {
    const was = old.get(thread.tid);
    if (was === undefined)
      return [change('came', `${threadTitle(thread)} (${thread.tid}) started`)];
    const title = `${threadTitle(thread)} (${thread.tid})`;
    const used =
      was.cpuMs === undefined || thread.cpuMs === undefined ? 0 : thread.cpuMs - was.cpuMs;
    if (used >= 1) return [change('grew', `${title} used ${formatDuration(used)} of CPU`)];
    return thread.kind === 'native' ? [] : [change('stayed', `${title} used no CPU`)];
  });
  const left = new Set(after.threads.map(({ tid }) => tid));
  for (const { tid, name } of before.threads)
    if (!left.has(tid)) changes.push(change('went', `thread "${name}" (${tid}) ended`));
  return changes;
}
