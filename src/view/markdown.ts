/**
 * A report to paste into an issue: the verdict, the blamed stack with its values, the rest folded in `<details>`. Only what a
 * stranger may read: no environment, no host name, no command line, no addresses of peers. Text of the report stands in
 * code blocks that it cannot end, or escaped.
 */
import type { Frame, Report, Task } from '../report/schema.ts';
import { sanitize } from '../report/sanitize.ts';
import {
  bothPlaceWords,
  frameOfTask,
  functionName,
  originOf,
  placeWords,
  sourceOf,
  variableName,
} from './model/origin.ts';
import { callsOf } from './model/calls.ts';
import {
  foldStack,
  foldWords,
  frameNumber,
  guiltyThread,
  hasStack,
  mentionedClosure,
} from './model/stack.ts';
import type { Stack } from './model/stack.ts';
import { forestOf, taskName, taskTotalWords, waitWords } from './model/tasks.ts';
import { movementsOf } from './model/samples.ts';
import { stateWord, threadTitle } from './model/thread.ts';
import { formatDuration } from './model/units.ts';
import { valueWords } from './model/value.ts';
import { confidenceWords } from './model/verdict.ts';

const maxRows = 30;
const maxVariables = 12;
const maxTasks = 15;
const maxThreads = 10;

/** The whole text. Ends with a newline. */
export function renderMarkdown(report: Report): string {
  const { verdict, process } = report;
  const guilty = guiltyThread(report);
  const { cwd } = process;
  const movement = movementsOf(report).find(({ tid }) => tid === guilty?.tid);
  const versions = [process.nodeVersion, process.v8Version && `V8 ${process.v8Version}`];
  const parts = [
    `### ${escape(verdict.kind)}: ${escape(verdict.summary)}`,
    `*${confidenceWords(verdict.confidence)}; node ${escape(versions.filter((one) => one !== undefined).join(', '))}, up ${process.uptimeMs === undefined ? 'an unknown time' : formatDuration(process.uptimeMs)}; signature* ${escape(report.signature)}`,
    ...(movement === undefined || movement.kind === 'unknown' ? [] : [escape(movement.words)]),
    ...errorPart(report),
    ...(guilty === undefined || guilty.frames.length === 0
      ? []
      : [
          `**${escape(threadTitle(guilty))}**, ${escape(stateWord(guilty.state))}`,
          block(stackText(guilty, cwd, true)),
        ]),
    ...(verdict.evidence.length === 0
      ? []
      : [
          verdict.evidence
            .slice(0, 20)
            .map(({ text }) => `- ${escape(text)}`)
            .join('\n'),
        ]),
    ...tasksPart(report),
    ...threadsPart(report),
    ...missingPart(report),
  ];
  return `${parts.join('\n\n').replaceAll('\u00a0', ' ')}\n`;
}

function errorPart({ error, process }: Report): string[] {
  if (error === undefined) return [];
  const base = process.cwd === undefined || process.cwd === '/' ? '' : `${process.cwd}/`;
  const title = `${error.name}: ${error.message}`;
  const calls = callsOf(error, process.cwd)
    .slice(0, 15)
    .map(({ name, place, compiled }) => {
      const from = compiled === '' ? '' : ` ← ${compiled}`;
      return `    at ${name === undefined ? place : `${name} (${place})`}${from}`;
    });
  const text = [base === '' ? title : title.replaceAll(base, ''), ...calls]
    .map((line) => sanitize(line, 600))
    .join('\n');
  return [block(text)];
}

function stackText(stack: Stack, cwd: string | undefined, withValues: boolean): string {
  return foldStack(stack, maxRows)
    .map((row) =>
      row.kind === 'frame'
        ? frameText(row.frame, frameNumber(stack, row.first), cwd, withValues)
        : `      ${sanitize(foldWords(row, stack.frames), 300)}`,
    )
    .join('\n');
}

function frameText(
  frame: Frame,
  depth: number,
  cwd: string | undefined,
  withValues: boolean,
): string {
  const passed = frame.arguments
    .slice(0, maxVariables)
    .map((one) => `${variableName(one)}=${sanitize(valueWords(one.value), 60)}`);
  const place = bothPlaceWords(frame, cwd);
  const head = `${`#${depth}`.padEnd(4)}${functionName(frame)}(${passed.join(', ')})  ${place}`;
  if (!withValues || originOf(frame) !== 'app') return sanitize(head, 600);
  const shown = sourceOf(frame);
  const source = shown === undefined ? [] : [`    > ${sanitize(shown.source.line.trim(), 200)}`];
  const variables = [...frame.locals, ...mentionedClosure(frame)]
    .slice(0, maxVariables)
    .map(
      (one) => `      ${sanitize(variableName(one), 60)} = ${sanitize(valueWords(one.value), 200)}`,
    );
  return [sanitize(head, 600), ...source, ...variables].join('\n');
}

function tasksPart(report: Report): string[] {
  if (report.tasks.length === 0) return [];
  const forest = forestOf(report.tasks);
  const { cwd } = report.process;
  const line = (task: Task): string =>
    sanitize(
      `${task.count === undefined ? '' : `${task.count}× `}${taskName(task)}  ${placeWords(frameOfTask(task), cwd)}  waits for ${waitWords(task, forest.byId, cwd)}`,
      400,
    );
  const shown = [
    ...forest.roots,
    ...forest.tasks.filter((task) => !forest.roots.includes(task)),
  ].slice(0, maxTasks);
  const rest = forest.tasks.length - shown.length;
  const text = [...shown.map(line), ...(rest > 0 ? [`… ${rest} more`] : [])].join('\n');
  return [folded(`Tasks: ${taskTotalWords(forest)}`, block(text))];
}

function threadsPart(report: Report): string[] {
  const guilty = guiltyThread(report);
  const others = report.threads.filter((thread) => thread !== guilty && hasStack(thread));
  return others
    .slice(0, maxThreads)
    .map((thread) =>
      folded(
        `${threadTitle(thread)}, ${stateWord(thread.state)}`,
        block(stackText(thread, report.process.cwd, false)),
      ),
    );
}

function missingPart({ missing }: Report): string[] {
  if (missing.length === 0) return [];
  const lines = missing
    .slice(0, 30)
    .map(({ what, reason }) => `- ${escape(what)}: ${escape(reason)}`);
  return [folded('Not in this report', lines.join('\n'))];
}

const folded = (title: string, body: string): string =>
  `<details><summary>${escape(title)}</summary>\n\n${body}\n\n</details>`;

/** A fence longer than any run of backticks in the text. */
function block(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}

/** Text that is no markup: HTML, links, mentions, emphasis. */
function escape(text: string): string {
  return sanitize(text, 800)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_{}[\]()#+!|~]/g, '\\$&')
    .replace(/@(?=\w)/g, '@&#8203;');
}
