/** What the rules about many small callbacks share. Pure. */
import { isAppFrame, type Scene } from './scene.ts';
import { nameFrame } from './words.ts';

/** The callback of the program seen most often, `drain at server.js:12`: its outermost frame in each look. */
export function commonFrame({ looks, capture, appFrames }: Scene): string | null {
  const counts = new Map<string, number>();
  for (const stack of looks.stacks) {
    const outer = stack.filter(isAppFrame).at(-1);
    if (outer === undefined) continue;
    const name = nameFrame(outer, capture);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, left], [, right]) => right - left);
  if (most !== undefined) return most[0];
  const outer = appFrames.at(-1);
  return outer === undefined ? null : nameFrame(outer, capture);
}
