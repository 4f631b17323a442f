/** Stacks in a terminal: the program's own frames are bright and show values and source, the rest is dim and folded. */
import type { Frame, Variable } from '../report/schema.ts';
import { displayWidth, lineWidth, span, wrap } from './layout.ts';
import type { Line, Span } from './layout.ts';
import { compiledWords, frameNotes, functionName, originOf, placeWords } from './model/origin.ts';
import {
  foldStack,
  foldWords,
  frameNumber,
  mentionedClosure,
  unfoldedStack,
} from './model/stack.ts';
import type { Stack, StackRow } from './model/stack.ts';
import { isOwnName } from './model/value.ts';
import { sourceLines } from './source.ts';
import { argumentSpans, variableLines } from './values.ts';
import type { ValueBounds } from './values.ts';

/** How a stack is shown. */
export interface FrameOptions {
  readonly width: number;
  readonly indent: number;
  /** The target's working directory: paths below it are shown relative. */
  readonly cwd?: string | undefined;
  /** Values and source below the frames; false gives heads only. */
  readonly details: boolean;
  /** Nothing folded, nothing cut. */
  readonly full: boolean;
}

/** Frames shown of one stack when it is not shown in full. */
const maxShownFrames = 40;
/** In full there is still an end: a report of hostile size must not fill the disk behind a pipe. */
const maxFullFrames = 50_000;
/** Frames with values and source; below, heads only. */
const maxDetailedFrames = 12;

/** A stack, innermost first. */
export function frameLines(stack: Stack, options: FrameOptions): Line[] {
  const groups = options.full
    ? unfoldedStack(stack, maxFullFrames)
    : foldStack(stack, maxShownFrames);
  const lines: Line[] = [];
  let detailed = 0;
  for (const group of groups) {
    if (group.kind !== 'frame') {
      lines.push(foldedLine(group, stack.frames, options));
      continue;
    }
    lines.push(...headLines(frameNumber(stack, group.first), group.frame, options));
    const isOurs = originOf(group.frame) === 'app' || options.full;
    if (options.details && isOurs && (options.full || detailed < maxDetailedFrames)) {
      lines.push(...detailLines(group.frame, detailed === 0, options));
      detailed++;
    }
  }
  return lines;
}

function foldedLine(
  group: Exclude<StackRow, { kind: 'frame' }>,
  frames: readonly Frame[],
  options: FrameOptions,
): Line {
  const hint = group.kind === 'rest' ? ' (--full shows them)' : '';
  return [
    span(' '.repeat(options.indent + 4)),
    span(foldWords(group, frames) + hint, 'dim', options.width - options.indent - 4),
  ];
}

/** `#0 function(a=1)  file:line:column`, on two lines where one is too short. */
function headLines(depth: number, frame: Frame, options: FrameOptions): Line[] {
  const { width, indent } = options;
  const origin = originOf(frame);
  const number = `${`#${depth}`.padEnd(3)} `;
  const name = functionName(frame);
  const isBare = name.startsWith('(') && frame.arguments.length === 0; // (top level)
  const room = Math.max(30, width - indent - number.length - displayWidth(name) - 2);
  const style = origin === 'app' ? 'strong' : origin === 'internal' ? 'dim' : 'plain';
  const call: Span[] = [
    span(number, 'dim'),
    span(name, style, 200),
    span(isBare ? '' : '(', 'dim'),
    ...argumentSpans(frame.arguments, room),
    span(isBare ? '' : ')', 'dim'),
  ];
  const place = placeSpans(frame, options.cwd);
  const hanging = indent + number.length;
  if (place.length === 0) {
    return wrap(call, { width, indent, hanging });
  }
  const oneLine: Line = [span(' '.repeat(indent)), ...call, span('  '), ...place];
  if (lineWidth(oneLine) <= width) {
    return [oneLine];
  }
  return [
    ...wrap(call, {
      width,
      indent,
      hanging: hanging + 2,
      ...(options.full ? {} : { maxLines: 3 }),
    }),
    ...wrap(place, { width, indent: hanging, hanging: hanging + 2 }),
  ];
}

function placeSpans(frame: Frame, cwd: string | undefined): Span[] {
  const place = placeWords(frame, cwd);
  const compiled = compiledWords(frame, cwd);
  const notes = frameNotes(frame);
  const style = originOf(frame) === 'app' ? 'place' : 'dim';
  return [
    ...(place === '' ? [] : [span(place, style, 400)]),
    ...(compiled === '' ? [] : [span(` ← ${compiled}`, 'dim', 400)]),
    ...(notes.length === 0 ? [] : [span(`${place === '' ? '' : ' '}[${notes.join(', ')}]`, 'dim')]),
  ];
}

function detailLines(frame: Frame, isTop: boolean, options: FrameOptions): Line[] {
  const { width, full } = options;
  const indent = options.indent + 4;
  const bounds: ValueBounds = {
    width,
    maxLines: full ? 1_000 : isTop ? 4 : 2,
    maxVariables: full ? 1_000 : isTop ? 20 : 6,
    maxDepth: full ? 8 : isTop ? 2 : 0,
  };
  const isTelling = (variable: Variable): boolean => full || !isOwnName(variable);
  const scopes: [string, readonly Variable[]][] = [
    ['locals', frame.locals.filter(isTelling)],
    ['closure', full ? (frame.closure ?? []) : isTop ? mentionedClosure(frame) : []],
  ];
  // An argument whose preview was cut in the head is told in full here.
  const cut = frame.arguments.filter(({ value }) => isTop && value.preview.length > 16);
  scopes.unshift(['arguments', full ? frame.arguments : cut]);
  if (frame.receiver !== undefined && (isTop || full) && frame.receiver.type !== 'undefined') {
    scopes.unshift(['this', [{ name: 'this', value: frame.receiver }]]);
  }
  const lines = sourceLines(frame, isTop || full, indent, width);
  for (const [label, variables] of scopes) {
    lines.push(...variableLines(label === 'this' ? '' : label, variables, indent, bounds));
  }
  return lines;
}
