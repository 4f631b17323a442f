/** JavaScript values as lines. */
import type { Value, Variable } from '../report/schema.ts';
import { displayWidth, lineWidth, padText, span, wrap } from './layout.ts';
import type { Line, Span } from './layout.ts';
import { variableName } from './model/origin.ts';
import { unreadCount, valueWords } from './model/value.ts';

/** How much of values to show. */
export interface ValueBounds {
  readonly width: number;
  /** Lines one value may take. */
  readonly maxLines: number;
  /** Variables of one scope. */
  readonly maxVariables: number;
  /** Levels of properties opened below a value whose one line does not tell all. */
  readonly maxDepth: number;
}

/** One value on one line: its preview, or in angle brackets why it is not known. */
export function valueSpan(value: Value, maxChars?: number): Span {
  return span(valueWords(value), value.reason === undefined ? 'value' : 'dim', maxChars);
}

/** Shortest piece of a value worth showing in a head. */
const minShownChars = 8;

/** `a=1, b="x"` within so many columns: short values are shown whole, and the long ones share what they leave. */
export function argumentSpans(variables: readonly Variable[], maxChars: number): Span[] {
  const spans: Span[] = [];
  let left = maxChars;
  for (const [index, variable] of variables.entries()) {
    const { value } = variable;
    const name = variableName(variable);
    const rest = variables.slice(index + 1);
    const reserved = rest.reduce(
      (sum, other) =>
        sum + variableName(other).length + 3 + Math.min(minShownChars, other.value.preview.length),
      0,
    );
    const longRest = rest.filter((other) => other.value.preview.length > minShownChars).length;
    const room = Math.floor((left - reserved - name.length - 3) / (longRest + 1));
    if (index > 0) {
      spans.push(span(', ', 'dim'));
    }
    if (left < name.length + 1 + Math.min(minShownChars, value.preview.length)) {
      spans.push(span('…', 'dim'));
      break;
    }
    const shown = valueSpan(value, Math.max(minShownChars, room));
    spans.push(span(name, 'name', 60), span('=', 'dim'), shown);
    left -= name.length + 3 + displayWidth(shown.text);
  }
  return spans;
}

/** Variables one below the other, their `=` in one column. */
export function variableLines(
  label: string,
  variables: readonly Variable[],
  indent: number,
  bounds: ValueBounds,
): Line[] {
  const shown = variables.slice(0, bounds.maxVariables);
  const labelWidth = displayWidth(label) + (label === '' ? 0 : 2);
  const nameWidth = Math.min(
    24,
    Math.max(0, ...shown.map((one) => displayWidth(span(variableName(one)).text))),
  );
  const lines: Line[] = [];
  for (const [index, variable] of shown.entries()) {
    const head = index === 0 && label !== '' ? `${label}  ` : ' '.repeat(labelWidth);
    lines.push(...variableLine(head, variable, nameWidth, indent, bounds));
  }
  if (variables.length > shown.length) {
    const rest = variables.length - shown.length;
    lines.push([span(' '.repeat(indent + labelWidth)), span(`… ${rest} more`, 'dim')]);
  }
  return lines;
}

function variableLine(
  head: string,
  variable: Variable,
  nameWidth: number,
  indent: number,
  bounds: ValueBounds,
): Line[] {
  const { value } = variable;
  const start: Span[] = [
    span(head, 'dim'),
    span(padText(span(variableName(variable), 'name', 80).text, nameWidth), 'name'),
    span(' = ', 'dim'),
  ];
  const hanging = Math.min(indent + lineWidth(start), Math.floor(bounds.width / 2));
  const lines = wrap([...start, valueSpan(value)], {
    width: bounds.width,
    indent,
    hanging,
    maxLines: bounds.maxLines,
  });
  const tellsAll = value.truncated !== true && !value.preview.includes('…');
  if (bounds.maxDepth > 0 && !tellsAll && value.properties !== undefined) {
    const inner = { ...bounds, maxDepth: bounds.maxDepth - 1, maxVariables: 8 };
    lines.push(...variableLines('', value.properties, hanging, inner));
    const rest = unreadCount(value);
    if (rest > 0 && value.properties.length <= inner.maxVariables) {
      lines.push([span(' '.repeat(hanging)), span(`… ${rest} more`, 'dim')]);
    }
  }
  return lines;
}
