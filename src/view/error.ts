/** The error of a crash: message, stack as it was, causes below. */
import type { ErrorRecord, Report } from '../report/schema.ts';
import { span, wrap } from './layout.ts';
import type { Line, Style } from './layout.ts';
import { faultOf } from './model/extras.ts';
import { callsOf } from './model/calls.ts';
import type { Call } from './model/calls.ts';
import { formatCount, noBreak } from './model/units.ts';
import { variableLines } from './values.ts';

export interface ErrorOptions {
  readonly width: number;
  readonly cwd?: string | undefined;
  readonly full: boolean;
}

/** Causes shown below each other; and errors of one AggregateError. */
const maxCauses = 10;
const maxAggregated = 5;
const maxStackLines = 15;

/** The error, its stack, its own properties, and what caused it. */
export function errorLines(error: ErrorRecord, options: ErrorOptions): Line[] {
  const lines: Line[] = [[span('ERROR', 'heading')], ...oneError(error, 2, options)];
  let cause = error.cause;
  for (let depth = 0; cause !== undefined; depth++) {
    if (depth === maxCauses) {
      lines.push([span('  … and further causes', 'dim')]);
      break;
    }
    lines.push([span('  CAUSED BY', 'heading')], ...oneError(cause, 2, options));
    cause = cause.cause;
  }
  return lines;
}

/** The signal that ended native code, and where it struck. */
export function faultLines(report: Report, width: number, full: boolean): Line[] {
  const fault = faultOf(report);
  if (fault === undefined) return [];
  const registers = fault.registers.map(([name, value]) => `${name}${noBreak}${value}`).join('  ');
  return [
    [span('FAULT', 'heading')],
    ...wrap([span(fault.words, 'strong', 800)], { width, indent: 2, hanging: 4 }),
    ...(registers === ''
      ? []
      : wrap([span('registers  ', 'dim'), span(registers, 'dim', 4_000)], {
          width,
          indent: 2,
          hanging: 4,
          ...(full ? {} : { maxLines: 3 }),
        })),
  ];
}

function oneError(error: ErrorRecord, indent: number, options: ErrorOptions): Line[] {
  const { width } = options;
  const title = wrap(
    [span(error.name, 'strong', 200), span(': ', 'dim'), ...messageSpans(error.message)],
    { width, indent, hanging: indent + 2, maxLines: options.full ? 100 : 8 },
  );
  const bounds = { width, maxLines: options.full ? 100 : 3, maxVariables: 12, maxDepth: 1 };
  const lines = [
    ...title,
    ...stackLines(error, indent + 2, options),
    ...variableLines('', error.properties, indent + 2, bounds),
  ];
  const inner = error.errors ?? [];
  for (const [index, aggregated] of inner.slice(0, maxAggregated).entries()) {
    if (indent > 20) {
      break;
    }
    lines.push([
      span(' '.repeat(indent + 2)),
      span(`error ${index + 1} of ${inner.length}`, 'dim'),
    ]);
    lines.push(...oneError(aggregated, indent + 4, options));
  }
  if (inner.length > maxAggregated) {
    const rest = formatCount(inner.length - maxAggregated, 'more error');
    lines.push([span(' '.repeat(indent + 2)), span(`… ${rest}`, 'dim')]);
  }
  return lines;
}

function messageSpans(message: string): Line {
  return [span(message.trimEnd(), 'plain', 2_000)];
}

/** The `at …` lines of error.stack; the title before them is already shown. */
function stackLines(error: ErrorRecord, indent: number, options: ErrorOptions): Line[] {
  const calls = callsOf(error, options.cwd);
  const lines: Line[] = [];
  let folded = 0;
  const flush = (): void => {
    if (folded > 0) {
      lines.push([
        span(' '.repeat(indent)),
        span(`… ${formatCount(folded, 'frame')} of node:internal`, 'dim'),
      ]);
      folded = 0;
    }
  };
  for (const [index, call] of calls.entries()) {
    if (!options.full && index >= maxStackLines) {
      folded = 0;
      lines.push([span(' '.repeat(indent)), span(`… ${calls.length - index} more`, 'dim')]);
      return lines;
    }
    if (!options.full && index > 0 && call.isInternal) {
      folded++;
      continue;
    }
    flush();
    lines.push(...callLines(call, indent, options));
  }
  flush();
  return lines;
}

/** `at f (/srv/app/a.js:1:2)`: the place is what one looks for. */
function callLines(
  { name, place, compiled, isOwn }: Call,
  indent: number,
  options: ErrorOptions,
): Line[] {
  const style: Style = isOwn ? 'place' : 'dim';
  return wrap(
    [
      span('at ', 'dim'),
      ...(name === undefined ? [] : [span(name, isOwn ? 'strong' : 'dim', 200), span('  ')]),
      span(place, style, 400),
      ...(compiled === '' ? [] : [span(` ← ${compiled}`, 'dim', 400)]),
    ],
    { width: options.width, indent, hanging: indent + 4 },
  );
}
