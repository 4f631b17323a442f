/** Looks with stacks as boxes: merged by equal callers (flame graph), or in the order of time. Outermost at the bottom: depth 0. */
import { lineWords } from '../../report/excerpt.ts';
import type { LookFrame, ThreadLook } from './samples.ts';

export interface FlameBox {
  readonly depth: number;
  /** 0..1 of the whole width. */
  readonly x: number;
  readonly width: number;
  /** Looks in it. */
  readonly count: number;
  readonly frame: LookFrame;
}

const maxBoxes = 20_000;

const frameKey = (frame: LookFrame): string =>
  `${frame.function}\0${frame.file ?? ''}\0${lineWords(frame)}`;

interface Node {
  readonly frame: LookFrame;
  count: number;
  readonly children: Map<string, Node>;
}

/** @param order `merged`: width is the share of all looks · `time`: from left to right as they were taken */
export function flameBoxes(looks: readonly ThreadLook[], order: 'merged' | 'time'): FlameBox[] {
  const stacks = looks.filter(({ frames }) => frames.length > 0);
  return order === 'merged' ? mergedBoxes(stacks) : timeBoxes(stacks);
}

function mergedBoxes(stacks: readonly ThreadLook[]): FlameBox[] {
  const roots = new Map<string, Node>();
  for (const { frames } of stacks) {
    let level = roots;
    for (const frame of [...frames].reverse()) {
      const key = frameKey(frame);
      let node = level.get(key);
      if (node === undefined) {
        node = { frame, count: 0, children: new Map() };
        level.set(key, node);
      }
      node.count++;
      level = node.children;
    }
  }
  const boxes: FlameBox[] = [];
  const open = [{ nodes: roots, x: 0, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    let { x } = next;
    const sorted = [...next.nodes.values()].sort((a, b) => b.count - a.count);
    for (const { frame, count, children } of sorted) {
      if (boxes.length >= maxBoxes) return boxes;
      const width = count / stacks.length;
      boxes.push({ depth: next.depth, x, width, count, frame });
      open.push({ nodes: children, x, depth: next.depth + 1 });
      x += width;
    }
  }
  return boxes;
}

function timeBoxes(stacks: readonly ThreadLook[]): FlameBox[] {
  const boxes: FlameBox[] = [];
  // The box of each depth that the next look may lengthen.
  let open: { -readonly [K in keyof FlameBox]: FlameBox[K] }[] = [];
  for (const [index, { frames }] of stacks.entries()) {
    const outermostFirst = [...frames].reverse();
    const same = outermostFirst.findIndex((frame, depth) => {
      const box = open[depth];
      return box === undefined || frameKey(box.frame) !== frameKey(frame);
    });
    open = open.slice(0, same === -1 ? outermostFirst.length : same);
    for (const box of open) {
      box.count++;
      box.width += 1 / stacks.length;
    }
    for (const [depth, frame] of outermostFirst.entries()) {
      if (depth < open.length || boxes.length >= maxBoxes) continue;
      const box = { depth, x: index / stacks.length, width: 1 / stacks.length, count: 1, frame };
      open.push(box);
      boxes.push(box);
    }
  }
  return boxes;
}
