/** Looks with stacks as a flame graph, merged or in the order of time. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { lineWords } from '../../report/excerpt.ts';
import { flameBoxes } from '../model/flame.ts';
import type { FlameBox } from '../model/flame.ts';
import { shortenPath } from '../model/origin.ts';
import type { ThreadLook } from '../model/samples.ts';
import { clean } from './text.ts';

const rowHeight = 20;
/** Narrower boxes have no words. */
const minWordShare = 0.03;
const maxDepth = 400;

interface FlameProps {
  readonly looks: readonly ThreadLook[];
  readonly cwd: string | undefined;
  readonly title: string;
}

export function FlameView({ looks, cwd, title }: FlameProps): JSX.Element | null {
  const [order, setOrder] = useState<'merged' | 'time'>('merged');
  const [chosen, setChosen] = useState<FlameBox | null>(null);
  const boxes = useMemo(() => flameBoxes(looks, order), [looks, order]);
  if (boxes.length === 0) return null;
  const depth = Math.min(maxDepth, Math.max(...boxes.map((box) => box.depth)) + 1);
  const total = looks.filter(({ frames }) => frames.length > 0).length;
  return (
    <figure class="flame">
      <div class="tabs" role="group" aria-label={`order of the flame graph of ${title}`}>
        <strong class="flame-title">{clean(title, 80)}</strong>
        {(['merged', 'time'] as const).map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={one === order}
            onClick={() => {
              setOrder(one);
              setChosen(null);
            }}
          >
            {one === 'merged' ? 'Flame graph' : 'In the order of time'}
          </button>
        ))}
      </div>
      <div
        class="flame-boxes"
        style={{ height: `${depth * rowHeight}px` }}
        role="group"
        aria-label={`flame graph of ${title}`}
      >
        {boxes
          .filter((box) => box.depth < maxDepth)
          .map((box, index) => (
            <Box
              key={index}
              box={box}
              depth={depth}
              isChosen={box === chosen}
              onChoose={() => {
                setChosen(box);
              }}
              words={boxWords(box, cwd, total)}
            />
          ))}
      </div>
      <figcaption aria-live="polite">
        {chosen === null ? `${total} looks; innermost above` : boxWords(chosen, cwd, total)}
      </figcaption>
    </figure>
  );
}

interface BoxProps {
  readonly box: FlameBox;
  readonly depth: number;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
  readonly words: string;
}

function Box({ box, depth, isChosen, onChoose, words }: BoxProps): JSX.Element {
  const { frame } = box;
  const origin = originOfLook(frame.kind, frame.file);
  return (
    <button
      type="button"
      class={`flame-box ${origin}${isChosen ? ' chosen' : ''}`}
      title={words}
      aria-label={words}
      onClick={onChoose}
      style={{
        left: `${box.x * 100}%`,
        width: `${box.width * 100}%`,
        top: `${(depth - 1 - box.depth) * rowHeight}px`,
      }}
    >
      {box.width >= minWordShare
        ? clean(frame.function === '' ? '(anonymous)' : frame.function, 80)
        : ''}
    </button>
  );
}

function originOfLook(kind: string | undefined, file: string | undefined): string {
  if (kind === 'builtin' || kind === 'native' || file === undefined || file.startsWith('node:'))
    return 'internal';
  return /(^|\/)node_modules\//.test(file) ? 'package' : 'app';
}

function boxWords({ frame, count }: FlameBox, cwd: string | undefined, total: number): string {
  const name = frame.function === '' ? '(anonymous)' : frame.function;
  const place =
    frame.file === undefined
      ? ''
      : `, ${shortenPath(frame.file, cwd)}${frame.line === undefined ? ':?' : lineWords(frame)}`;
  return clean(`${name}${place}: ${count} of ${total} looks`, 400);
}
