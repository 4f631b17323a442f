/** Values that open like in a debugger. */
import type { JSX, TargetedKeyboardEvent } from 'preact';
import { useState } from 'preact/hooks';
import type { Value, Variable } from '../../report/schema.ts';
import { canOpen, toneOf, unreadCount, valueWords } from '../model/value.ts';
import { variableName } from '../model/origin.ts';
import { clean } from './text.ts';

/** Rows of one object that are made at a time: a hostile one has a million. */
const rowsAtOnce = 100;
/** Characters of a value on its one line, and opened. */
const lineChars = 240;
const openChars = 20_000;

interface ScopeProps {
  readonly label: string;
  readonly variables: readonly Variable[];
  /** Opened at first: how many levels. */
  readonly openLevels?: number;
}

/** Variables of one scope under their heading. */
export function ScopeView({ label, variables, openLevels = 0 }: ScopeProps): JSX.Element | null {
  if (variables.length === 0) return null;
  return (
    <div class="scope">
      <h4>{label}</h4>
      <ul class="tree" role="tree" aria-label={label}>
        <Rows variables={variables} level={1} openLevels={openLevels} />
      </ul>
    </div>
  );
}

interface RowsProps {
  readonly variables: readonly Variable[];
  readonly level: number;
  readonly openLevels: number;
}

function Rows({ variables, level, openLevels }: RowsProps): JSX.Element {
  const [count, setCount] = useState(rowsAtOnce);
  const rest = variables.length - count;
  return (
    <>
      {variables.slice(0, count).map((variable, index) => (
        <ValueRow key={index} variable={variable} level={level} openLevels={openLevels} />
      ))}
      {rest > 0 && (
        <li role="none">
          <button
            type="button"
            class="more"
            onClick={() => {
              setCount(count + 10 * rowsAtOnce);
            }}
          >
            … {rest} more
          </button>
        </li>
      )}
    </>
  );
}

interface ValueRowProps {
  readonly variable: Variable;
  readonly level: number;
  readonly openLevels: number;
}

function ValueRow({ variable, level, openLevels }: ValueRowProps): JSX.Element {
  const { value } = variable;
  const name = variableName(variable);
  const isLong = value.preview.length > lineChars;
  const opens = canOpen(value) || isLong;
  const [open, setOpen] = useState(opens && openLevels > 0);
  const toggle = (): void => {
    if (opens) setOpen(!open);
  };
  return (
    <li
      class="tree-item"
      role="treeitem"
      aria-level={level}
      aria-expanded={opens ? open : undefined}
      tabIndex={0}
      onClick={(event) => {
        event.stopPropagation();
        if (getSelection()?.isCollapsed !== false) toggle();
      }}
      onKeyDown={(event) => {
        onTreeKey(event, open, opens, setOpen);
      }}
    >
      <div class="tree-row">
        <span class="twisty" aria-hidden="true">
          {opens ? (open ? '▾' : '▸') : ''}
        </span>
        <span class="name" title={name === variable.name ? undefined : compiledName(variable)}>
          {clean(name, 200)}
        </span>
        <span class="punctuation"> = </span>
        <ValueText value={value} limit={open && isLong ? openChars : lineChars} />
      </div>
      {open && canOpen(value) && (
        <ul class="tree" role="group">
          <Rows variables={value.properties ?? []} level={level + 1} openLevels={openLevels - 1} />
          {unreadCount(value) > 0 && (
            <li class="unread" role="none">
              … {unreadCount(value)} more that were not read
            </li>
          )}
        </ul>
      )}
    </li>
  );
}

const compiledName = ({ name }: Variable): string => `${clean(name, 60)} in what ran`;

/** One value on one line, coloured by its type. */
export function ValueText({
  value,
  limit = lineChars,
}: {
  readonly value: Value;
  readonly limit?: number;
}): JSX.Element {
  const words = clean(valueWords(value), limit);
  return (
    <span class={`value ${toneOf(value)}`} title={value.reason === undefined ? value.type : ''}>
      {words}
    </span>
  );
}

/** Arrow keys as the tree pattern of ARIA has them. */
export function onTreeKey(
  event: TargetedKeyboardEvent<HTMLElement>,
  open: boolean,
  opens: boolean,
  setOpen: (open: boolean) => void,
): void {
  if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey)
    return;
  const item = event.currentTarget;
  switch (event.key) {
    case 'Enter':
    case ' ':
      if (opens) setOpen(!open);
      break;
    case 'ArrowRight':
      if (opens && !open) setOpen(true);
      else focusItem(item, 1);
      break;
    case 'ArrowLeft':
      if (open) setOpen(false);
      else item.parentElement?.closest<HTMLElement>('[role="treeitem"]')?.focus();
      break;
    case 'ArrowDown':
      focusItem(item, 1);
      break;
    case 'ArrowUp':
      focusItem(item, -1);
      break;
    default:
      return;
  }
  event.preventDefault();
  event.stopPropagation();
}

function focusItem(item: HTMLElement, step: number): void {
  const tree = item.closest('[role="tree"]');
  const items = [...(tree?.querySelectorAll<HTMLElement>('[role="treeitem"]') ?? [])];
  items[items.indexOf(item) + step]?.focus();
}
