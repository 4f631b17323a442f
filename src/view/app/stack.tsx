/** A stack: frames that open to their source and values, the rest folded. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { Frame, Variable } from '../../report/schema.ts';
import {
  compiledWords,
  frameNotes,
  functionName,
  originOf,
  placeWords,
  sourceOf,
  variableName,
} from '../model/origin.ts';
import {
  foldStack,
  foldWords,
  frameNumber,
  mentionedClosure,
  unfoldedStack,
} from '../model/stack.ts';
import type { Stack, StackRow } from '../model/stack.ts';
import { hrefOf } from './route.ts';
import { SourceView } from './source.tsx';
import { clean } from './text.ts';
import { ScopeView, ValueText } from './value-tree.tsx';

interface StackProps {
  readonly stack: Stack;
  readonly cwd: string | undefined;
  /** Address of the thread; that of a frame is one part longer. */
  readonly base: readonly (string | number)[];
  /** Frames of the program that are open at first. */
  readonly openFrames: number;
  /** A frame that an address names. */
  readonly chosen?: number | undefined;
}

const rowsAtOnce = 200;

export function StackView({ stack, cwd, base, openFrames, chosen }: StackProps): JSX.Element {
  const { frames } = stack;
  const [isFull, setFull] = useState(false);
  const [maxRows, setMaxRows] = useState(rowsAtOnce);
  const [unfolded, setUnfolded] = useState<ReadonlySet<number>>(new Set());
  const rows = useMemo(
    () => (isFull ? unfoldedStack(stack, maxRows) : foldStack(stack, maxRows)),
    [stack, isFull, maxRows],
  );
  const opened = useMemo(() => firstOwnFrames(rows, openFrames), [rows, openFrames]);
  const frameRow = (frame: Frame, index: number): JSX.Element => (
    <FrameView
      key={index}
      frame={frame}
      depth={frameNumber(stack, index)}
      cwd={cwd}
      href={hrefOf(...base, index)}
      isOpen={opened.has(index) || index === chosen}
      isChosen={index === chosen}
    />
  );
  const expand = (row: StackRow): void => {
    if (row.kind === 'rest') setMaxRows(maxRows + 5 * rowsAtOnce);
    else setUnfolded(new Set([...unfolded, row.first]));
  };
  const chosenIsFolded =
    chosen !== undefined && !rows.some((row) => row.kind === 'frame' && row.first === chosen);
  return (
    <div class="stack">
      <ol class="frames" aria-label="stack, innermost first">
        {chosenIsFolded && frames[chosen] !== undefined && frameRow(frames[chosen], chosen)}
        {rows.map((row) =>
          row.kind === 'frame' ? (
            frameRow(row.frame, row.first)
          ) : row.kind !== 'omitted' && unfolded.has(row.first) ? (
            frames
              .slice(row.first, row.first + Math.min(row.count, 5 * rowsAtOnce))
              .map((frame, index) => frameRow(frame, row.first + index))
          ) : (
            <FoldedRow
              key={`${row.kind} ${row.first}`}
              row={row}
              words={foldWords(row, frames)}
              expand={expand}
            />
          ),
        )}
      </ol>
      {frames.length > 1 && (
        <button
          type="button"
          class="quiet"
          aria-pressed={isFull}
          onClick={() => {
            setFull(!isFull);
          }}
        >
          {isFull ? 'fold what is not the program’s own' : `show all ${frames.length} frames`}
        </button>
      )}
    </div>
  );
}

interface FoldedProps {
  readonly row: StackRow;
  readonly words: string;
  readonly expand: (row: StackRow) => void;
}

/** What is not in the report cannot be opened. */
function FoldedRow({ row, words, expand }: FoldedProps): JSX.Element {
  if (row.kind === 'omitted') return <li class="folded gone">{words}</li>;
  return (
    <li class="folded">
      <button
        type="button"
        onClick={() => {
          expand(row);
        }}
      >
        {clean(words, 300)}
      </button>
    </li>
  );
}

function firstOwnFrames(rows: readonly StackRow[], count: number): ReadonlySet<number> {
  const own = rows.filter((row) => row.kind === 'frame' && originOf(row.frame) === 'app');
  return new Set(own.slice(0, count).map(({ first }) => first));
}

interface FrameProps {
  readonly frame: Frame;
  readonly depth: number;
  readonly cwd: string | undefined;
  readonly href: string;
  readonly isOpen: boolean;
  readonly isChosen: boolean;
}

function FrameView({ frame, depth, cwd, href, isOpen, isChosen }: FrameProps): JSX.Element {
  const [open, setOpen] = useState<boolean | null>(null);
  const shown = open ?? isOpen;
  const origin = originOf(frame);
  const opens = hasDetails(frame);
  return (
    <li
      class={`frame ${origin}${isChosen ? ' chosen' : ''}`}
      ref={(element) => {
        if (isChosen && open === null) element?.scrollIntoView({ block: 'nearest' });
      }}
    >
      <button
        type="button"
        class="frame-head"
        data-row
        aria-expanded={opens ? shown : undefined}
        onClick={() => {
          setOpen(!shown);
        }}
      >
        <span class="frame-number">#{depth}</span>
        <span class="frame-call">
          <span class="frame-name">{clean(functionName(frame), 200)}</span>
          <ArgumentsText frame={frame} namesOnly={shown && opens} />
        </span>
        <FramePlace frame={frame} cwd={cwd} />
      </button>
      {shown && opens && (
        <div class="frame-body">
          <SourceView frame={frame} />
          <FrameScopes frame={frame} />
          <a class="permalink" href={href} aria-label={`link to frame ${depth}`}>
            link
          </a>
        </div>
      )}
    </li>
  );
}

function hasDetails(frame: Frame): boolean {
  const { locals, arguments: passed, closure, receiver } = frame;
  return (
    sourceOf(frame) !== undefined ||
    receiver !== undefined ||
    locals.length + passed.length + (closure?.length ?? 0) > 0
  );
}

const maxShownArguments = 8;

/** The values stand below when the frame is open. */
function ArgumentsText({
  frame,
  namesOnly,
}: {
  readonly frame: Frame;
  readonly namesOnly: boolean;
}): JSX.Element | null {
  if (frame.arguments.length === 0 && frame.function.startsWith('(')) return null; // (top level)
  const shown = frame.arguments.slice(0, maxShownArguments);
  return (
    <span class="frame-arguments">
      (
      {shown.map((variable, index) => (
        <span key={index}>
          {index > 0 && ', '}
          <span class="name">{clean(variableName(variable), 60)}</span>
          {!namesOnly && (
            <>
              =<ValueText value={variable.value} limit={48} />
            </>
          )}
        </span>
      ))}
      {frame.arguments.length > shown.length && ', …'})
    </span>
  );
}

function FramePlace({
  frame,
  cwd,
}: {
  readonly frame: Frame;
  readonly cwd: string | undefined;
}): JSX.Element {
  const place = placeWords(frame, cwd);
  const compiled = compiledWords(frame, cwd);
  return (
    <span class="frame-place">
      <span class="place">{clean(place, 300)}</span>
      {compiled !== '' && <span class="compiled"> ← {clean(compiled, 300)}</span>}
      {frameNotes(frame).map((note) => (
        <span key={note} class="note">
          {note}
        </span>
      ))}
    </span>
  );
}

/** `this`, arguments, locals, and of the closure first what the source shown speaks of. */
export function FrameScopes({ frame }: { readonly frame: Frame }): JSX.Element {
  const mentioned = mentionedClosure(frame);
  const rest = (frame.closure ?? []).filter((variable) => !mentioned.includes(variable));
  const receiver: Variable[] =
    frame.receiver === undefined || frame.receiver.type === 'undefined'
      ? []
      : [{ name: 'this', value: frame.receiver }];
  return (
    <div class="scopes">
      <ScopeView label="arguments" variables={[...receiver, ...frame.arguments]} />
      <ScopeView label="locals" variables={frame.locals} />
      <ScopeView label="closure" variables={mentioned} />
      {rest.length > 0 && (
        <details class="rest">
          <summary>{rest.length} more of enclosing scopes</summary>
          <ScopeView label="enclosing scopes" variables={rest} />
        </details>
      )}
    </div>
  );
}
