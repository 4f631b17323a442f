/**
 * Stacks as rows to show. The program's own frames are rows; installed packages' too; `node:` internals and V8 builtins are rows
 * while they are innermost (they say what the program called last) and folded into a count elsewhere; C++ is one row where
 * the thread stands, and only counted below; repeated recursion is told by its ends.
 */
import { isMachineFrame } from '../../report/machine-frame.ts';
import type { Frame, Report, Thread, Variable } from '../../report/schema.ts';
import { functionName, originOf, sourceOf, variableName } from './origin.ts';
import { formatCount } from './units.ts';
import { isOwnName } from './value.ts';

/** The frames of a thread, and how many of a very deep stack the report does without. */
export type Stack = Pick<Thread, 'frames' | 'omitted'>;

/** One row of a stack: a frame, or several that are told together. */
export type StackRow =
  | { readonly kind: 'frame'; readonly first: number; readonly count: 1; readonly frame: Frame }
  | {
      /** `machine`: C++ where the thread stands · `same`: recursion · `rest`: beyond the bound · `omitted`: not in the report. */
      readonly kind: 'machine' | 'internal' | 'same' | 'rest' | 'omitted';
      /** Index of the first frame in it; of `omitted` that of the frame behind them. */
      readonly first: number;
      readonly count: number;
    };

/** Internal frames shown above the first frame of the program; the rest is folded. */
const maxInnermostInternals = 3;
/** C++ functions named in the row for those innermost. */
const maxNamedMachineFrames = 4;
/** Activations of one recursion before it is folded. */
const maxSamePlace = 3;
/** Longest run of functions that call each other in turn and are seen as one recursion. */
const maxCycleLength = 8;

/** Every frame a row of its own. */
export function unfoldedStack(stack: Stack, maxRows: number): StackRow[] {
  const { frames } = stack;
  const rows: StackRow[] = [];
  for (const [index, frame] of frames.slice(0, maxRows).entries()) {
    rows.push(...omittedBefore(stack, index), { kind: 'frame', first: index, count: 1, frame });
  }
  const first = Math.min(frames.length, maxRows);
  const count = frames.length - first;
  return count > 0 ? [...rows, { kind: 'rest', first, count }] : rows;
}

/** What the report does without before the frame of this index: a row or none. */
function omittedBefore(stack: Stack, index: number): StackRow[] {
  const { before, count } = omittedFrom(stack);
  return before === index ? [{ kind: 'omitted', first: index, count }] : [];
}

/** The number of a frame, counted from the innermost, those that are not in the report among them. */
export function frameNumber(stack: Stack, index: number): number {
  const { before, count } = omittedFrom(stack);
  return index < before ? index : index + count;
}

/** Where frames are missing: behind the last one when none are, or when what the report says of them makes no sense. */
function omittedFrom({ frames, omitted }: Stack): { before: number; count: number } {
  const { before, count } = omitted ?? { before: 0, count: 0 };
  const isSound = Number.isInteger(before) && Number.isSafeInteger(count) && count > 0;
  return isSound && before > 0 && before < frames.length
    ? { before, count }
    : { before: frames.length, count: 0 };
}

/** @param maxRows what is beyond is one row of kind `rest` */
export function foldStack(stack: Stack, maxRows: number): StackRow[] {
  const { frames } = stack;
  const rows: StackRow[] = [];
  const firstOurs = frames.findIndex((frame) => originOf(frame) !== 'internal');
  const machine = countWhile(frames, 0, isMachineFrame);
  if (machine > 0) rows.push({ kind: 'machine', first: 0, count: machine });
  // What is told together stands together: nothing reaches over what was left out.
  const inner = frames.slice(0, omittedFrom(stack).before);
  let index = machine;
  for (let frame = frames[index]; frame !== undefined; frame = frames[index]) {
    if (rows.length >= maxRows) {
      rows.push({ kind: 'rest', first: index, count: frames.length - index });
      break;
    }
    rows.push(...omittedBefore(stack, index));
    const near = index < inner.length ? inner : frames;
    const isInnermost =
      index < machine + maxInnermostInternals &&
      (firstOurs === -1 || index < firstOurs) &&
      !isMachineFrame(frame);
    const internal = isInnermost
      ? 0
      : countWhile(near, index, (other) => originOf(other) === 'internal');
    if (internal > 0) {
      // C++ between two functions of the program says nothing that they do not.
      if (countWhile(near, index, isMachineFrame) < internal)
        rows.push({ kind: 'internal', first: index, count: internal });
      index += internal;
    } else {
      index += pushRecursion(rows, near, index);
    }
  }
  return rows;
}

/** The frame at `index`, and those that repeat it, or repeat the run of frames that begins with it. @returns frames taken */
function pushRecursion(rows: StackRow[], frames: readonly Frame[], index: number): number {
  const pushFrame = (at: number): void => {
    const frame = frames[at];
    if (frame !== undefined) rows.push({ kind: 'frame', first: at, count: 1, frame });
  };
  const { length, turns } = findRecursion(frames, index);
  if (turns <= maxSamePlace) {
    pushFrame(index);
    return 1;
  }
  // The innermost and the outermost activation are worth a look.
  for (let step = 0; step < length; step++) pushFrame(index + step);
  const folded = (turns - 2) * length;
  rows.push({ kind: 'same', first: index + length, count: folded });
  for (let step = 0; step < length; step++) pushFrame(index + length + folded + step);
  return turns * length;
}

/** `f f f f`, or `even odd even odd`: the shortest run that repeats. */
function findRecursion(frames: readonly Frame[], start: number): { length: number; turns: number } {
  for (let length = 1; length <= maxCycleLength; length++) {
    let end = start + length;
    for (
      let a = frames[end], b = frames[end - length];
      a !== undefined && b !== undefined && isSamePlace(a, b);
      a = frames[end], b = frames[end - length]
    )
      end++;
    const turns = Math.floor((end - start) / length);
    if (turns > maxSamePlace) return { length, turns };
  }
  return { length: 1, turns: 1 };
}

function countWhile(
  frames: readonly Frame[],
  start: number,
  holds: (frame: Frame) => boolean,
): number {
  let end = start;
  for (let frame = frames[end]; frame !== undefined && holds(frame); frame = frames[end]) end++;
  return end - start;
}

/** True for two activations that stand at the same line of the same function; a minifier gives one name to many, in one line. */
export function isSamePlace(a: Frame, b: Frame): boolean {
  const isSameName = a.function === b.function && a.file === b.file && a.line === b.line;
  return isSameName && a.declared?.column === b.declared?.column;
}

/** What a folded row says. */
export function foldWords(
  row: Exclude<StackRow, { kind: 'frame' }>,
  frames: readonly Frame[],
): string {
  const folded = frames.slice(row.first, row.first + row.count);
  switch (row.kind) {
    case 'machine': {
      const names = folded.slice(0, maxNamedMachineFrames).map(functionName);
      return `in C++: ${names.join(' ← ')}${folded.length > names.length ? ' ← …' : ''}`;
    }
    case 'internal': {
      const modules = new Set(folded.map((frame) => frame.original?.file ?? frame.file ?? 'V8'));
      return `… ${formatCount(folded.length, 'frame')} of ${[...modules].slice(0, 4).join(', ')}${modules.size > 4 ? ', …' : ''}`;
    }
    case 'same': {
      const names = [...new Set(folded.slice(0, maxCycleLength).map(functionName))];
      return `… ${formatCount(folded.length, 'more activation')} of ${names.join(', ')} at the same ${names.length > 1 ? 'lines' : 'line'}`;
    }
    case 'rest':
      return `… ${formatCount(folded.length, 'more frame')}`;
    case 'omitted':
      return `… ${formatCount(row.count, 'frame')} not in the report: the stack is very deep`;
  }
}

/** The thread the verdict blames, else the main thread, else any with a stack. */
export function guiltyThread(report: Pick<Report, 'threads' | 'verdict'>): Thread | undefined {
  const { threads, verdict } = report;
  return (
    threads.find((thread) => thread.tid === verdict.thread) ??
    threads.find((thread) => thread.kind === 'main') ??
    threads.find(hasStack)
  );
}

/** True for threads with JavaScript; those with C++ alone are told together. */
export function hasStack(thread: Thread): boolean {
  return thread.kind !== 'native' || thread.frames.some((frame) => !isMachineFrame(frame));
}

/** True when the stack holds code of the program's own, or of a package. */
export function hasOwnCode(thread: Thread | undefined): boolean {
  return thread?.frames.some((frame) => originOf(frame) !== 'internal') ?? false;
}

/** Variables of enclosing scopes that the source shown speaks of. */
export function mentionedClosure(frame: Frame): readonly Variable[] {
  const { closure = [] } = frame;
  const shown = sourceOf(frame);
  if (shown === undefined) return [];
  const { line, before, after } = shown.source;
  const text = [line, ...before, ...after].map((one) => one.slice(0, 1_000)).join(' ');
  const words = new Set(text.match(/[\w$#]+/g));
  return closure.filter((variable) => words.has(variableName(variable)) && !isOwnName(variable));
}
