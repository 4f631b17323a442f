/**
 * A report as text for a terminal. Pure. The order is what somebody woken at night needs: the verdict, the guilty stack with
 * its values, the evidence, then everything else.
 */
import { isMachineFrame } from '../report/machine-frame.ts';
import type { Report, Thread } from '../report/schema.ts';
import { formatVersion } from '../report/schema.ts';
import { activityLines, missingLines, surroundingLines } from './environment.ts';
import { errorLines, faultLines } from './error.ts';
import { frameLines } from './frames.ts';
import { grepLines } from './grep.ts';
import { paint, span, wrap } from './layout.ts';
import type { Line } from './layout.ts';
import { eventLoopLines, httpLines } from './loop.ts';
import { originOf } from './model/origin.ts';
import { guiltyThread, hasOwnCode, hasStack } from './model/stack.ts';
import { forestOf } from './model/tasks.ts';
import { selectThreads, stateWord, threadTitle } from './model/thread.ts';
import { formatCount, noBreak } from './model/units.ts';
import { taskLines } from './tasks.ts';
import { nativeThreadLines, threadLines } from './threads.ts';
import { crumbLines, timelineLines } from './timeline.ts';
import type { SectionName } from './section-names.ts';
import { evidenceLines, verdictLines } from './verdict.ts';

export interface RenderOptions {
  readonly color: boolean;
  /** Columns; lines are wrapped, not cut. */
  readonly width: number;
  /** Nothing folded: every frame, value, variable of the environment. */
  readonly full?: boolean;
  /** What `sleeper view` finds the report by; null: nothing, it was not kept. Default: its id. */
  readonly keptAs?: string | null;
  /** Only these. */
  readonly sections?: readonly SectionName[];
  /** Only threads called so: see selectThreads(). */
  readonly thread?: string;
  /** Only lines that match, with what they belong to. */
  readonly grep?: RegExp;
}

interface Section {
  readonly name: SectionName | 'always';
  readonly lines: Line[];
}

/** Threads with a stack that are shown one by one unless everything is asked for. */
const maxOtherThreads = 8;
/** Columns for `--grep`: a value must not be missed because it was broken into two lines. */
const grepWidth = 1_000;

/** The whole report, or what was asked of it. Ends with a newline; empty when nothing matches. */
export function renderReport(report: Report, options: RenderOptions): string {
  const { grep, thread } = options;
  const width = grep === undefined ? options.width : Math.max(options.width, grepWidth);
  const full = options.full ?? (grep !== undefined || thread !== undefined);
  const sections =
    thread === undefined
      ? reportSections(report, width, full, options.keptAs)
      : threadSections(report, thread, width, full);
  const wanted = options.sections;
  const lines = sections
    .filter(({ name }) => wanted === undefined || (name !== 'always' && wanted.includes(name)))
    .filter((section) => section.lines.length > 0)
    .flatMap((section, index) => (index === 0 ? section.lines : [[], ...section.lines]));
  return paint(grep === undefined ? lines : grepLines(lines, grep), options.color);
}

function reportSections(
  report: Report,
  width: number,
  full: boolean,
  keptAs: RenderOptions['keptAs'],
): Section[] {
  const cwd = report.process.cwd;
  const guilty = guiltyThread(report);
  const stack: Section = {
    name: 'stack',
    lines:
      guilty === undefined
        ? []
        : threadLines(guilty, { width, indent: 2, cwd, details: true, full }, report),
  };
  const tasks: Section = {
    name: 'tasks',
    lines:
      report.tasks.length === 0 ? [] : taskLines(report.tasks, { width, cwd, full, maxRows: 24 }),
  };
  // Where no JavaScript runs, what the program waits for is the stack.
  const waits = !hasOwnCode(guilty) && forestOf(report.tasks).roots.length > 0;
  return [
    { name: 'always', lines: newerFormatLines(report, width) },
    { name: 'verdict', lines: verdictLines(report, width) },
    {
      name: 'error',
      lines: report.error === undefined ? [] : errorLines(report.error, { width, cwd, full }),
    },
    { name: 'error', lines: faultLines(report, width, full) },
    ...(waits ? [tasks, stack] : [stack]),
    { name: 'evidence', lines: evidenceLines(report, width) },
    { name: 'handles', lines: httpLines(report, width, full) },
    ...(waits ? [] : [tasks]),
    { name: 'threads', lines: otherThreadLines(report, guilty, width, full) },
    { name: 'handles', lines: eventLoopLines(report, width, full) },
    { name: 'timeline', lines: timelineLines(report, width) },
    { name: 'timeline', lines: crumbLines(report, width, full) },
    {
      name: 'environment',
      lines: [...activityLines(report, width, full), ...surroundingLines(report, width, full)],
    },
    { name: 'missing', lines: missingLines(report, width, full) },
    { name: 'always', lines: closingLines(report, width, full, keptAs) },
  ];
}

function threadSections(report: Report, selector: string, width: number, full: boolean): Section[] {
  const options = { width, indent: 2, cwd: report.process.cwd, details: true, full };
  return selectThreads(report, selector).map((thread) => ({
    name: 'threads',
    lines: threadLines(thread, options, report),
  }));
}

/**
 * Only the stacks of the threads with JavaScript, every frame on one line, in plain text: what is printed inside a
 * debugger. Ends with a newline.
 */
export function renderStacks(
  threads: readonly Thread[],
  options: { readonly width?: number; readonly cwd?: string } = {},
): string {
  const width = options.width ?? 400;
  const lines: Line[] = [];
  for (const thread of threads.filter(hasStack)) {
    const state = [stateWord(thread.state), thread.syscall ?? thread.vmState];
    const facts = state.filter((fact) => fact !== undefined).join(', ');
    lines.push([span(`${threadTitle(thread)} (tid ${thread.tid}) ${facts}`, 'plain', width)]);
    if (thread.note !== undefined) {
      lines.push(...wrap([span(thread.note)], { width, indent: 2 }));
    }
    const shape = { width, indent: 2, cwd: options.cwd, details: false, full: true };
    lines.push(...frameLines(thread, shape));
  }
  const rest = threads.length - threads.filter(hasStack).length;
  if (rest > 0) {
    lines.push([span(formatCount(rest, 'native thread'))]);
  }
  return paint(lines, false);
}

function otherThreadLines(
  report: Report,
  guilty: Thread | undefined,
  width: number,
  full: boolean,
): Line[] {
  const others = report.threads.filter((thread) => thread !== guilty);
  const stacked = others.filter((thread) => hasStack(thread) || (full && thread.frames.length > 0));
  const shown = stacked.slice(0, full ? stacked.length : maxOtherThreads);
  const cwd = report.process.cwd;
  const lines = shown.flatMap((thread) => {
    const ownCode = full ? thread.frames : firstOwnFrames(thread);
    const folded = thread.frames.slice(ownCode.length).filter((f) => !isMachineFrame(f)).length;
    return [
      ...threadLines(
        { ...thread, frames: ownCode },
        { width, indent: 2, cwd, details: full, full },
        report,
      ),
      ...(folded > 0 ? [[span(`      … ${formatCount(folded, 'more frame')}`, 'dim')]] : []),
      [],
    ];
  });
  if (stacked.length > shown.length) {
    lines.push([span(`… ${stacked.length - shown.length} more threads with a stack`, 'dim')], []);
  }
  const native = nativeThreadLines(
    others.filter((thread) => !stacked.includes(thread)),
    width,
  );
  return native.length === 0 ? lines.slice(0, -1) : [...lines, ...native];
}

/** The innermost frames of a thread that is not blamed: enough to see what it does. */
function firstOwnFrames(thread: Thread): Thread['frames'] {
  const firstOwn = thread.frames.findIndex((frame) => originOf(frame) === 'app');
  return thread.frames.slice(0, Math.max(firstOwn + 4, 6));
}

function newerFormatLines(report: Report, width: number): Line[] {
  return report.formatVersion <= formatVersion
    ? []
    : wrap(
        [
          span(
            `This report was written by a newer sleeper (format ${report.formatVersion}); some of it may not be shown. --json shows everything.`,
            'strong',
          ),
        ],
        { width },
      );
}

function closingLines(
  { id }: Report,
  width: number,
  full: boolean,
  keptAs: string | null = span(id).text.slice(0, 8),
): Line[] {
  const hint =
    keptAs === null
      ? 'not kept: -o FILE keeps it, and sleeper view FILE --full shows all'
      : `all:${noBreak}${['sleeper', 'view', span(keptAs).text, '--full'].join(noBreak)}`;
  return wrap([span(`report ${id}`, 'dim', 200), span(full ? '' : `   ${hint}`, 'dim', 400)], {
    width,
  });
}
