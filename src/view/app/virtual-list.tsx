/** A list of any length of which only what is seen is in the page. Rows have one height. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

interface VirtualListProps {
  readonly count: number;
  readonly rowHeight: number;
  /** Largest height of the list. */
  readonly maxHeight: number;
  readonly label: string;
  /** Kept in view when it changes. */
  readonly selected?: number | undefined;
  readonly onSelect?: (index: number) => void;
  /** A click, or Enter on the selected row. */
  readonly onOpen?: (index: number) => void;
  readonly row: (index: number) => ComponentChildren;
}

/** Rows above and below what is seen: a fast turn of the wheel should not show a gap. */
const overscan = 12;
/** Browsers stop at some 17 to 33 million pixels: beyond, rows are reached by search. */
const maxPixels = 12_000_000;

export function VirtualList(props: VirtualListProps): JSX.Element {
  const { count, rowHeight, maxHeight, selected } = props;
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const shown = Math.min(count, Math.floor(maxPixels / rowHeight));
  const height = Math.min(maxHeight, shown * rowHeight);
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan);
  const last = Math.min(shown, Math.ceil((top + height) / rowHeight) + overscan);
  useScrollIntoView(box, selected, rowHeight, height);
  useEffect(() => {
    if (box.current !== null && box.current.scrollTop > shown * rowHeight)
      box.current.scrollTop = 0;
  }, [shown, rowHeight]);
  const rows = Array.from({ length: Math.max(0, last - first) }, (_, n) => first + n);
  return (
    <div
      ref={box}
      class="virtual"
      role="listbox"
      tabIndex={0}
      aria-label={props.label}
      aria-activedescendant={selected === undefined ? undefined : `${props.label}-${selected}`}
      style={{ height: `${height}px` }}
      onScroll={(event) => {
        setTop(event.currentTarget.scrollTop);
      }}
      onKeyDown={(event) => {
        moveSelection(event, props, Math.floor(height / rowHeight));
      }}
    >
      <div class="virtual-all" style={{ height: `${shown * rowHeight}px` }}>
        {rows.map((index) => (
          <div
            key={index}
            id={`${props.label}-${index}`}
            class={index === selected ? 'virtual-row selected' : 'virtual-row'}
            role="option"
            aria-selected={index === selected}
            aria-posinset={index + 1}
            aria-setsize={count}
            style={{ top: `${index * rowHeight}px`, height: `${rowHeight}px` }}
            onClick={() => {
              props.onSelect?.(index);
              props.onOpen?.(index);
            }}
          >
            {props.row(index)}
          </div>
        ))}
      </div>
    </div>
  );
}

function moveSelection(event: KeyboardEvent, props: VirtualListProps, page: number): void {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: 1,
    j: 1,
    ArrowUp: -1,
    k: -1,
    PageDown: page,
    PageUp: -page,
    Home: Number.NEGATIVE_INFINITY,
    End: Number.POSITIVE_INFINITY,
  };
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Enter' && event.target === event.currentTarget) {
    if (props.selected !== undefined) props.onOpen?.(props.selected);
    return;
  }
  const step = Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
  if (step === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const next = (props.selected ?? -1) + step;
  props.onSelect?.(Math.min(props.count - 1, Math.max(0, next)));
}

function useScrollIntoView(
  box: { readonly current: HTMLDivElement | null },
  selected: number | undefined,
  rowHeight: number,
  height: number,
): void {
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || selected === undefined || selected < 0) return;
    const at = selected * rowHeight;
    if (at < element.scrollTop) element.scrollTop = at;
    else if (at + rowHeight > element.scrollTop + height)
      element.scrollTop = at + rowHeight - height;
  }, [selected, rowHeight, height]);
}
