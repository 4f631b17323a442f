/** Everything of a report that can be found by typing, with its place. */
import type { Report, Value, Variable } from '../../report/schema.ts';
import { crumbsOf, httpRequestWords, httpRequestsOf } from './extras.ts';
import {
  compiledWords,
  frameOfTask,
  functionName,
  placeWords,
  sourceOf,
  variableName,
} from './origin.ts';
import { taskName } from './tasks.ts';
import { handleWords, requestWords, timerWords } from './things.ts';
import { threadTitle } from './thread.ts';

/** One thing that can be found. */
export interface SearchEntry {
  /** What is searched, in lower case. */
  readonly text: string;
  readonly title: string;
  /** Where: `main thread #0`. */
  readonly context: string;
  /** Parts of the address. */
  readonly where: readonly (string | number)[];
}

const maxEntries = 400_000;
/** Of one variable: all its properties, down to what a report holds, up to so many characters. */
const maxValueChars = 2_000;

export function searchIndexOf(report: Report): SearchEntry[] {
  const entries: SearchEntry[] = [];
  const add = (
    title: string,
    context: string,
    where: SearchEntry['where'],
    more: string = '',
  ): void => {
    if (entries.length < maxEntries)
      entries.push({ text: `${title}\n${more}`.toLowerCase(), title, context, where });
  };
  const { cwd } = report.process;
  add(report.verdict.summary, 'verdict', ['overview'], report.verdict.kind);
  for (const { text } of report.verdict.evidence) add(text, 'evidence', ['overview']);
  for (const thread of report.threads) {
    add(threadTitle(thread), 'thread', ['threads', thread.tid], thread.syscall ?? '');
    for (const [index, frame] of thread.frames.entries()) {
      const where = ['threads', thread.tid, index];
      const title = `${functionName(frame)}  ${placeWords(frame, cwd)}`;
      const context = `${threadTitle(thread)} #${index}`;
      const compiled = frame.original === undefined ? '' : `${frame.function} `;
      const more = `${compiled}${compiledWords(frame, cwd)}`;
      add(title, context, where, `${sourceOf(frame)?.source.line ?? ''}\n${more}`);
      for (const variable of [...frame.arguments, ...frame.locals, ...(frame.closure ?? [])])
        addVariable(variable, `${context} ${functionName(frame)}`, where, add);
    }
  }
  for (const task of report.tasks) {
    const frame = frameOfTask(task);
    const values = [...task.arguments, ...task.locals].map(variableText).join('\n');
    const waits = typeof task.awaits === 'string' ? task.awaits : '';
    const title = `#${task.id} ${taskName(task)}  ${placeWords(frame, cwd)}`;
    add(title, 'task', ['tasks', task.id], `${waits}\n${values}`);
  }
  for (const handle of report.handles) add(handleWords(handle, cwd), 'handle', ['loop']);
  for (const request of report.requests) add(requestWords(request), 'request', ['loop']);
  for (const timer of report.timers) add(timerWords(timer, cwd), 'timer', ['loop']);
  for (const request of httpRequestsOf(report))
    add(httpRequestWords(request), 'HTTP in flight', ['loop']);
  for (const { text } of crumbsOf(report)) add(text, 'last words', ['time']);
  for (const [name, value] of Object.entries(report.process.env ?? {}))
    add(`${name}=${value}`, 'environment', ['environment']);
  for (const { what, reason } of report.missing)
    add(`${what}: ${reason}`, 'missing', ['environment']);
  return entries;
}

function addVariable(
  variable: Variable,
  context: string,
  where: SearchEntry['where'],
  add: (title: string, context: string, where: SearchEntry['where'], more?: string) => void,
): void {
  const title = `${variableName(variable)} = ${variable.value.preview}`;
  add(title, context, where, variableText(variable));
}

function variableText(variable: Variable): string {
  const { name, value } = variable;
  const parts: string[] = [variableName(variable), name];
  let left = maxValueChars;
  const open: Value[] = [value];
  for (let next = open.pop(); next !== undefined && left > 0; next = open.pop()) {
    const preview = next.preview.slice(0, left);
    parts.push(preview);
    left -= preview.length + 1;
    for (const property of next.properties ?? []) {
      parts.push(property.name.slice(0, 100));
      left -= 1;
      open.push(property.value);
      if (left <= 0) break;
    }
  }
  return parts.join('\n');
}

/** Entries that hold every word, in their order. */
export function findEntries(
  index: readonly SearchEntry[],
  query: string,
  maxFound: number,
): { readonly found: readonly SearchEntry[]; readonly total: number } {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return { found: [], total: 0 };
  const found: SearchEntry[] = [];
  let total = 0;
  for (const entry of index) {
    if (!words.every((word) => entry.text.includes(word))) continue;
    total++;
    if (found.length < maxFound) found.push(entry);
  }
  return { found, total };
}
