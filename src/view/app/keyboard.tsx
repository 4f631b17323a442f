/** Keys for those who keep their hands on them. */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { places } from './report-view.tsx';

export interface KeyActions {
  readonly openHelp: () => void;
  readonly toggleTheme: () => void;
}

const keys: readonly (readonly [string, string])[] = [
  ['/', 'search everything'],
  ['1 … 7', places.join(', ')],
  ['j  k', 'next and previous frame, thread, task, report'],
  ['Enter', 'open and close'],
  ['← →', 'close and open a value, as in a debugger'],
  ['t', 'dark or light'],
  ['?', 'this'],
];

export function useKeyboard({ openHelp, toggleTheme }: KeyActions): void {
  // With the first drawing, not after it: who sees the page may type.
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (target?.matches('input, textarea, select') === true) return;
      if (!actOn(event.key, { openHelp, toggleTheme })) return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('keydown', onKey);
    };
  }, [openHelp, toggleTheme]);
}

/** @returns whether the key means something */
function actOn(key: string, { openHelp, toggleTheme }: KeyActions): boolean {
  if (key === '/') document.querySelector<HTMLInputElement>('input[type=search]')?.focus();
  else if (key === '?') openHelp();
  else if (key === 't') toggleTheme();
  else if (key === 'j') moveFocus(1);
  else if (key === 'k') moveFocus(-1);
  else if (/^[1-9]$/.test(key))
    document.querySelectorAll<HTMLAnchorElement>('.places a')[Number(key) - 1]?.click();
  else return false;
  return true;
}

/** Frames, threads, tasks, reports: whatever is marked as a row. */
function moveFocus(step: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  const at = rows.findIndex((row) => row === document.activeElement);
  const next = rows[at === -1 ? (step > 0 ? 0 : rows.length - 1) : at + step];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

export function Help({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="help-title" class="help">
      <h2 id="help-title">Keys</h2>
      <dl class="facts">
        {keys.map(([key, words]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <div>
        <button type="button" autofocus onClick={() => dialog.current?.close()}>
          close
        </button>
      </div>
    </dialog>
  );
}
