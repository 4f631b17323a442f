/** A few lines of source with the place marked. */
import type { JSX } from 'preact';
import type { Frame } from '../../report/schema.ts';
import { sourceOf } from '../model/origin.ts';
import { clean } from './text.ts';

const maxLineChars = 400;

/** Words and signs that are coloured; enough to read by, no parser. */
const tokens =
  /(\/\/.*$|\/\*.*?\*\/)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)|\b(async|await|break|case|catch|class|const|continue|default|delete|do|else|export|extends|finally|for|from|function|if|import|in|instanceof|let|new|of|return|static|super|switch|this|throw|try|typeof|var|void|while|with|yield|true|false|null|undefined)\b|\b(\d[\w.]*)\b/g;

const classes = ['comment', 'string', 'keyword', 'number'];

const showTabs = (text: string): string => text.replaceAll('\t', '  ');

function highlight(line: string): JSX.Element[] {
  const parts: JSX.Element[] = [];
  let end = 0;
  for (const match of line.matchAll(tokens)) {
    const kind = classes.find((_, index) => match[index + 1] !== undefined) ?? '';
    if (match.index > end) parts.push(<>{line.slice(end, match.index)}</>);
    parts.push(<span class={`code-${kind}`}>{match[0]}</span>);
    end = match.index + match[0].length;
  }
  parts.push(<>{line.slice(end)}</>);
  return parts;
}

export function SourceView({ frame }: { readonly frame: Frame }): JSX.Element | null {
  const shown = sourceOf(frame);
  if (shown === undefined) return null;
  const { source, line: number, column } = shown;
  const before = source.before.slice(-4);
  const after = source.after.slice(0, 4);
  const all = [...before, source.line, ...after];
  const shift = Math.min(
    ...all
      .filter((line) => line.trim() !== '')
      .map((line) => line.length - line.trimStart().length),
  );
  const cut = (line: string): string =>
    clean(showTabs(line.slice(Number.isFinite(shift) ? shift : 0)), maxLineChars);
  return (
    <pre class="source" role="img" aria-label={`source, line ${number} marked`}>
      {before.map((line, index) => (
        <Line key={index} number={number - before.length + index} text={cut(line)} />
      ))}
      <MarkedLine
        number={number}
        text={source.line}
        column={column}
        isPart={source.length !== undefined}
        shift={Number.isFinite(shift) ? shift : 0}
      />
      {after.map((line, index) => (
        <Line key={index} number={number + 1 + index} text={cut(line)} />
      ))}
    </pre>
  );
}

function Line({ number, text }: { readonly number: number; readonly text: string }): JSX.Element {
  return (
    <div class="source-line">
      <span class="source-number">{number}</span>
      <code>{highlight(text)}</code>
    </div>
  );
}

interface MarkedLineProps {
  readonly number: number;
  readonly text: string;
  readonly column: number | undefined;
  /** Of a longer line: it is wrapped, so that its place is seen. */
  readonly isPart: boolean;
  readonly shift: number;
}

/** A minified line is cut to a window around its column. */
function MarkedLine({ number, text, column, isPart, shift }: MarkedLineProps): JSX.Element {
  const at = column === undefined ? -1 : column - 1;
  const start = at > 300 ? at - 100 : shift;
  const piece = showTabs(text.slice(start, start + maxLineChars));
  const shown = clean(piece);
  const mark = at < start ? -1 : showTabs(text.slice(start, at)).length;
  const isSafe = shown.length === piece.length && mark >= 0 && mark < shown.length;
  return (
    <div class={`source-line marked${isPart ? ' part' : ''}`} aria-current="true">
      <span class="source-number">{number}</span>
      <code>
        {start > shift ? '…' : ''}
        {isSafe ? (
          <>
            {highlight(shown.slice(0, mark))}
            <span class="caret">{shown.slice(mark, mark + 1)}</span>
            {highlight(shown.slice(mark + 1))}
          </>
        ) : (
          highlight(shown)
        )}
        {text.length > start + maxLineChars ? '…' : ''}
      </code>
    </div>
  );
}
