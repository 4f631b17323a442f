/** The report itself, as a tree of JSON that opens level by level. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { clean } from './text.ts';
import { onTreeKey } from './value-tree.tsx';

const rowsAtOnce = 100;

export function RawPage({ report }: { readonly report: object }): JSX.Element {
  return (
    <section aria-labelledby="raw-title">
      <h2 id="raw-title">
        Raw <small>what `sleeper view --json` prints</small>
      </h2>
      <ul class="tree raw" role="tree" aria-label="the report as JSON">
        <JsonNode name="report" value={report} level={1} isOpen />
      </ul>
    </section>
  );
}

interface JsonProps {
  readonly name: string;
  readonly value: unknown;
  readonly level: number;
  readonly isOpen?: boolean;
}

function JsonNode({ name, value, level, isOpen = false }: JsonProps): JSX.Element {
  const [open, setOpen] = useState(isOpen);
  const [count, setCount] = useState(rowsAtOnce);
  const entries: [string, unknown][] | null =
    typeof value === 'object' && value !== null ? Object.entries(value) : null;
  const opens = entries !== null && entries.length > 0;
  const rest = (entries?.length ?? 0) - count;
  return (
    <li
      class="tree-item"
      role="treeitem"
      aria-level={level}
      aria-expanded={opens ? open : undefined}
      tabIndex={0}
      onClick={(event) => {
        event.stopPropagation();
        if (opens && getSelection()?.isCollapsed !== false) setOpen(!open);
      }}
      onKeyDown={(event) => {
        onTreeKey(event, open, opens, setOpen);
      }}
    >
      <div class="tree-row">
        <span class="twisty" aria-hidden="true">
          {opens ? (open ? '▾' : '▸') : ''}
        </span>
        <span class="name">{clean(name, 200)}</span>
        <span class="punctuation">: </span>
        <JsonText value={value} />
      </div>
      {open && entries !== null && (
        <ul class="tree" role="group">
          {entries.slice(0, count).map(([key, inner]) => (
            <JsonNode key={key} name={key} value={inner} level={level + 1} />
          ))}
          {rest > 0 && (
            <li role="none">
              <button
                type="button"
                class="more"
                onClick={(event) => {
                  event.stopPropagation();
                  setCount(count + 10 * rowsAtOnce);
                }}
              >
                … {rest} more
              </button>
            </li>
          )}
        </ul>
      )}
    </li>
  );
}

function JsonText({ value }: { readonly value: unknown }): JSX.Element {
  if (typeof value === 'string')
    return <span class="value string">{clean(JSON.stringify(value.slice(0, 2_000)))}</span>;
  if (Array.isArray(value)) return <span class="value object">[{value.length}]</span>;
  if (typeof value === 'object' && value !== null)
    return <span class="value object">{`{${Object.keys(value).length}}`}</span>;
  return (
    <span class={`value ${typeof value === 'number' ? 'number' : 'keyword'}`}>{String(value)}</span>
  );
}
