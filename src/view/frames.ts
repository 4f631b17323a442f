/**
 * Stacks. The reader's own code is what the eye should find: its frames are bright and show values and source; code of
 * packages is one line; `node:` internals and V8 builtins are one dim line while they are innermost (they say what the
 * program called last) and folded into a count elsewhere. C++ is one line where the thread stands, and only counted below.
 */
import { isMachineFrame } from '../report/machine-frame.ts';
import type { Frame, Variable } from '../report/schema.ts';
import { sourceLines } from './source.ts';
import { argumentSpans, isOwnName, variableLines } from './values.ts';
import type { ValueBounds } from './values.ts';
import { displayWidth, lineWidth, span, wrap } from './layout.ts';
import type { Line, Span } from './layout.ts';
import { formatCount } from './units.ts';

export type FrameOrigin = 'app' | 'package' | 'internal';

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

/** Internal frames shown above the first frame of the program; the rest is folded. */
const maxInnermostInternals = 3;
/** C++ functions named in the line for those innermost. */
const maxNamedMachineFrames = 4;
/** Frames shown of one stack when it is not shown in full. */
const maxShownFrames = 40;
/** Frames with values and source; below, heads only. */
const maxDetailedFrames = 12;

/** Whose code a frame runs. */
export function originOf(frame: Frame): FrameOrigin {
  const file = frame.original?.file ?? frame.file ?? '';
  if (
    frame.kind === 'builtin' ||
    isMachineFrame(frame) ||
    file.startsWith('node:') ||
    (file === '' && frame.kind !== 'wasm')
  ) {
    return 'internal';
  }
  return /(^|\/)node_modules\//.test(file) ? 'package' : 'app';
}

/** A stack, innermost first. */
export function frameLines(frames: readonly Frame[], options: FrameOptions): Line[] {
  const groups = options.full
    ? frames.map((frame, index): FrameGroup => ({ first: index, count: 1, kind: 'frame', frame }))
    : foldFrames(frames);
  const lines: Line[] = [];
  let detailed = 0;
  for (const group of groups) {
    if (group.kind !== 'frame') {
      lines.push(foldedLine(group, frames, options));
      continue;
    }
    lines.push(...headLines(group.first, group.frame, options));
    const isOurs = originOf(group.frame) === 'app' || options.full;
    if (options.details && isOurs && (options.full || detailed < maxDetailedFrames)) {
      lines.push(...detailLines(group.frame, detailed === 0, options));
      detailed++;
    }
  }
  return lines;
}

type FrameGroup =
  | { readonly kind: 'frame'; readonly first: number; readonly count: 1; readonly frame: Frame }
  | {
      readonly kind: 'machine' | 'internal' | 'same' | 'rest';
      readonly first: number;
      readonly count: number;
    };

function foldFrames(frames: readonly Frame[]): FrameGroup[] {
  const groups: FrameGroup[] = [];
  const firstOurs = frames.findIndex((frame) => originOf(frame) !== 'internal');
  const machine = countWhile(frames, 0, isMachineFrame);
  if (machine > 0) groups.push({ kind: 'machine', first: 0, count: machine });
  let index = machine;
  while (index < frames.length) {
    const frame = frames[index];
    if (frame === undefined) {
      break;
    }
    if (groups.length >= maxShownFrames) {
      groups.push({ kind: 'rest', first: index, count: frames.length - index });
      break;
    }
    const same = countWhile(frames, index, (other) => isSamePlace(other, frame));
    const isInnermost =
      index < machine + maxInnermostInternals &&
      (firstOurs === -1 || index < firstOurs) &&
      !isMachineFrame(frame);
    const internal = isInnermost
      ? 0
      : countWhile(frames, index, (other) => originOf(other) === 'internal');
    if (internal > 0) {
      // C++ between two functions of the program says nothing that they do not.
      if (countWhile(frames, index, isMachineFrame) < internal)
        groups.push({ kind: 'internal', first: index, count: internal });
      index += internal;
    } else if (same > 3) {
      // Recursion: the innermost and the outermost activation are worth a look.
      groups.push({ kind: 'frame', first: index, count: 1, frame });
      groups.push({ kind: 'same', first: index + 1, count: same - 2 });
      index += same - 1;
    } else {
      groups.push({ kind: 'frame', first: index, count: 1, frame });
      index++;
    }
  }
  return groups;
}

function countWhile(
  frames: readonly Frame[],
  start: number,
  holds: (frame: Frame) => boolean,
): number {
  let end = start;
  for (let frame = frames[end]; frame !== undefined && holds(frame); frame = frames[end]) {
    end++;
  }
  return end - start;
}

function isSamePlace(a: Frame, b: Frame): boolean {
  return a.function === b.function && a.file === b.file && a.line === b.line;
}

function foldedLine(
  group: Exclude<FrameGroup, { kind: 'frame' }>,
  frames: readonly Frame[],
  options: FrameOptions,
): Line {
  const folded = frames.slice(group.first, group.first + group.count);
  return [
    span(' '.repeat(options.indent + 4)),
    span(describeFold(group.kind, folded), 'dim', options.width - options.indent - 4),
  ];
}

function describeFold(
  kind: Exclude<FrameGroup['kind'], 'frame'>,
  folded: readonly Frame[],
): string {
  const [first] = folded;
  switch (kind) {
    case 'machine': {
      const names = folded.slice(0, maxNamedMachineFrames).map((frame) => frame.function);
      return `in C++: ${names.join(' ← ')}${folded.length > names.length ? ' ← …' : ''}`;
    }
    case 'internal': {
      const modules = new Set(folded.map((frame) => frame.file ?? 'V8'));
      return `… ${formatCount(folded.length, 'frame')} of ${[...modules].slice(0, 4).join(', ')}${modules.size > 4 ? ', …' : ''}`;
    }
    case 'same':
      return `… ${formatCount(folded.length, 'more activation')} of ${first?.function ?? ''} at the same line`;
    case 'rest':
      return `… ${formatCount(folded.length, 'more frame')} (--full shows them)`;
  }
}

/** `#0 function(a=1)  file:line:column`, on two lines where one is too short. */
function headLines(index: number, frame: Frame, options: FrameOptions): Line[] {
  const { width, indent } = options;
  const origin = originOf(frame);
  const number = `${`#${index}`.padEnd(3)} `;
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

function functionName(frame: Frame): string {
  const name = frame.original?.function ?? frame.function;
  return name === '' ? '(anonymous)' : name;
}

function placeSpans(frame: Frame, cwd: string | undefined): Span[] {
  const { file, line, column } = frame.original ?? frame;
  const notes = [
    ...(frame.tier === undefined ? [] : [frame.tier]),
    ...(frame.inlined === true ? ['inlined'] : []),
    ...(frame.kind === 'js' ? [] : [frame.kind]),
  ];
  const spans: Span[] = [];
  if (file !== undefined) {
    const position = [line, column].filter((part) => part !== undefined).map((part) => `:${part}`);
    const style = originOf(frame) === 'app' ? 'place' : 'dim';
    spans.push(span(shortenPath(file, cwd) + position.join(''), style, 400));
  }
  if (notes.length > 0) {
    spans.push(span(`${spans.length > 0 ? ' ' : ''}[${notes.join(', ')}]`, 'dim'));
  }
  return spans;
}

/** A path below the working directory without it; `file:` URLs as paths. */
export function shortenPath(file: string, cwd: string | undefined): string {
  const path = file.startsWith('file:///') ? file.slice('file://'.length) : file;
  const base = cwd === undefined || cwd === '/' ? undefined : `${cwd}/`;
  return base !== undefined && path.startsWith(base) ? path.slice(base.length) : path;
}

/** Of a closure only what the lines shown speak of; everything with `full`. */
function shownClosure(frame: Frame, isTop: boolean, full: boolean): readonly Variable[] {
  const { closure = [], source } = frame;
  if (full) return closure;
  if (!isTop || source === undefined) return [];
  const words = new Set(
    [source.line, ...source.before, ...source.after].join(' ').match(/[\w$#]+/g),
  );
  return closure.filter((variable) => words.has(variable.name) && !isOwnName(variable));
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
    ['closure', shownClosure(frame, isTop, full)],
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
