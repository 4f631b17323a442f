/**
 * A report as text for a terminal. Pure. The order is what somebody woken at night needs: the verdict, the guilty stack with
 * its values, the evidence, then everything else.
 */
import { isMachineFrame } from '../report/machine-frame.ts';
import type { Report, Thread } from '../report/schema.ts';
import { formatVersion } from '../report/schema.ts';
import { activityLines, missingLines, surroundingLines } from './environment.ts';
import { errorLines } from './error.ts';
import { frameLines, originOf } from './frames.ts';
import { paint, span, wrap } from './layout.ts';
import { eventLoopLines } from './loop.ts';
import type { Line } from './layout.ts';
import { nativeThreadLines, stateWord, threadLines, threadTitle } from './threads.ts';
import { formatCount, noBreak } from './units.ts';
import { evidenceLines, verdictLines } from './verdict.ts';

export interface RenderOptions {
  readonly color: boolean;
  /** Columns; lines are wrapped, not cut. */
  readonly width: number;
  /** Nothing folded: every frame, value, variable of the environment. */
  readonly full?: boolean;
}

/** Threads with a stack that are shown one by one unless everything is asked for. */
const maxOtherThreads = 8;

/** The whole report. Ends with a newline. */
export function renderReport(report: Report, options: RenderOptions): string {
  const { width, full = false } = options;
  const cwd = report.process.cwd;
  const guilty = guiltyThread(report);
  const sections: Line[][] = [
    newerFormatLines(report, width),
    verdictLines(report, width),
    report.error === undefined ? [] : errorLines(report.error, { width, cwd, full }),
    guilty === undefined ? [] : threadLines(guilty, { width, indent: 2, cwd, details: true, full }),
    evidenceLines(report, width),
    otherThreadLines(report, guilty, width, full),
    eventLoopLines(report, width, full),
    [...activityLines(report, width, full), ...surroundingLines(report, width, full)],
    missingLines(report, width, full),
    closingLines(report, width, full),
  ];
  const lines = sections
    .filter((section) => section.length > 0)
    .flatMap((section, index) => (index === 0 ? section : [[], ...section]));
  return paint(lines, options.color);
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
    lines.push(...frameLines(thread.frames, shape));
  }
  const rest = threads.length - threads.filter(hasStack).length;
  if (rest > 0) {
    lines.push([span(formatCount(rest, 'native thread'))]);
  }
  return paint(lines, false);
}

/** The thread the verdict blames, else the main thread, else any with a stack. */
function guiltyThread(report: Report): Thread | undefined {
  const { threads, verdict } = report;
  return (
    threads.find((thread) => thread.tid === verdict.thread) ??
    threads.find((thread) => thread.kind === 'main') ??
    threads.find(hasStack)
  );
}

/** Threads with C++ alone are one line together, unless everything is wanted. */
function hasStack(thread: Thread): boolean {
  return thread.kind !== 'native' || thread.frames.some((frame) => !isMachineFrame(frame));
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

function closingLines(report: Report, width: number, full: boolean): Line[] {
  const command = ['sleeper', 'view', span(report.id).text.slice(0, 8), '--full'].join(noBreak);
  const again = full ? '' : `   all:${noBreak}${command}`;
  return wrap([span(`report ${report.id}`, 'dim', 200), span(again, 'dim')], { width });
}
