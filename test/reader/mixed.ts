/** The program that does mixed work, and what it says of itself. */
import type { ThreadReading } from '#dist/reader/reading.js';
import { program, variables } from './reading.ts';

export const file = program('mixed.cjs');
/** As in mixed.cjs: it tells their numbers. */
export const names = [
  ...['round', 'work', 'sorting', 'compare', 'matching', 'doubled', 'parsing', 'named'],
  ...['collecting', 'numbers', 'files', 'trimmed', 'generating', 'count', 'recursing'],
];

/** What the program says it is in, outermost first; null: the array could not be read. */
export function toldBy({ frames }: ThreadReading): string[] | null {
  const top = frames.find((frame) => frame.function === '(top level)' && frame.file === file);
  const preview = top === undefined ? '' : variables(top)['known'];
  const [, list] = /^Int32Array\(10\) \[(.*)\]$/.exec(preview ?? '') ?? [];
  const [depth = 0, ...numbers] = list?.split(', ').map(Number) ?? [];
  return list === undefined ? null : numbers.slice(0, depth).map((one) => names[one] ?? '?');
}
