/** One box for everything in the report. */
import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { Report } from '../../report/schema.ts';
import { findEntries, searchIndexOf } from '../model/search.ts';
import type { SearchEntry } from '../model/search.ts';
import { goTo } from './route.ts';
import { clean } from './text.ts';

const maxFound = 100;

interface SearchProps {
  readonly report: Report;
  readonly base: readonly string[];
}

export function Search({ report, base }: SearchProps): JSX.Element {
  const [query, setQuery] = useState('');
  const [active, setActive] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  // Built when somebody begins to type: most readers never do.
  const [isUsed, setUsed] = useState(false);
  const index = useMemo(() => (isUsed ? searchIndexOf(report) : []), [report, isUsed]);
  const { found, total } = useMemo(() => findEntries(index, query, maxFound), [index, query]);
  const ask = (words: string): void => {
    setQuery(words);
    setActive(0);
  };
  const open = (entry: SearchEntry | undefined): void => {
    if (entry === undefined) return;
    goTo(...base, ...entry.where);
    ask('');
    box.current?.querySelector('input')?.blur();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setActive(Math.min(found.length - 1, Math.max(0, active + step)));
    } else if (event.key === 'Enter') open(found[active]);
    else if (event.key === 'Escape') {
      ask('');
      box.current?.querySelector('input')?.blur();
    }
  };
  const isOpen = query.trim() !== '';
  return (
    <div class="search" role="search" ref={box}>
      <input
        id="search"
        type="search"
        aria-label="search the report"
        aria-controls="found"
        aria-activedescendant={isOpen && found.length > 0 ? `found-${active}` : undefined}
        placeholder="Search everything  /"
        autocomplete="off"
        spellcheck={false}
        value={query}
        onFocus={() => {
          setUsed(true);
        }}
        onInput={(event) => {
          setUsed(true);
          ask(event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
      />
      {isOpen && <Found found={found} total={total} active={active} onOpen={open} />}
    </div>
  );
}

interface FoundProps {
  readonly found: readonly SearchEntry[];
  readonly total: number;
  readonly active: number;
  readonly onOpen: (entry: SearchEntry) => void;
}

function Found({ found, total, active, onOpen }: FoundProps): JSX.Element {
  return (
    <div class="found" id="found" role="listbox" aria-label="found">
      <p class="found-count" aria-live="polite">
        {total === 0
          ? 'nothing'
          : `${total} found${total > found.length ? `, the first ${found.length}` : ''}`}
      </p>
      {found.map((entry, index) => (
        <div
          key={index}
          id={`found-${index}`}
          class={index === active ? 'found-row active' : 'found-row'}
          role="option"
          aria-selected={index === active}
          ref={(element) => {
            if (index === active) element?.scrollIntoView({ block: 'nearest' });
          }}
          onMouseDown={(event) => {
            event.preventDefault();
            onOpen(entry);
          }}
        >
          <span class="found-title">{clean(entry.title, 300)}</span>
          <span class="found-context">{clean(entry.context, 120)}</span>
        </div>
      ))}
    </div>
  );
}
