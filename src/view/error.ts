/** The error of a crash: message, stack as it was, causes below. */
import type { ErrorRecord } from '../report/schema.ts';
import { shortenPath } from './frames.ts';
import { span, wrap } from './layout.ts';
import type { Line, Style } from './layout.ts';
import { formatCount } from './units.ts';
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

function oneError(error: ErrorRecord, indent: number, options: ErrorOptions): Line[] {
  const { width } = options;
  const title = wrap(
    [span(error.name, 'strong', 200), span(': ', 'dim'), ...messageSpans(error.message)],
    { width, indent, hanging: indent + 2, maxLines: options.full ? 100 : 8 },
  );
  const bounds = { width, maxLines: options.full ? 100 : 3, maxVariables: 12, maxDepth: 1 };
  const lines = [
    ...title,
    ...stackLines(error.stack ?? '', indent + 2, options),
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
function stackLines(stack: string, indent: number, options: ErrorOptions): Line[] {
  const calls = stack.split('\n').filter((line) => /^\s+at /.test(line));
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
    if (!options.full && index > 0 && /\(?node:/.test(call)) {
      folded++;
      continue;
    }
    flush();
    lines.push(...callLines(call.trim(), indent, options));
  }
  flush();
  return lines;
}

/** `at f (/srv/app/a.js:1:2)`: the place is what one looks for. */
function callLines(call: string, indent: number, options: ErrorOptions): Line[] {
  const match = /^at (?:(.*) \((.*)\)|(.*))$/.exec(call);
  const place = shortenPath(match?.[2] ?? match?.[3] ?? call, options.cwd);
  const name = match?.[1];
  const isOurs = !place.startsWith('node:') && !place.includes('node_modules/');
  const style: Style = isOurs ? 'place' : 'dim';
  return wrap(
    [
      span('at ', 'dim'),
      ...(name === undefined ? [] : [span(name, isOurs ? 'strong' : 'dim', 200), span('  ')]),
      span(place, style, 400),
    ],
    { width: options.width, indent, hanging: indent + 4 },
  );
}
